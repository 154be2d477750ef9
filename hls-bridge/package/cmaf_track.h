/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_TRACK_H
#define CMAF_TRACK_H

/* One rendition of low-latency HLS: samples in, parts and segments on disk and in its playlist.
 *
 *   part_cutter says where, cmaf_mux makes the part, store puts it in its place
 *
 * Times are in the track's unit, as cmaf_mux has it, if nothing else is said.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/rendition.h"
#include "package/cmaf_mux.h"
#include "serve/ll_hub.h"
#include "package/ll_playlist.h"
#include "package/media_keys.h"
#include "package/output_stats.h"
#include "package/promise.h"
#include "store/store.h"

typedef struct CmafTrack CmafTrack;

typedef struct CmafTrackParams {
    const char *stream; /* for log lines; borrowed */
    TrackKind kind;
    const char *name; /* of its list and in the names of files: "video", "video-low"; copied */
    Store *folder;    /* borrowed */
    MediaKeys *keys;  /* that segments are encrypted with; borrowed; NULL: they are clear */
    LlBoard *board;   /* that keeps the newest parts in memory; borrowed */
    size_t rendition; /* its index there */
    bool opus;        /* its sound is Opus, whose packets are as long as they like */
    int64_t epoch;    /* in the names of files */
    int64_t part_us;  /* about how long parts are to be */
    int64_t target_duration_s;
    size_t window;
} CmafTrackParams;

#define CMAF_TRACK_NAME_SIZE (sizeof("video-") + RENDITION_NAME_SIZE)

/* Returns NULL if there is no memory. */
CmafTrack *cmaf_track_create(const CmafTrackParams *params);

/* Accepts NULL, leaves NULL. */
void cmaf_track_destroy(CmafTrack **track);

/* The playlist goes on at these numbers, with nothing in it. */
void cmaf_track_resume(CmafTrack *track, int64_t msn, int64_t discontinuity_sequence);

/* A segment begins at `start` and ends at `limit` at the latest; its media has the configuration
 * of the one before, unless it is given another. */
void cmaf_track_begin(CmafTrack *track, int64_t start, int64_t limit, int64_t starts_unix_us,
                      bool discontinuity);

/* The segment that has just begun, and all that come, have this configuration, which pictures bring
 * by themselves. Segments are gaps for as long as their initialisation segment cannot be written,
 * which is tried again with each part. Returns 0, or -1: then there is no such track, and what is
 * added is dropped. */
int cmaf_track_configure(CmafTrack *track, const CmafMuxParams *params);

void cmaf_track_sound(CmafTrack *track, const AacFrame *frame);
void cmaf_track_opus(CmafTrack *track, const OpusPacket *packet);

/* Of the places where a packet of Opus begins that is in no part yet, and `end` where the newest
 * one ends: the first at `at` or later, and the last at `at` or earlier, where parts end at the
 * least. */
int64_t cmaf_track_from(const CmafTrack *track, int64_t at, int64_t end);
int64_t cmaf_track_up_to(const CmafTrack *track, int64_t at, int64_t end);

/* Adds a picture. What one that begins its segment says of itself, as its parameter sets,
 * configures the track, if that is other than before. The last picture is repeated if none follows.
 */
void cmaf_track_picture(CmafTrack *track, const AccessUnit *unit, int64_t pts, int64_t dts,
                        bool begins_segment);

/* Whether a key frame needs another configuration than the track has. */
bool cmaf_track_has_other_sets(const CmafTrack *track, const AccessUnit *unit);

/* Another publisher: its first picture configures the track, whatever its sets are. */
void cmaf_track_forget_sets(CmafTrack *track);

/* Whether the segment that has just begun can be a copy of what another track, `of`, has at that
 * time: it is of the same number, and begins at the same tick. */
bool cmaf_track_can_copy(const CmafTrack *track, const CmafTrack *of);

/* The open segment is such a copy: has what there is of it by now. No media is made, and nothing is
 * written but an initialisation segment, if there is another: its files are the other ones, under
 * names of their own. To be called when there may be more, and before the other track has lost it.
 * Returns how many parts and ends of segments there are more. */
int cmaf_track_copy(CmafTrack *track, const CmafTrack *of, int64_t now_us);

/* The segment ends at `end`, and no sample is to come for it. */
void cmaf_track_end(CmafTrack *track, int64_t end);

/* Cuts all parts that can be cut, if all samples before `complete` are here. Returns how many. */
int cmaf_track_cut(CmafTrack *track, int64_t complete, int64_t now_us);

/* Where the segment can end, `end` at the latest, if nothing more comes: of pictures that cannot be
 * repeated it ends with the last part that has one. */
int64_t cmaf_track_reach(const CmafTrack *track, int64_t end);

/* The publisher has gone: what there is of the segment is its all, and lasts up to `end`. */
void cmaf_track_finish(CmafTrack *track, int64_t end, int64_t now_us);

/* The playlist is ended, and begins again with the next segment. */
void cmaf_track_conclude(CmafTrack *track);

/* Takes everything off the playlist, and removes its files at `remove_at_us`. */
void cmaf_track_clear(CmafTrack *track, int64_t remove_at_us);

TrackKind cmaf_track_kind(const CmafTrack *track);

bool cmaf_track_is_opus(const CmafTrack *track);

/* "video", "video-low"; borrowed. */
const char *cmaf_track_name(const CmafTrack *track);

/* How far parts have been cut; what comes for before that is late. */
int64_t cmaf_track_position(const CmafTrack *track);

/* What is to be listed of it in place of what it has, and what that is. */
void cmaf_track_set_promise(CmafTrack *track, Promise promise);
const Promise *cmaf_track_promise(const CmafTrack *track);

/* Of the pictures; width 0: none yet. Borrowed. */
const VideoFormat *cmaf_track_format(const CmafTrack *track);

/* Of the newest that there ever were, those of an earlier publisher if none of this one's have
 * come; width 0: there never were any. Borrowed. */
const VideoFormat *cmaf_track_newest_format(const CmafTrack *track);

/* Of those of the segments that this initialisation segment is for, if it is one of the newest;
 * else of the newest. Borrowed. */
const VideoFormat *cmaf_track_format_of(const CmafTrack *track, int64_t init_msn);

bool cmaf_track_is_open(const CmafTrack *track);
const LlPlaylist *cmaf_track_playlist(const CmafTrack *track);
CmafTrackStats cmaf_track_stats(const CmafTrack *track);

#endif
