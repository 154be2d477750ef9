/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef M3U8_H
#define M3U8_H

/* Reads media playlists as a player does (RFC 8216; rfc8216bis for low latency): its own code, so
 * that it cannot share a mistake with the bridge that wrote them.
 *
 * Pure. Thread-safety: one thread for each M3u8. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "m3u8_values.h"

#define M3U8_NO_TIME     INT64_MIN
#define M3U8_HINTS_MAX   4 /* more hints are not kept */
#define M3U8_REPORTS_MAX 8

/* What is more than this is absurd, and is refused: a server may send anything. */
#define M3U8_BYTES_MAX    (8u << 20)
#define M3U8_LINE_MAX     (16u << 10) /* bytes; a date range may carry an SCTE-35 message */
#define M3U8_SEGMENTS_MAX 10000
#define M3U8_PARTS_MAX    1000 /* of a segment */

typedef struct M3u8Part {
    char *uri; /* NULL: missing */
    int64_t duration_us;
    bool independent, gap;
    bool ranged; /* it is a range of a larger file */
} M3u8Part;

typedef struct M3u8Segment {
    char *uri; /* as written; NULL if the segment is still open */
    char *map; /* of its initialisation segment, NULL: none */
    char *key; /* attributes of the EXT-X-KEY that applies (m3u8_key.h); "": nothing is encrypted;
                  NULL: nothing was said */
    M3u8Range range, map_range;
    int64_t duration_us;
    uint64_t sequence;      /* media sequence number */
    uint64_t discontinuity; /* discontinuity sequence number */
    int64_t time_unix_us;   /* EXT-X-PROGRAM-DATE-TIME, M3U8_NO_TIME: none */
    bool gap;
    bool late_tag; /* a tag that applies to its first part comes after that part */
    size_t part_count;
    M3u8Part *parts;
} M3u8Segment;

/* A hint: the name of the next file of its kind. */
typedef struct M3u8Hint {
    char *uri; /* NULL: missing */
    bool map;  /* an initialisation segment, else a part */
} M3u8Hint;

typedef struct M3u8Report {
    char *uri;                   /* NULL: missing */
    int64_t last_msn, last_part; /* -1: not said */
} M3u8Report;

typedef struct M3u8 {
    unsigned version;
    int64_t target_s; /* 0: missing */
    uint64_t media_sequence, discontinuity_sequence;
    bool ended, has_type, is_multivariant;
    bool iframes_only;               /* EXT-X-I-FRAMES-ONLY */
    bool independent;                /* EXT-X-INDEPENDENT-SEGMENTS */
    bool has_date_ranges;            /* an EXT-X-DATERANGE */
    bool has_discontinuity;          /* an EXT-X-DISCONTINUITY */
    bool has_discontinuity_sequence; /* an EXT-X-DISCONTINUITY-SEQUENCE */
    size_t count;
    M3u8Segment *segments;
    int64_t duration_us; /* of all */

    /* low latency; all zero if the playlist has none */
    M3u8Segment *open;      /* parts behind the last segment; NULL: there are none */
    bool has_control;       /* EXT-X-SERVER-CONTROL */
    bool can_block;         /* CAN-BLOCK-RELOAD */
    bool can_skip_dates;    /* CAN-SKIP-DATERANGES */
    bool has_part_inf;      /* EXT-X-PART-INF */
    int64_t part_target_us; /* -1: missing; likewise below */
    int64_t hold_back_us, part_hold_back_us, can_skip_until_us;
    bool is_delta;
    uint64_t skipped; /* segments that a delta update leaves out */
    size_t hint_count, report_count;
    M3u8Hint hints[M3U8_HINTS_MAX];
    M3u8Report reports[M3U8_REPORTS_MAX];
    const char *repeated;  /* a tag that may stand once and stands twice; NULL: none */
    const char *malformed; /* a tag whose attributes cannot be read; NULL: none */
} M3u8;

/* Reads `len` bytes. Returns the playlist, which the caller destroys, or NULL with a static
 * sentence in `wrong`. */
M3u8 *m3u8_read(const char *text, size_t len, const char **wrong);

/* Accepts NULL, leaves NULL. */
void m3u8_destroy(M3u8 **playlist);

/* The segment with this media sequence number, or NULL. */
const M3u8Segment *m3u8_segment(const M3u8 *playlist, uint64_t sequence);

/* A copy without its parts, which the caller frees; and frees what a segment owns, not itself. */
M3u8Segment m3u8_segment_copy(const M3u8Segment *segment);
void m3u8_segment_free(M3u8Segment *segment);

/* The number of the segment after the last whole one, and how many parts it has so far. */
uint64_t m3u8_next_sequence(const M3u8 *playlist);
size_t m3u8_open_parts(const M3u8 *playlist);

/* Whether `playlist` lists part `part` of segment `sequence`, or something after it. */
bool m3u8_has(const M3u8 *playlist, uint64_t sequence, size_t part);

/* Completes a delta update from an older version. Returns 0, or -1 with a static sentence in
 * `wrong`. */
int m3u8_complete(M3u8 *delta, const M3u8 *before, const char **wrong);

/* In what two playlists differ that should be the same, as a static word; NULL: in nothing. */
const char *m3u8_difference(const M3u8 *a, const M3u8 *b);

#endif
