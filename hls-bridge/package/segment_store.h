/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_STORE_H
#define SEGMENT_STORE_H

/* One stream's folder: segments and the playlists that name them.
 *
 * There is a playlist for each rendition. All of them list the same segments, with one media
 * sequence and the same durations, each under names of its own: a segment is there in each
 * rendition or in none. A rendition that comes later has them from then on. None ever goes.
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
#include "store/number_log.h"
#include "base/output_bound.h"
#include "package/playlist.h"

#define PLAYLIST_FILE     "index.m3u8" /* of the best rendition */
#define PLAYLISTS_FILE    "ts.m3u8"    /* names the playlists; whoever has the store writes it */
#define SEGMENT_LISTS_MAX VIDEO_TRACKS_MAX

typedef struct SegmentStore SegmentStore;

typedef struct SegmentStoreParams {
    Store *store;       /* of the stream; borrowed */
    NumberLog *numbers; /* of that store; borrowed */
    MediaKeys *keys;    /* that segments are encrypted with; borrowed; NULL: they are clear */
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

/* The playlist of the best as it stands; a recovered one has segments at once. */
const Playlist *segment_store_playlist(const SegmentStore *store);

/* The index of a rendition's list, which is added if there is none; "" is the best and always 0.
 * Returns SEGMENT_LISTS_MAX if there is no room. */
size_t segment_store_list(SegmentStore *store, const char *rendition);

/* How many there are, with those that an earlier run has left. */
size_t segment_store_lists(const SegmentStore *store);

/* "low" and "index-low.m3u8", of one; borrowed. */
const char *segment_store_list_name(const SegmentStore *store, size_t list);
const char *segment_store_list_file(const SegmentStore *store, size_t list);

/* A segment's file. Borrowed. */
typedef struct SegmentBytes {
    const uint8_t *data;
    size_t len;
    bool copy; /* it is the file of the best one */
} SegmentBytes;

/* Writes a segment, `bytes` for each list, which it encrypts if there are keys, and then the
 * playlists with it. `segment->name` is filled in, of the best, and its key. The first one after an
 * end opens the playlists again. Returns 0, or -1 with errno: then nothing is listed. */
int segment_store_add(SegmentStore *store, const SegmentBytes *bytes, PlaylistSegment *segment,
                      int64_t now_us);

/* Whether a list of another rendition than the best could not be written and lacks what that one
 * has. It is written again with the next segment, and by segment_store_end(). */
bool segment_store_is_due(const SegmentStore *store);

/* Ends the playlists: EXT-X-ENDLIST. Returns 0, or -1 with errno; call it again then. */
int segment_store_end(SegmentStore *store);

/* Removes all segments of an ended stream, at once; the playlist stays, ended and empty, for its
 * numbers. Returns 0, or -1 with errno: then nothing is removed. */
int segment_store_clear(SegmentStore *store);

#endif
