/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUT_H
#define OUTPUT_H

/* What is made of a stream's media: an output is a table of functions and the object that they are
 * called with. The segmenter decides where segments begin and end, once for all outputs, and hands
 * the same media to each of them; it does not know which they are.
 *
 * A new output is one file with such a table, and one line in the list of packager.c.
 *
 * What returns int returns 0, or -1 with errno if something is lost or has to be tried again: of
 * media an output leaves a gap, and files that can still be written it writes from `expire`; `end`
 * and `clear` are called again by whoever wants them.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "base/output_bound.h"
#include "base/rendition.h"
#include "package/listing.h"
#include "package/output_files.h"
#include "package/output_stats.h"

/* When what is at `at_90k` of the stream's clock was captured, by the wall clock. */
typedef int64_t (*OutputWallClock)(void *user, int64_t at_90k);

/* A publisher, as outputs know it. `renditions` are those that it sends and that come. */
typedef struct OutputPublisher {
    const Renditions *renditions; /* valid until the output's `finish` */
    OutputWallClock wall_clock;
    void *user; /* of wall_clock */
} OutputPublisher;

/* What is known of a segment when it begins. */
typedef struct OutputSegment {
    int64_t start_90k;
    int64_t limit_90k; /* it ends there at the latest */
    int64_t starts_unix_us;
    bool discontinuity; /* before it */
} OutputSegment;

/* A function that is not there: nothing is done, or the default in brackets is the answer. */
typedef struct OutputCalls {
    const char *name; /* in log lines, status and settings */

    /* A publisher begins, or its renditions are others from now on: what comes before its first
     * segment may already be part of that. -1: the output makes nothing of this publisher. */
    int (*begin)(void *self, const OutputPublisher *publisher);
    /* The first segment of a publisher begins. */
    int (*start)(void *self, const OutputSegment *first, int64_t now_us);

    /* Whether a segment must begin with this picture [no]. */
    bool (*needs_cut)(const void *self, const AccessUnit *unit);
    /* Moves a picture that is too late to where it can still be: when it is decoded, and if it must
     * be, when it is shown. All outputs get it there. */
    void (*settle)(const void *self, const AccessUnit *unit, int64_t *pts_90k, int64_t *dts_90k);
    /* By how much the date of a segment may be off from the end of the one before it [any]. */
    int64_t (*date_step_us)(const void *self);

    /* Media, each rendition in the order of decoding; the bytes are borrowed for the call. */
    int (*picture)(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us);
    int (*sound)(void *self, const AacFrame *frame, int64_t now_us);

    /* It is decided that the segment ends where `next` begins; called before the picture that
     * begins that. Sound before it may still come. */
    int (*cut)(void *self, const OutputSegment *next, int64_t now_us);
    /* All sound of the segment is here: it lasts up to `end_90k`, and has what lies before
     * `until_90k`. The next one is the `next` of the last cut. */
    int (*complete)(void *self, int64_t until_90k, int64_t end_90k, int64_t now_us);
    /* Time has passed: no picture before `known_90k` is to come any more. */
    int (*tick)(void *self, int64_t known_90k, int64_t now_us);
    /* The publisher has gone, or its renditions are about to be others. */
    int (*finish)(void *self, int64_t now_us);

    /* Nobody comes back: ends what viewers are told of. */
    int (*end)(void *self);
    /* Removes everything of an ended stream but what has its numbers. */
    int (*clear)(void *self);
    /* Removes files that may go by `files_us`, which is `now_us` or before, and does again what
     * could not be done. Returns when there is something next [NEVER_US]. */
    int64_t (*expire)(void *self, int64_t now_us, int64_t files_us);

    /* What viewers find, left by an earlier run perhaps [LISTING_NONE]. */
    Listing (*listing)(const void *self);
    /* Whether nothing was ever listed, by an earlier run neither [yes]. */
    bool (*is_empty)(const void *self);
    /* Fills in its own part. */
    void (*stats)(const void *self, OutputStats *out);

    /* What is not yet written is lost: finish first. */
    void (*close)(void *self);
} OutputCalls;

typedef struct Output {
    const OutputCalls *calls;
    void *self;
    uint64_t failures; /* times that a call for media returned -1 */
} Output;

/* What is set of the outputs of all streams. */
typedef struct OutputSettings {
    int64_t segment_us;
    size_t window; /* segments in a playlist */
    bool writes_ts;
    bool durable;                    /* .ts segments and their playlist survive a power cut */
    struct LlHub *ll_hub;            /* low-latency HLS is told to; borrowed; NULL: there is none */
    int64_t ll_part_us;              /* about how long its parts are */
    bool ll_dash;                    /* and manifest.mpd */
    struct Thumbnailer *thumbnailer; /* borrowed; NULL: there are no thumbnails */
    int64_t thumbnail_us;            /* from one to the next */
    const char *also;                /* the name of one more output; borrowed; NULL or "": none */
} OutputSettings;

/* What an output is opened with. All that is pointed to is borrowed, and outlives the output. */
typedef struct OutputParams {
    const char *stream;             /* a valid stream name */
    const char *directory;          /* of all streams; exists; for the open alone */
    const OutputSettings *settings; /* for the open alone */
    const Clock *clock;
    OutputBound *bound;        /* of files */
    const uint8_t *aac_config; /* AudioSpecificConfig */
    size_t aac_config_len;
    const OutputFiles *files;

    /* What an output leaves for those that are opened after it. */
    int64_t target_duration_s; /* of all lists; one that is taken up keeps its promise */
    struct TsOutput *ts;       /* NULL: there is none */
    struct CmafOutput *cmaf;   /* likewise */
} OutputParams;

/* Opens an output for a stream, and takes up what an earlier run has left. Returns 0 with the
 * output in `out`, 1: it is switched off, or -1 with errno. */
typedef int (*OutputOpen)(OutputParams *params, int64_t now_us, Output *out);

#endif
