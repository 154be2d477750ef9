/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_OUTPUT_H
#define CMAF_OUTPUT_H

/* Low-latency HLS of a stream: the same pictures and AAC frames as the .ts segments, on the same
 * clock and with the same segments, as CMAF parts in two renditions.
 *
 * hls_output says where segments begin and end. A part may be published only when no segment can
 * end within it any more: that is as far as pictures have come, and where none come, as far as they
 * may be late. A picture that is later than that is put where publishing stands.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "package/cmaf_playlists.h"

typedef struct CmafOutput CmafOutput;

typedef struct CmafOutputParams {
    const char *stream;    /* a valid stream name; borrowed */
    const char *directory; /* of all streams */
    LlHub *hub;            /* borrowed */
    NumberLog *numbers;    /* borrowed; NULL: none is kept, which a power cut would be a pity for */
    int64_t part_us;
    int64_t target_duration_s;
    size_t window;
    bool dash;                 /* the manifest of DASH too */
    const uint8_t *aac_config; /* AudioSpecificConfig; borrowed */
    size_t aac_config_len;
    OutputBound *bound; /* of files; borrowed; NULL: none */
    const Clock *clock; /* borrowed */
} CmafOutputParams;

typedef struct CmafOutputStats {
    CmafTrackStats track[LL_RENDITIONS];
    Histogram latency; /* from the arrival of a part's end until it is in the playlist */
    int64_t last_latency_us;
    Histogram writes; /* of files */
    size_t held;      /* requests that wait for what is to come */
} CmafOutputStats;

/* What a segment needs to know of itself when it begins. */
typedef struct CmafSegment {
    int64_t start_90k;
    int64_t limit_90k; /* it ends there at the latest */
    int64_t starts_unix_us;
    bool discontinuity; /* before it */
} CmafSegment;

/* Opens the folder, and goes on where an earlier run has left. Returns NULL with errno. */
CmafOutput *cmaf_output_open(const CmafOutputParams *params, int64_t now_us);

/* What is not yet written is lost: finish first. Accepts NULL, leaves NULL. */
void cmaf_output_close(CmafOutput **output);

/* The first segment of a publisher begins, with these tracks. */
void cmaf_output_start(CmafOutput *output, const CmafSegment *segment, bool video, bool audio,
                       int64_t now_us);

/* By how much the date of a segment may be off from the end of the one before it. */
int64_t cmaf_output_date_step_us(const CmafOutput *output);

/* The segment ends where `next` begins. Called before the picture that begins it is handed in. */
void cmaf_output_cut(CmafOutput *output, const CmafSegment *next, int64_t now_us);

void cmaf_output_picture(CmafOutput *output, const AccessUnit *unit, int64_t pts_90k,
                         int64_t dts_90k, int64_t now_us);
void cmaf_output_audio(CmafOutput *output, const AacFrame *frame, int64_t now_us);

/* Moves a picture that is too late to where it can still be: when it is decoded, and if it must be,
 * when it is shown. */
void cmaf_output_settle(CmafOutput *output, bool idr, int64_t *pts_90k, int64_t *dts_90k);

/* Whether a segment must begin with this picture: it has other parameter sets. */
bool cmaf_output_needs_cut(const CmafOutput *output, const AccessUnit *unit);

/* Goes on with what time has brought about: no picture before `known_90k` is to come any more. */
void cmaf_output_tick(CmafOutput *output, int64_t known_90k, int64_t now_us);

/* The publisher has gone. */
void cmaf_output_finish(CmafOutput *output, int64_t now_us);

/* Whether nothing was ever listed, by an earlier run neither. */
bool cmaf_output_is_empty(const CmafOutput *output);

/* What is listed, by an earlier run perhaps: LISTING_OPEN where any playlist is open. */
Listing cmaf_output_listing(const CmafOutput *output);

/* Ends the playlists. Returns 0, or -1 with errno; call it again then. */
int cmaf_output_end(CmafOutput *output);

/* Removes everything of an ended stream but the playlists, for their numbers. Returns 0, or -1 with
 * errno; call it again then. */
int cmaf_output_clear(CmafOutput *output);

/* Removes files that may go by `files_us`, which is `now_us` or before, answers those who have
 * waited for too long, and writes lists again that could not be written. Returns when there is
 * something next. */
int64_t cmaf_output_expire(CmafOutput *output, int64_t now_us, int64_t files_us);

CmafOutputStats cmaf_output_stats(const CmafOutput *output);

#endif
