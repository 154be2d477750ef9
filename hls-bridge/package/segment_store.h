/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_STORE_H
#define SEGMENT_STORE_H

/* One stream's folder: segments and the playlist that names them.
 *
 * Files appear whole, by rename, and a segment is there before the playlist that names it. A
 * segment that has left the playlist stays for as long as RFC 8216 section 6.2.2 asks: its duration
 * and that of the longest playlist which held it. What a former run of the bridge has left behind
 * is taken up: numbers go on, viewers stay.
 *
 * A disk that is full or cannot be written is not an end: the segment is lost, the playlist stays
 * true, and the next one is tried.
 *
 * After a power cut numbers only grow (number_log.h), and no file is listed that is not whole: what
 * may have been lost is not taken up, and its playlist is removed. A stream that has ended is taken
 * up; if `durable` is set, so is any other.
 *
 * Thread-safety: one thread. */

#include "base/clock.h"
#include "base/histogram.h"
#include "store/number_log.h"
#include "base/output_bound.h"
#include "package/playlist.h"

#define PLAYLIST_FILE "index.m3u8"

typedef struct SegmentStore SegmentStore;

typedef struct SegmentStoreParams {
    Store *store;       /* of the stream; borrowed */
    NumberLog *numbers; /* of that store; borrowed */
    size_t window;      /* segments in the playlist */
    int64_t target_duration_s;
    const Clock *clock; /* borrowed */
    bool durable;       /* what is listed survives a power cut, not only the numbers */
} SegmentStoreParams;

/* Takes up what the store has. `now_us`, here and below, is monotonic; names take the wall clock.
 * Returns NULL with errno. */
SegmentStore *segment_store_open(const SegmentStoreParams *params, int64_t now_us);

/* Writes nothing. Accepts NULL, leaves NULL. */
void segment_store_close(SegmentStore **store);

/* The playlist as it stands; a recovered one has segments at once. */
const Playlist *segment_store_playlist(const SegmentStore *store);

/* Writes a segment, and then the playlist with it. `segment->name` is filled in. The first one
 * after an end opens the playlist again. Returns 0, or -1 with errno: then nothing is listed. */
int segment_store_add(SegmentStore *store, const uint8_t *data, size_t len,
                      PlaylistSegment *segment, int64_t now_us);

/* Ends the playlist: EXT-X-ENDLIST. Returns 0, or -1 with errno; call it again then. */
int segment_store_end(SegmentStore *store);

/* Removes all segments of an ended stream, at once; the playlist stays, ended and empty, for its
 * numbers. Returns 0, or -1 with errno: then nothing is removed. */
int segment_store_clear(SegmentStore *store);

#endif
