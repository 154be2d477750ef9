/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_STATUS_H
#define STREAM_STATUS_H

/* How a stream stands, as plain values: what status and metrics show of it.
 *
 * Thread-safety: none needed, values are copied. */

#include "ingest/source.h"
#include "ingest/source_problem.h"
#include "package/thumbnail.h"
#include "segment/hls_output.h"
#include "stream_name.h"

typedef enum StreamState {
    STREAM_LIVE,  /* a publisher sends */
    STREAM_HELD,  /* none does, but one may come back */
    STREAM_ENDED, /* the playlist is ended, and may still be watched */
} StreamState;

/* A copy of how a stream stands, a quarter of a second old at the most. */
typedef struct StreamStatus {
    char name[STREAM_NAME_MAX + 1];
    int64_t at_us; /* it stood like this; monotonic */
    StreamState state;
    int64_t since_us;           /* it has been in this state; monotonic */
    int64_t live_since_unix_us; /* 0: not live */
    uint64_t publishers;        /* so far */
    uint64_t excessive;         /* of them, ended since they sent too much */
    bool has_source;
    bool unlisted;                 /* no list of what is live names it */
    char title[SOURCE_TITLE_SIZE]; /* the publisher's word; "": none */
    SourceStats source;
    SourceProblem problem; /* with what the publisher sends */
    ThumbnailStats thumbnail;
    HlsOutputStats output;
    int64_t target_duration_s;
    uint64_t media_sequence, discontinuity_sequence;
    size_t playlist_segments;
    int64_t bitrate; /* all that comes, a mean of some seconds; below 0: not known yet */
} StreamStatus;

#endif
