/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media_opener.h"

#include <string.h>

#include "cenc_reader.h"
#include "m3u8_key.h"

/* What all of it is opened with. */
typedef struct Opening {
    Findings *findings;
    const GivenKeys *given;
    const uint8_t *own; /* NULL: no key came with it */
    const M3u8Segment *segment;
    M3u8Key key;
} Opening;

static Opening opening(Findings *findings, const GivenKeys *given, const M3u8Segment *segment,
                       const uint8_t *own)
{
    return (Opening){findings, given, own, segment, m3u8_key_read(segment->key)};
}

M3u8Range media_opener_range(const M3u8Segment *segment)
{
    M3u8Range range = segment->range;

    if (range.len > 0 && m3u8_key_read(segment->key).method == M3U8_AES_128)
        range.len += (AES_BYTES - range.len % AES_BYTES) % AES_BYTES;
    return range;
}

bool media_opener_wants_key(const GivenKeys *given, const M3u8Segment *segment, char *uri)
{
    M3u8Key key = m3u8_key_read(segment->key);

    if (key.method == M3U8_CLEAR || key.method == M3U8_OTHER_METHOD || !key.is_identity ||
        key.uri[0] == '\0' || given_keys_find(given, key.has_kid ? key.kid : NULL))
        return false;
    memcpy(uri, key.uri, sizeof(key.uri));
    return true;
}

bool media_opener_take_key(Findings *findings, const char *uri, long status, const uint8_t *data,
                           size_t len, uint8_t key[AES_BYTES])
{
    if (status != 200) /* it may not be for everybody */
        findings_remark(findings, "a key cannot be fetched", "%s: HTTP status %ld", uri, status);
    else if (len != AES_BYTES)
        findings_add(findings, "a key is not of 16 bytes (4.4.4.4)", "%s: %zu", uri, len);
    else
        memcpy(key, data, AES_BYTES);
    return status == 200 && len == AES_BYTES;
}

/* The key of an ID; `kid` NULL: it is not known. */
static const uint8_t *find_key(const void *user, const uint8_t *kid)
{
    const Opening *o = user;
    const uint8_t *given = given_keys_find(o->given, kid);

    return given ? given : o->own;
}

static MediaOpened has_no_key(const Opening *o, MediaOpened result)
{
    findings_remark(o->findings,
                    "encrypted, and there is no key for it: it was not decoded (--key)", "%s",
                    o->segment->uri);
    return result;
}

/* ---- whole files ---- */

/* `ranged`: of the file this is the beginning alone, in whole blocks. */
static bool open_file(const Opening *o, const uint8_t *key, bool ranged, uint8_t *data, size_t *len)
{
    uint8_t vector[AES_BYTES];

    m3u8_key_vector(&o->key, o->segment->sequence, vector);
    if (!ranged)
        return aes_reader_file(key, vector, data, len) == 0;
    bool good = *len % AES_BYTES == 0 && aes_reader_blocks(key, vector, data, *len) == 0;
    size_t listed = (size_t)o->segment->range.len;
    *len = *len < listed ? *len : listed;
    return good;
}

static MediaOpened open_files(const Opening *o, MediaJob *j)
{
    const uint8_t *key = find_key(o, o->key.has_kid ? o->key.kid : NULL);
    bool ranged = j->segment.range.len >= 0;

    if (!key)
        return has_no_key(o, MEDIA_LOCKED);
    if (ranged && j->segment.range.offset > 0) {
        findings_remark(o->findings, "a range within an encrypted file: it was not decrypted", "%s",
                        j->segment.uri);
        return MEDIA_LOCKED;
    }
    bool good = open_file(o, key, ranged, j->bytes.data, &j->bytes.len);
    for (size_t i = 0; good && j->part && i < j->segment.part_count; i++)
        good = open_file(o, key, false, j->part[i].data, &j->part[i].len);
    if (good && j->init.len > 8 && memcmp(j->init.data + 4, "ftyp", 4) != 0)
        good = open_file(o, key, false, j->init.data, &j->init.len);
    if (good)
        return MEDIA_OPEN;
    findings_add(o->findings, "a segment or part cannot be decrypted with its key (4.4.4.4)", "%s",
                 j->segment.uri);
    return MEDIA_LOCKED;
}

MediaOpened media_opener_file(Findings *findings, const GivenKeys *given,
                              const M3u8Segment *segment, const uint8_t *own, uint8_t *data,
                              size_t *len)
{
    MediaJob job = {.segment = *segment, .bytes = {data, *len}};
    Opening o = opening(findings, given, segment, own);
    MediaOpened result = MEDIA_OPEN;

    job.segment.part_count = 0;
    if (o.key.method == M3U8_AES_128)
        result = open_files(&o, &job);
    else if (o.key.method != M3U8_CLEAR)
        result = has_no_key(&o, MEDIA_LOCKED);
    *len = job.bytes.len;
    return result;
}

/* ---- samples ---- */

static MediaOpened open_samples(const Opening *o, MediaJob *j)
{
    CencTracks tracks;

    if (j->init.len == 0)
        return has_no_key(o, MEDIA_LOCKED); /* those of transport streams are not read here */
    cenc_reader_init(j->init.data, j->init.len, &tracks);
    if (tracks.count > 0 && o->key.method == M3U8_CLEAR)
        findings_add(o->findings, "samples are encrypted, and no EXT-X-KEY says so (4.4.4.4)", "%s",
                     j->segment.uri);
    CencResult result = cenc_reader_media(&tracks, j->bytes.data, j->bytes.len, find_key, o);
    for (size_t i = 0; j->part && i < j->segment.part_count; i++) {
        CencResult part = cenc_reader_media(&tracks, j->part[i].data, j->part[i].len, find_key, o);
        result = part > result ? part : result;
    }
    if (result == CENC_NO_KEY)
        return has_no_key(o, MEDIA_DEMUX_ALONE);
    if (result == CENC_UNKNOWN)
        findings_remark(o->findings, "encrypted by another scheme than cbcs: it was not decoded",
                        "%s: %s", o->segment->uri, tracks.track[0].scheme);
    if (result == CENC_BROKEN)
        findings_add(o->findings, "the boxes that say where samples are encrypted do not fit them",
                     "%s", o->segment->uri);
    return result <= CENC_DECRYPTED ? MEDIA_OPEN : MEDIA_DEMUX_ALONE;
}

MediaOpened media_opener_open(Findings *findings, const GivenKeys *given, MediaJob *j)
{
    Opening o = opening(findings, given, &j->segment, j->has_key ? j->key : NULL);

    if (o.key.method == M3U8_AES_128)
        return open_files(&o, j);
    if (o.key.method == M3U8_CLEAR && j->init.len == 0)
        return MEDIA_OPEN;
    if (o.key.method != M3U8_OTHER_METHOD)
        return open_samples(&o, j);
    return has_no_key(&o, MEDIA_LOCKED);
}
