/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/source_sdp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <libavutil/base64.h>
#include <stdio.h>
#include <string.h>

#include "text_buffer.h"

#define BASE64_MAX (SOURCE_PARAMETER_SET_BYTES * 4 / 3 + 4)

/* The next `len` bytes of the description's are a parameter set of this track. */
static void add_set(SourceSdp *sdp, SourceTrackSdp *track, size_t len)
{
    size_t i = track->parameter_sets++;

    track->parameter_set[i].at = (uint16_t)sdp->sets_len;
    track->parameter_set[i].len = (uint16_t)len;
    sdp->sets_len += len;
}

/* Parameter sets of one parameter: base64, one after the other with commas. What cannot be read or
 * has no room is passed over: the stream itself brings them too. */
static void read_sets_of(SdpSlice fmtp, const char *parameter, SourceSdp *sdp,
                         SourceTrackSdp *track)
{
    SdpSlice sets;

    if (!sdp_fmtp_parameter(fmtp, parameter, &sets))
        return;
    while (sets.len > 0 && track->parameter_sets < SOURCE_PARAMETER_SETS_MAX &&
           sdp->sets_len + SOURCE_PARAMETER_SET_BYTES <= SOURCE_SETS_BYTES) {
        const char *comma = memchr(sets.at, ',', sets.len);
        size_t len = comma ? (size_t)(comma - sets.at) : sets.len;
        char encoded[BASE64_MAX + 1];
        if (len <= BASE64_MAX) {
            memcpy(encoded, sets.at, len);
            encoded[len] = '\0';
            int n =
                av_base64_decode(sdp->sets + sdp->sets_len, encoded, SOURCE_PARAMETER_SET_BYTES);
            if (n > 0)
                add_set(sdp, track, (size_t)n);
        }
        size_t used = comma ? len + 1 : len;
        sets.at += used;
        sets.len -= used;
    }
}

/* sprop-parameter-sets of H.264, RFC 6184 section 8.1; those of H.265, RFC 7798 section 7.1. */
static void read_parameter_sets(SdpSlice fmtp, SourceSdp *sdp, SourceTrackSdp *track)
{
    static const char *const of_h265[] = {"sprop-vps", "sprop-sps", "sprop-pps"};

    if (track->codec == CODEC_H264)
        read_sets_of(fmtp, "sprop-parameter-sets", sdp, track);
    for (size_t i = 0; track->codec == CODEC_H265 && i < 3; i++)
        read_sets_of(fmtp, of_h265[i], sdp, track);
}

static bool read_address(SdpSlice address, struct in_addr *out)
{
    char dotted[INET_ADDRSTRLEN];

    if (!address.at || address.len >= sizeof(dotted))
        return false;
    memcpy(dotted, address.at, address.len);
    dotted[address.len] = '\0';
    return inet_pton(AF_INET, dotted, out) == 1;
}

/* a=rtcp:5005 (RFC 3605), else the port above that of RTP. */
static uint16_t read_rtcp_port(const SdpMedia *media)
{
    SdpSlice value;
    uint32_t port;

    if (sdp_attribute(media->lines, "rtcp-mux", NULL))
        return 0;
    if (sdp_attribute(media->lines, "rtcp", &value)) {
        const char *space = value.len ? memchr(value.at, ' ', value.len) : NULL;
        if (space)
            value.len = (size_t)(space - value.at);
        if (sdp_number(value, UINT16_MAX, &port) && port != media->port)
            return (uint16_t)port;
        return 0;
    }
    return (uint16_t)(media->port + 1);
}

/* How many viewers can play a codec as it is: the fewer, the higher. */
static int rank_of(Codec codec)
{
    return codec == CODEC_H264 ? 0 : codec == CODEC_VP8 ? 2 : 1;
}

static bool choose_sound(const SdpMedia *media, SdpCodec *out)
{
    size_t at = 0;
    int pt;

    while ((pt = sdp_next_payload_type(media, &at)) >= 0)
        if (sdp_codec(media, pt, out) && sdp_equals_nocase(out->name, "opus") &&
            out->clock_hz == SAMPLES_PER_S)
            return true;
    return false;
}

static bool choose_video(const SdpMedia *media, SdpCodec *out, Codec *codec)
{
    bool found = false;
    SdpCodec each;
    Codec is;
    size_t at = 0;
    int pt;

    while ((pt = sdp_next_payload_type(media, &at)) >= 0)
        if (sdp_codec(media, pt, &each) && codec_of_sdp(&each, &is) &&
            (!found || rank_of(is) < rank_of(*codec))) {
            found = true;
            *out = each;
            *codec = is;
        }
    return found;
}

/* The first track of video. There must be one. */
static const SourceTrackSdp *first_video(const SourceSdp *sdp)
{
    return &sdp->track[sdp->track[0].kind == TRACK_AUDIO ? 1 : 0];
}

