/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_STATUS_H
#define STREAM_STATUS_H

/* The state of a stream, as plain values, for status and metrics.
 *
 * Thread-safety: none needed, values are copied. */

#include "ingest/ingest_stats.h"
#include "package/output_stats.h"
#include "segment/segmenter_stats.h"
#include "transcode/transcoder_stats.h"

#define STREAM_STATUS_NAME_SIZE 65 /* bytes: a stream name and its end */

typedef enum StreamState {
    STREAM_LIVE,  /* a publisher sends */
    STREAM_HELD,  /* none does, but one may come back */
    STREAM_ENDED, /* the playlist is ended, and may still be watched */
} StreamState;

/* A copy of a stream's state, at most a quarter of a second old. */
typedef struct StreamStatus {
    char name[STREAM_STATUS_NAME_SIZE];
    int64_t at_us; /* when it was copied; monotonic */
    StreamState state;
    int64_t since_us;           /* since when it is in this state; monotonic */
    int64_t live_since_unix_us; /* 0: not live */
    uint64_t publishers;        /* so far */
    uint64_t excessive;         /* of them, ended because they sent too much */
    bool has_source;
    bool unlisted;                 /* no list of what is live names it */
    bool protected;                /* only who has a playback token may watch it */
    char title[INGEST_TITLE_SIZE]; /* as the publisher gives it; "": none */
    IngestStats source;
    const char *problem; /* what is wrong with the video, by its static name; NULL: nothing */
    SegmenterStats segmenter;
    OutputStats output;
    TranscoderStats transcoder; /* of this publisher */
    TroubleStats trouble;       /* that a teacher makes */
    int64_t bitrate;            /* all that comes, a mean of some seconds; below 0: not known yet */
} StreamStatus;

#endif
