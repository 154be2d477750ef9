/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUT_STATS_H
#define OUTPUT_STATS_H

/* What the outputs of a stream have done, as plain values: each output fills in its own part, and
 * what belongs to an output that is switched off stays zero.
 *
 * Thread-safety: none needed, values are copied. */

#include "base/histogram.h"
#include "base/rendition.h"

/* Another rendition of classic HLS than the best. */
typedef struct TsOtherStats {
    char name[RENDITION_NAME_SIZE];
    uint64_t segments, bytes;
    uint64_t filled; /* of the segments, copies of the best one's: it had no picture */
} TsOtherStats;

/* The classic playlist and its .ts segments. */
typedef struct TsOutputStats {
    uint64_t segments, bytes;
    uint64_t failed_writes; /* segments lost to the disk */
    uint64_t discontinuities;
    int64_t last_duration_90k;
    uint64_t last_bytes;
    int64_t last_published_us; /* monotonic; 0: none yet */
    Histogram latency;         /* from the arrival of a segment's end until it is in the playlist */
    uint64_t media_sequence, discontinuity_sequence; /* of the playlist */
    size_t listed;                                   /* segments in it */
    size_t others;
    TsOtherStats other[VIDEO_TRACKS_MAX - 1];
} TsOutputStats;

/* One rendition of CMAF. */
typedef struct CmafTrackStats {
    uint64_t segments, bytes;
    uint64_t parts;
    uint64_t repeated; /* of them, filled with a picture that repeats the last */
    uint64_t gaps;     /* of them, could not be made or written */
    uint64_t keyless;  /* segments that were to be encrypted, and for which there was no key: all
                          their parts are gaps */
    uint64_t failed_writes; /* files that could not be written: parts, segments, initialisation
                               segments */
    int64_t media_90k;      /* length of the segments */
    int64_t peak_bitrate, average_bitrate; /* bit/s, as rate_meter.h has them */
    int64_t keys_peak_bitrate;             /* likewise, of the IDR pictures that begin segments */
} CmafTrackStats;

/* Of another rendition than the best video and the sound. */
typedef struct CmafOtherStats {
    char name[RENDITION_NAME_SIZE + 8]; /* of its list: "video-low" */
    CmafTrackStats track;
} CmafOtherStats;

typedef struct CmafOutputStats {
    CmafTrackStats video, audio;
    size_t others;
    CmafOtherStats other[RENDITIONS_MAX - 2];
    Histogram latency; /* from the arrival of a part's end until it is in the playlist */
    int64_t last_latency_us;
    size_t held; /* requests that wait for what is to come */
} CmafOutputStats;

/* Writes of pictures that failed, of all sizes. */
static inline uint64_t cmaf_video_failed_writes(const CmafOutputStats *stats)
{
    uint64_t failed = stats->video.failed_writes;

    for (size_t i = 0; i < stats->others; i++)
        failed += stats->other[i].track.failed_writes;
    return failed;
}

typedef struct ThumbnailStats {
    uint64_t made;
    uint64_t failed;      /* could not be decoded, or not be written */
    int64_t made_unix_us; /* when there was a new one; 0: there is none */
} ThumbnailStats;

#define OUTPUT_COUNTS_MAX 8

/* A number that an output wants to be shown, and that nothing else knows of. */
typedef struct OutputCount {
    const char *output, *name; /* static strings */
    uint64_t value;
} OutputCount;

typedef struct OutputStats {
    TsOutputStats ts;
    bool has_low_latency;
    CmafOutputStats low_latency;
    ThumbnailStats thumbnail;
    Histogram writes;  /* of files, by all outputs */
    uint64_t failures; /* times that an output could not do all that it should with media */
    size_t counts;
    OutputCount count[OUTPUT_COUNTS_MAX]; /* of other outputs; what finds no room is left out */
} OutputStats;

/* Shows a number of an output. */
static inline void output_stats_count(OutputStats *stats, const char *output, const char *name,
                                      uint64_t value)
{
    if (stats->counts < OUTPUT_COUNTS_MAX)
        stats->count[stats->counts++] = (OutputCount){output, name, value};
}

#endif