static const char *read_track(const SdpMedia *media, SourceSdp *sdp, SourceTrackSdp *track)
{
    bool video = track->kind == TRACK_VIDEO;
    SdpCodec codec;

    if (video && !choose_video(media, &codec, &track->codec))
        return "the video section has no H264/90000 with packetization-mode 0 or 1, nor H265, VP9, "
               "AV1 or VP8";
    if (!video && !choose_sound(media, &codec))
        return "the audio section has no opus/48000";
    if (video && track->codec != first_video(sdp)->codec)
        return "the video sections have several codecs";
    if (!read_address(media->connection, &track->address))
        return "there is no c= line with an IPv4 address";
    track->payload_type = codec.payload_type;
    track->clock_hz = codec.clock_hz;
    track->port = media->port;
    track->rtcp_port = read_rtcp_port(media);
    track->nack = sdp_has_feedback(media, codec.payload_type, "nack");
    if (video)
        read_parameter_sets(codec.fmtp, sdp, track);
    return NULL;
}

static size_t count_kind(const SourceSdp *sdp, TrackKind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < sdp->count; i++)
        n += sdp->track[i].kind == kind;
    return n;
}

static bool has_room(const SourceSdp *sdp, TrackKind kind)
{
    return count_kind(sdp, kind) < (kind == TRACK_AUDIO ? 1 : VIDEO_TRACKS_MAX);
}

static bool is_name(SdpSlice label)
{
    if (label.len == 0 || label.len >= RENDITION_NAME_SIZE)
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return true;
}

static bool is_taken(const SourceSdp *sdp, const SourceTrackSdp *track)
{
    for (size_t i = 0; i < sdp->count; i++)
        if (&sdp->track[i] != track && sdp->track[i].kind == track->kind &&
            strcmp(sdp->track[i].name, track->name) == 0)
            return true;
    return false;
}

/* A video section is named by its label (RFC 4574), if it has one. The name may go into names of
 * files. The first needs none, so it may have any. */
static const char *read_name(const SdpMedia *media, const SourceSdp *sdp, SourceTrackSdp *track)
{
    SdpSlice label;

    if (!sdp_attribute(media->lines, "label", &label))
        return NULL;
    if (!is_name(label) && count_kind(sdp, track->kind) == 1)
        return NULL;
    if (!is_name(label))
        return "the a=label of a video section is not 1 to 32 of A-Z, a-z, 0-9, _ and -";
    memcpy(track->name, label.at, label.len);
    return is_taken(sdp, track) ? "two video sections have the same a=label" : NULL;
}

/* Names further video sections without a label by their numbers, or by the next number that is no
 * label of another. */
static void name_by_number(SourceSdp *sdp)
{
    size_t number = 0;

    for (size_t i = 0; i < sdp->count; i++) {
        SourceTrackSdp *track = &sdp->track[i];
        if (track->kind != TRACK_VIDEO || ++number == 1 || *track->name)
            continue;
        for (size_t n = number; *track->name == '\0' || is_taken(sdp, track); n++)
            snprintf(track->name, sizeof(track->name), "%zu", n);
    }
}

/* The audio track leads the others, and so stands first. */
static SourceTrackSdp *add_track(SourceSdp *sdp, TrackKind kind)
{
    size_t at = kind == TRACK_AUDIO ? 0 : sdp->count;

    memmove(&sdp->track[at + 1], &sdp->track[at], (sdp->count - at) * sizeof(sdp->track[0]));
    sdp->count++;
    sdp->track[at] = (SourceTrackSdp){.kind = kind};
    return &sdp->track[at];
}

/* The name of the session, for people: without what is no text, and cut between characters of UTF-8
 * if it is too long. "-" and " " stand for none (RFC 8866 section 5.3). */
static void read_title(SdpSlice name, char *title)
{
    size_t len = name.at ? name.len : 0;

    if (sdp_equals(name, "-") || sdp_equals(name, " "))
        len = 0;
    if (len > INGEST_TITLE_SIZE - 1)
        for (len = INGEST_TITLE_SIZE - 1; len > 0 && (name.at[len] & 0xC0) == 0x80;)
            len--;
    for (size_t i = 0; i < len; i++)
        title[i] = (unsigned char)name.at[i] < ' ' || name.at[i] == 0x7F ? ' ' : name.at[i];
    title[len] = '\0';
}

/* Who may watch it. Returns NULL, or what is wrong: a word that is not understood may mean less
 * than everybody. */
static const char *read_access(const Sdp *sdp, SourceSdp *out)
{
    SdpSlice value;

    out->unlisted = sdp_attribute(sdp->lines, "unlisted", NULL);
    if (!sdp_attribute(sdp->lines, "access", &value) || sdp_equals(value, "public"))
        return NULL;
    out->unlisted = true;
    out->protected = sdp_equals(value, "protected");
    return out->protected || sdp_equals(value, "unlisted")
               ? NULL
               : "a=access must be public, unlisted or protected";
}

