/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_PLAYLIST_H
#define LL_PLAYLIST_H

/* The media playlist of one rendition of low-latency HLS (rfc8216bis).
 *
 * The window is that of whole segments; behind it one segment may be open, of which there are
 * parts. Parts are listed as long as they are near the end. What a file is called follows from
 * where it stands, and is never used again:
 *
 *   KIND-EPOCH-MSN.m4s        a segment; KIND is "video", "audio" or, of another rendition,
 *                             "video-NAME"; EPOCH is when the list was begun
 *   KIND-EPOCH-MSN.PART.m4s   a part
 *   KIND-EPOCH-MSN.mp4        an initialisation segment, for the segments from MSN on
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "base/rendition.h"
#include "serve/ll_edge.h"
#include "package/media_key.h"
#include "package/playlist.h"

#define LL_SEGMENTS_MAX 80
#define LL_PARTS_MAX    128 /* of a segment */
#define LL_PARTS_KEPT   640 /* of all: what lies near the end of a list, with some in hand */
#define LL_NAME_SIZE    80  /* of a file, its end included */
/* Bytes that hold the text of any playlist, with the tags of all keys of a key server. */
#define LL_TEXT_SIZE      (131072 + (LL_SEGMENTS_MAX / MEDIA_KEY_ASKED_MIN + 2) * CPIX_TAGS_SIZE)
#define LL_CAN_SKIP_UNTIL 6 /* target durations; rfc8216bis, section 4.4.3.8 asks for as many */

typedef struct LlPart {
    int32_t duration_90k;
    bool independent;
    bool gap; /* it could not be written */
} LlPart;

typedef struct LlSegment {
    WindowSegment common;
    int64_t start;     /* as its media has it, in the track's unit */
    int64_t samples;   /* that it has, if it is whole */
    uint32_t len;      /* bytes of its file, if it is whole */
    uint32_t key_len;  /* bytes of its file that hold the IDR picture it begins with; 0: none */
    int64_t init_msn;  /* names its initialisation segment */
    bool gap;          /* it could not be written, or a part of it */
    bool lacks_init;   /* its initialisation segment is not there; all its parts are gaps */
    size_t first_part; /* of all that there ever were in the list */
    size_t parts;
    const MediaKey *key; /* that it is encrypted with; borrowed; NULL: it is clear */
} LlSegment;

typedef struct LlPlaylist {
    const char *kind; /* borrowed */
    int64_t epoch;
    int64_t part_target_90k; /* never changes */
    Window window;
    LlSegment segment[LL_SEGMENTS_MAX + 1];
    size_t parts;               /* that there ever were */
    LlPart part[LL_PARTS_KEPT]; /* the newest of them, each at its number modulo LL_PARTS_KEPT */
} LlPlaylist;

/* For what the window does; it changes a playlist only through functions that say so. */
WindowView ll_playlist_view(const LlPlaylist *playlist);

/* Another rendition, for EXT-X-RENDITION-REPORT. */
typedef struct LlReport {
    const char *uri;
    int64_t last_msn;
    int64_t last_part; /* -1: it has no parts yet */
} LlReport;

/* Begins a segment. The one before must be whole; the list must not have ended. If there is
 * nothing before it, there is nothing to differ from, and no discontinuity is listed. */
void ll_playlist_begin(LlPlaylist *playlist, int64_t starts_unix_us, bool discontinuity,
                       int64_t init_msn);

/* The segment that is open; borrowed. */
LlSegment *ll_playlist_open_segment(LlPlaylist *playlist);

/* The segment of this number, whole or open; borrowed. NULL: it is not there. */
const LlSegment *ll_playlist_find(const LlPlaylist *playlist, int64_t msn);

/* Part `n` of a segment; borrowed. NULL: it lies so far from the end that it is not kept. */
const LlPart *ll_playlist_part(const LlPlaylist *playlist, const LlSegment *segment, size_t n);

/* Adds a part to the segment that is open. What is more than LL_PARTS_MAX is not listed. */
void ll_playlist_add(LlPlaylist *playlist, const LlPart *part);

/* The segment that is open is whole, has so many samples, and is a file unless `gap`. It must have
 * a part. */
void ll_playlist_complete(LlPlaylist *playlist, int64_t duration_90k, int64_t samples, bool gap);

/* The segment that is open is none: it must have no part. */
void ll_playlist_abandon(LlPlaylist *playlist);

/* FRAME-RATE: the most samples in 1000 s of any segment that is listed. Those of less than half a
 * target duration say little, and count only if there are no others. */
int64_t ll_playlist_frames_milli(const LlPlaylist *playlist);

LlEdge ll_playlist_edge(const LlPlaylist *playlist);
LlReport ll_playlist_report(const LlPlaylist *playlist, const char *uri);

/* The names of files. LL_NAME_SIZE bytes each. */
void ll_segment_name(const LlPlaylist *playlist, int64_t msn, char *name);
void ll_segment_template(const LlPlaylist *playlist, const char *for_msn, char *name);
void ll_part_name(const LlPlaylist *playlist, int64_t msn, size_t part, char *name);
void ll_init_name(const LlPlaylist *playlist, int64_t msn, char *name);

/* How many segments a delta update leaves out; 0: there is none. */
size_t ll_playlist_skippable(const LlPlaylist *playlist);

/* How many of the segments, from the oldest, are listed without their parts. */
size_t ll_playlist_without_parts(const LlPlaylist *playlist);

/* Writes the text, terminated, into `text` (LL_TEXT_SIZE bytes), without the first `skipped`
 * segments: a delta update if there are any; with `reports` of other renditions. Returns its
 * length. */
size_t ll_playlist_write(const LlPlaylist *playlist, size_t skipped, const LlReport *report,
                         size_t reports, char *text);

/* Where a list goes on that an earlier run has left as `text`: its next media sequence number and
 * discontinuity sequence number. Returns 0, or -1 if the text is no list. */
int ll_playlist_resume(const char *text, int64_t *msn, int64_t *discontinuity_sequence);

/* Finds the next file that a list names as there, from `*at` in its text, and writes its name to
 * `name` (LL_NAME_SIZE bytes). Returns false if there is no more. */
bool ll_playlist_next_file(const char **at, char *name);

#endif
