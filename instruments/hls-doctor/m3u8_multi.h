/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef M3U8_MULTI_H
#define M3U8_MULTI_H

/* Reads multivariant playlists (rfc8216bis, section 4.4.6), as far as a live stream of video and
 * audio needs it.
 *
 * Pure. Thread-safety: none needed, an M3u8Multi has no pointers and may be copied. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define M3U8_MULTI_MAX 16 /* variants, and renditions; more are not kept */
#define M3U8_URI_SIZE  2048

typedef struct M3u8Media {
    char type[16], group[64], name[64];
    char uri[M3U8_URI_SIZE]; /* "": none */
    char channels[16], language[36];
    bool is_default, autoselect, refuses_autoselect; /* the latter: AUTOSELECT is there, not YES */
} M3u8Media;

typedef struct M3u8Variant {
    char uri[M3U8_URI_SIZE]; /* "": it lacks its line */
    char codecs[128], audio[64];
    int64_t bandwidth, average_bandwidth; /* bit/s; -1: missing */
    int width, height;                    /* 0: missing */
    int64_t frame_rate_us;                /* pictures per second times 1000000; -1: missing */
    int64_t score_us;                     /* SCORE times 1000000; -1: missing */
} M3u8Variant;

typedef struct M3u8Multi {
    unsigned version;
    size_t media_count, variant_count, iframe_count;
    M3u8Media media[M3U8_MULTI_MAX];
    M3u8Variant variant[M3U8_MULTI_MAX];
    M3u8Variant iframe[M3U8_MULTI_MAX]; /* EXT-X-I-FRAME-STREAM-INF */
    bool independent;                   /* EXT-X-INDEPENDENT-SEGMENTS */
    bool has_media_tags;                /* those of a media playlist */
    const char *malformed;
} M3u8Multi;

/* Returns 0, or -1 with a static sentence in `wrong` if the text is not such a playlist. */
int m3u8_multi_read(const char *text, size_t len, M3u8Multi *out, const char **wrong);

/* The entry behind `codec` in a CODECS string that it points into; NULL: it is the last. */
static inline const char *m3u8_multi_next_codec(const char *codec)
{
    const char *comma = strchr(codec, ',');

    return comma ? comma + 1 : NULL;
}

#endif