/* What the publisher is to be transcoded to. Returns NULL, or what is wrong. */
static const char *read_ladder(const Sdp *sdp, SourceSdp *out)
{
    SdpSlice value;

    out->has_ladder = sdp_attribute(sdp->lines, "ladder", &value);
    if (!out->has_ladder || value.len == 0)
        return NULL;
    if (value.len >= sizeof(out->ladder))
        return "a=ladder is longer than 255 characters";
    memcpy(out->ladder, value.at, value.len);
    return NULL;
}

const char *source_sdp_read(const char *text, size_t len, SourceSdp *out)
{
    Sdp sdp;

    *out = (SourceSdp){0};
    const char *wrong = sdp_read(text, len, &sdp);
    if (wrong)
        return wrong;
    read_title(sdp.session_name, out->title);
    wrong = read_access(&sdp, out);
    if (!wrong)
        wrong = read_ladder(&sdp, out);
    if (wrong)
        return wrong;
    out->sections = sdp.media_count;
    for (size_t i = 0; i < sdp.media_count; i++) {
        const SdpMedia *media = &sdp.media[i];
        TrackKind kind = media->kind == SDP_VIDEO ? TRACK_VIDEO : TRACK_AUDIO;
        out->section_kind[i] = media->kind;
        bool wanted = (media->kind == SDP_AUDIO || media->kind == SDP_VIDEO) && media->port != 0;
        if (!wanted || !has_room(out, kind))
            continue;
        SourceTrackSdp *track = add_track(out, kind);
        track->section = i;
        wrong = read_track(media, out, track);
        if (wrong && count_kind(out, kind) > 1) {
            out->count--; /* further video stands last. It is refused, and the others go on. */
            continue;
        }
        if (!wrong)
            wrong = read_name(media, out, track);
        if (wrong)
            return wrong;
    }
    name_by_number(out);
    return out->count > 0 ? NULL : "the session description has neither audio nor video";
}

Renditions source_sdp_renditions(const SourceSdp *sdp)
{
    Renditions r = {.count = sdp->count};

    for (size_t i = 0; i < sdp->count; i++) {
        r.item[i].kind = sdp->track[i].kind;
        r.item[i].codec = sdp->track[i].codec;
        memcpy(r.item[i].name, sdp->track[i].name, sizeof(r.item[i].name));
    }
    return r;
}

void source_sdp_describe(const SourceSdp *sdp, Ingest *ingest)
{
    ingest->renditions = source_sdp_renditions(sdp);
    memcpy(ingest->title, sdp->title, sizeof(ingest->title));
    ingest->unlisted = sdp->unlisted;
    ingest->protected = sdp->protected;
    ingest->has_ladder = sdp->has_ladder;
    memcpy(ingest->ladder, sdp->ladder, sizeof(ingest->ladder));
}

/* The track that a section became, or NULL if it is refused. */
static const SourceTrackSdp *track_of_section(const SourceSdp *sdp, size_t section, size_t *index)
{
    for (*index = 0; *index < sdp->count; (*index)++)
        if (sdp->track[*index].section == section)
            return &sdp->track[*index];
    return NULL;
}

static void write_codec(TextBuffer *out, const SourceTrackSdp *track)
{
    int pt = track->payload_type;

    if (track->kind == TRACK_AUDIO) {
        text_add(out, "a=rtpmap:%d opus/48000/2\r\n", pt);
        return;
    }
    text_add(out, "a=rtpmap:%d %s/90000\r\n", pt, codec_sdp_name(track->codec));
    if (track->codec == CODEC_H264)
        text_add(out, "a=fmtp:%d packetization-mode=1\r\n", pt);
    text_add(out, "a=rtcp-fb:%d nack pli\r\n", pt);
}

size_t source_sdp_answer(const SourceSdp *sdp, const char *address, const uint16_t *ports,
                         char *text)
{
    TextBuffer out = text_buffer(text, SOURCE_ANSWER_SIZE);

    text_add(&out, "v=0\r\no=- 0 1 IN IP4 %s\r\ns=hls-bridge\r\nc=IN IP4 %s\r\nt=0 0\r\n", address,
             address);
    for (size_t i = 0; i < sdp->sections; i++) {
        size_t index;
        const SourceTrackSdp *track = track_of_section(sdp, i, &index);
        if (!track) {
            text_add(&out, "m=%s 0 RTP/AVPF 0\r\na=inactive\r\n",
                     sdp->section_kind[i] == SDP_VIDEO   ? "video"
                     : sdp->section_kind[i] == SDP_AUDIO ? "audio"
                                                         : "application");
            continue;
        }
        bool video = track->kind == TRACK_VIDEO;
        int pt = track->payload_type;
        text_add(&out, "m=%s %" PRIu16 " RTP/AVPF %d\r\n", video ? "video" : "audio", ports[index],
                 pt);
        write_codec(&out, track);
        if (track->rtcp_port == 0)
            text_add(&out, "a=rtcp-mux\r\n");
        else /* no word of rtcp-mux, but RTCP is taken on the same port all the same (RFC 3605) */
            text_add(&out, "a=rtcp:%" PRIu16 "\r\n", ports[index]);
        text_add(&out, "a=recvonly\r\n");
    }
    assert(!out.overflow);
    return out.len;
}
