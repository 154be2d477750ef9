/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sdp_reader.h"

#include <string.h>
#include <strings.h>

bool sdp_equals(SdpSlice slice, const char *text)
{
    return slice.at && slice.len == strlen(text) && memcmp(slice.at, text, slice.len) == 0;
}

bool sdp_equals_nocase(SdpSlice slice, const char *text)
{
    return slice.at && slice.len == strlen(text) && strncasecmp(slice.at, text, slice.len) == 0;
}

bool sdp_number(SdpSlice slice, uint32_t max, uint32_t *out)
{
    uint64_t n = 0;

    if (slice.len == 0 || slice.len > 10)
        return false;
    for (size_t i = 0; i < slice.len; i++) {
        if (slice.at[i] < '0' || slice.at[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(slice.at[i] - '0');
    }
    if (n > max)
        return false;
    *out = (uint32_t)n;
    return true;
}

/* Takes the next line, without its line end, off `rest`; empty lines are skipped. */
static bool take_line(SdpSlice *rest, SdpSlice *line)
{
    while (rest->len > 0) {
        const char *end = memchr(rest->at, '\n', rest->len);
        size_t len = end ? (size_t)(end - rest->at) : rest->len;
        size_t used = end ? len + 1 : len;
        *line = (SdpSlice){rest->at, len};
        rest->at += used;
        rest->len -= used;
        while (line->len > 0 && line->at[line->len - 1] == '\r')
            line->len--;
        if (line->len > 0)
            return true;
    }
    return false;
}

/* Takes the next word off `rest`, which is split at spaces. */
static bool take_word(SdpSlice *rest, SdpSlice *word)
{
    while (rest->len > 0 && *rest->at == ' ') {
        rest->at++;
        rest->len--;
    }
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->at, ' ', rest->len);
    size_t len = end ? (size_t)(end - rest->at) : rest->len;
    *word = (SdpSlice){rest->at, len};
    rest->at += len;
    rest->len -= len;
    return true;
}

static SdpSlice value_of(SdpSlice line)
{
    return (SdpSlice){line.at + 2, line.len - 2};
}

/* The address of a c= line: "IN IP4 127.0.0.1", perhaps with /ttl behind it. */
static SdpSlice connection_address(SdpSlice value)
{
    SdpSlice word = {NULL, 0};

    for (int i = 0; i < 3; i++)
        if (!take_word(&value, &word))
            return (SdpSlice){NULL, 0};
    const char *slash = memchr(word.at, '/', word.len);
    if (slash)
        word.len = (size_t)(slash - word.at);
    return word;
}

/* Each format is looked for in all lines of its section, so there is a limit. */
static bool are_few(SdpSlice formats)
{
    SdpSlice word;
    size_t count = 0;

    while (count <= SDP_MAX_FORMATS && take_word(&formats, &word))
        count++;
    return count <= SDP_MAX_FORMATS;
}

/* m=video 9/1 UDP/TLS/RTP/SAVPF 96 97 */
static bool read_media_line(SdpSlice value, SdpMedia *media)
{
    SdpSlice port;
    uint32_t number;

    if (!take_word(&value, &media->kind_name) || !take_word(&value, &port) ||
        !take_word(&value, &media->proto))
        return false;
    const char *slash = memchr(port.at, '/', port.len);
    if (slash)
        port.len = (size_t)(slash - port.at);
    if (!sdp_number(port, UINT16_MAX, &number) || !are_few(value))
        return false;
    media->port = (uint16_t)number;
    media->formats = value;
    media->kind = sdp_equals(media->kind_name, "audio")         ? SDP_AUDIO
                  : sdp_equals(media->kind_name, "video")       ? SDP_VIDEO
                  : sdp_equals(media->kind_name, "application") ? SDP_APPLICATION
                                                                : SDP_OTHER;
    return true;
}

static SdpDirection direction_of(SdpSlice lines, SdpDirection otherwise)
{
    static const struct {
        const char *name;
        SdpDirection direction;
    } names[] = {{"sendrecv", SDP_SENDRECV},
                 {"sendonly", SDP_SENDONLY},
                 {"recvonly", SDP_RECVONLY},
                 {"inactive", SDP_INACTIVE}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (sdp_attribute(lines, names[i].name, NULL))
            return names[i].direction;
    return otherwise;
}

const char *sdp_read(const char *text, size_t len, Sdp *out)
{
    SdpSlice rest = {text, len}, line, connection = {NULL, 0};
    SdpMedia *media = NULL; /* the section that is being read; NULL: the session part */

    if (len > SDP_MAX_BYTES)
        return "the session description is longer than 64 KiB";
    if (memchr(text, '\0', len))
        return "the session description has a NUL byte in it";
    memset(out, 0, sizeof(*out));
    out->lines = (SdpSlice){text, len};
    if (!take_line(&rest, &line) || !sdp_equals(line, "v=0"))
        return "the session description does not begin with v=0";

    while (take_line(&rest, &line)) {
        if (line.len < 2 || line.at[1] != '=')
            return "the session description has a line that is not of the form x=...";
        if (line.at[0] == 'm') {
            size_t above = (size_t)(line.at - text);
            if (media)
                media->lines.len = (size_t)(line.at - media->lines.at);
            else
                out->lines.len = above;
            if (out->media_count == SDP_MAX_MEDIA)
                return "the session description has more than 16 media sections";
            media = &out->media[out->media_count++];
            if (!read_media_line(value_of(line), media))
                return "the session description has an m= line that cannot be read";
            media->connection = connection;
            media->lines = rest;
        } else if (line.at[0] == 'c') {
            SdpSlice address = connection_address(value_of(line));
            if (!address.at)
                return "the session description has a c= line that cannot be read";
            if (media)
                media->connection = address;
            else
                connection = address;
        } else if (!media && line.at[0] == 'o') {
            out->origin = value_of(line);
        } else if (!media && line.at[0] == 's') {
            out->session_name = value_of(line);
        }
    }
    SdpDirection session_direction = direction_of(out->lines, SDP_SENDRECV);
    for (size_t i = 0; i < out->media_count; i++)
        out->media[i].direction = direction_of(out->media[i].lines, session_direction);
    return NULL;
}

bool sdp_next_attribute(SdpSlice lines, const char *name, size_t *at, SdpSlice *value)
{
    size_t name_len = strlen(name);
    SdpSlice line;

    if (*at >= lines.len)
        return false;
    SdpSlice rest = {lines.at + *at, lines.len - *at};
    while (take_line(&rest, &line)) {
        *at = (size_t)(rest.at - lines.at);
        if (line.len < 2 + name_len || line.at[0] != 'a' || line.at[1] != '=' ||
            memcmp(line.at + 2, name, name_len) != 0)
            continue;
        SdpSlice tail = {line.at + 2 + name_len, line.len - 2 - name_len};
        if (tail.len > 0 && *tail.at != ':')
            continue; /* a longer name that begins with this one */
        if (tail.len > 0) {
            tail.at++;
            tail.len--;
        }
        *value = tail;
        return true;
    }
    *at = lines.len;
    return false;
}

bool sdp_attribute(SdpSlice lines, const char *name, SdpSlice *value)
{
    size_t at = 0;
    SdpSlice ignored;

    return sdp_next_attribute(lines, name, &at, value ? value : &ignored);
}

int sdp_next_payload_type(const SdpMedia *media, size_t *at)
{
    SdpSlice rest = {media->formats.at + *at, media->formats.len - *at}, word;
    uint32_t pt;

    while (take_word(&rest, &word)) {
        *at = (size_t)(rest.at - media->formats.at);
        if (sdp_number(word, SDP_MAX_PAYLOAD_TYPE, &pt))
            return (int)pt;
    }
    *at = media->formats.len;
    return -1;
}

static SdpSlice trimmed(SdpSlice s)
{
    while (s.len > 0 && *s.at == ' ') {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && s.at[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* The rest of the first a=NAME:PT line of the section that is about payload type `pt`. */
static bool attribute_of_payload_type(const SdpMedia *media, const char *name, int pt,
                                      SdpSlice *rest)
{
    size_t at = 0;
    SdpSlice value, word;
    uint32_t number;

    while (sdp_next_attribute(media->lines, name, &at, &value)) {
        if (take_word(&value, &word) && sdp_number(word, SDP_MAX_PAYLOAD_TYPE, &number) &&
            (int)number == pt) {
            *rest = trimmed(value);
            return true;
        }
    }
    return false;
}

/* Splits `rest` at the first `separator`: returns what is before it, leaves what is after it. */
static SdpSlice take_until(SdpSlice *rest, char separator)
{
    const char *end = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
    SdpSlice head = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
    size_t used = end ? head.len + 1 : head.len;

    rest->at += used;
    rest->len -= used;
    return head;
}

bool sdp_codec(const SdpMedia *media, int pt, SdpCodec *out)
{
    SdpSlice map, word, fmtp;
    uint32_t number;

    if (!attribute_of_payload_type(media, "rtpmap", pt, &map) || !take_word(&map, &word))
        return false;
    *out = (SdpCodec){.payload_type = pt, .channels = 1};
    out->name = take_until(&word, '/');
    if (!sdp_number(take_until(&word, '/'), UINT32_MAX, &out->clock_hz))
        return false;
    if (word.len > 0 && sdp_number(word, 255, &number))
        out->channels = number;
    if (attribute_of_payload_type(media, "fmtp", pt, &fmtp))
        out->fmtp = fmtp;
    return true;
}

bool sdp_fmtp_parameter(SdpSlice fmtp, const char *name, SdpSlice *value)
{
    while (fmtp.len > 0) {
        SdpSlice parameter = take_until(&fmtp, ';');
        SdpSlice key = trimmed(take_until(&parameter, '='));
        if (sdp_equals_nocase(key, name)) {
            *value = trimmed(parameter);
            return true;
        }
    }
    return false;
}

bool sdp_has_feedback(const SdpMedia *media, int pt, const char *what)
{
    size_t at = 0;
    SdpSlice value, word;
    uint32_t number;

    while (sdp_next_attribute(media->lines, "rtcp-fb", &at, &value)) {
        if (!take_word(&value, &word))
            continue;
        bool ours = sdp_equals(word, "*") ||
                    (sdp_number(word, SDP_MAX_PAYLOAD_TYPE, &number) && (int)number == pt);
        if (ours && sdp_equals(trimmed(value), what))
            return true;
    }
    return false;
}
