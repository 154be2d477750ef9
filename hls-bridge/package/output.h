/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUT_H
#define OUTPUT_H

/* An output makes something of a stream's media: it is a table of functions, and the object that
 * they are called with. The segmenter decides where segments begin and end, once for all outputs,
 * and hands the same media to each of them; it does not know which outputs there are.
 *
 * A new output is one file with such a table, and one line in the list of packager.c.
 *
 * A function that returns int returns 0, or -1 with errno if something is lost or must be tried
 * again. For lost media the output leaves a gap. Files that can still be written it writes from
 * `expire`. The caller calls `end` and `clear` again. The packager removes from the store what may
 * go: an output only says when (store_remove_at()).
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "base/output_bound.h"
#include "base/rendition.h"
#include "package/listing.h"
#include "package/output_files.h"
#include "package/output_stats.h"

/* How much later than the best rendition one that follows may come (Rendition.follows), on the
 * stream's clock. What has not come by then is filled. */
#define OUTPUT_LAG_90K TICKS_PER_S

/* Returns when media at `at_90k` on the stream's clock was captured, by the wall clock. */
typedef WallTime (*OutputWallClock)(void *user, int64_t at_90k);

/* A publisher, as outputs know it. `renditions` are those that it announced and really sends. */
typedef struct OutputPublisher {
    const Renditions *renditions; /* valid until the output's `finish` */
    OutputWallClock wall_clock;
    void *user; /* of wall_clock */
} OutputPublisher;

/* What is known about a segment when it begins. */
typedef struct OutputSegment {
    int64_t start_90k;
    int64_t limit_90k; /* the latest end */
    int64_t starts_unix_us;
    bool discontinuity; /* before it */
    bool copies;        /* of a rendition that follows: it is to have all the best one's pictures at
                           their times, and no others. They come all the same, for an output that
                           cannot have what the best one has */
} OutputSegment;

typedef struct Output Output;

/* A function may be NULL: then nothing is done, or the default in brackets is the answer. */
typedef struct OutputCalls {
    const char *name; /* in log lines, status and settings */

    /* A publisher begins, or its renditions change. Media that comes before its first segment may
     * already belong to that segment. -1: the output makes nothing of this publisher. */
    int (*begin)(void *self, const OutputPublisher *publisher);
    /* The first segment of a publisher begins. */
    int (*start)(void *self, const OutputSegment *first, int64_t now_us);

    /* Makes an output of one rendition that follows, at `track` in the newest `begin`. It gets that
     * one's pictures and nobody else's, and all calls from `start` to `finish` when it has come to
     * them: later than this one, in the same order. It is closed before this one starts again or
     * is closed. Returns 0 with the output in `out`, 1: it needs none [1], or -1 with errno. */
    int (*follow)(void *self, size_t track, Output *out);

    /* Whether viewers get pictures of this codec from it [no]. Others may come all the same, if
     * another output takes them. */
    bool (*takes)(const void *self, Codec codec);
    /* Whether a segment must begin with this picture [no]. */
    bool (*needs_cut)(const void *self, const AccessUnit *unit);
    /* Moves a picture that is too late to the earliest possible time: its decoding, and if
     * necessary its display. All outputs get it with the new times. */
    void (*settle)(const void *self, const AccessUnit *unit, int64_t *pts_90k, int64_t *dts_90k);
    /* By how much the date of a segment may differ from the end of the one before it [any]. */
    int64_t (*date_step_us)(const void *self);

    /* Media, each rendition in the order of decoding; the bytes are borrowed for the call. */
    int (*picture)(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us);
    int (*sound)(void *self, const AacFrame *frame, int64_t now_us);

    /* The segment ends where `next` begins. Called before the first picture of `next`; sound of the
     * segment may still come. */
    int (*cut)(void *self, const OutputSegment *next, int64_t now_us);
    /* All sound of the segment is here. The segment lasts up to `end_90k` and has the samples
     * before `until_90k`. The `next` of the last cut follows it. */
    int (*complete)(void *self, int64_t until_90k, int64_t end_90k, int64_t now_us);
    /* Time has passed: no more pictures come before `known_90k`. */
    int (*tick)(void *self, int64_t known_90k, int64_t now_us);
    /* The publisher has gone, or its renditions will change. */
    int (*finish)(void *self, int64_t now_us);

    /* No publisher comes back: ends the playlists. */
    int (*end)(void *self);
    /* Removes all files of an ended stream, except those that keep its numbers. */
    int (*clear)(void *self);
    /* Ends what has waited for too long, and tries again what has failed. Returns when to call it
     * next [NEVER_US]. */
    int64_t (*expire)(void *self, int64_t now_us);

    /* Adds the video renditions that viewers know to `out`, the best first as far as that is known;
     * perhaps from an earlier run [none]. They stay, whatever the next publisher sends. */
    void (*renditions)(const void *self, Renditions *out);
    /* What viewers find, perhaps from an earlier run [LISTING_NONE]. */
    Listing (*listing)(const void *self);
    /* Whether nothing was ever listed, not by an earlier run either [yes]. */
    bool (*is_empty)(const void *self);
    /* Fills in the output's own members. */
    void (*stats)(const void *self, OutputStats *out);

    /* Frees it. Media that is not written is lost: call `finish` first. */
    void (*close)(void *self);
} OutputCalls;

struct Output {
    const OutputCalls *calls;
    void *self;
    uint64_t failures; /* how often a call with media returned -1 */
};

/* The settings of outputs, the same for all streams. */
typedef struct OutputSettings {
    int64_t segment_us;
    size_t window; /* segments in a playlist */
    bool writes_ts;
    bool durable;         /* .ts segments and their playlist survive a power cut */
    struct LlHub *ll_hub; /* low-latency HLS is told to; borrowed; NULL: there is none */
    bool low_sound; /* with several sizes, the smallest has a sound of its own, with fewer bits; the
                       packager sets it */
    bool opus;      /* low latency has the publisher's Opus too */
    int64_t ll_part_us;              /* about how long its parts are */
    bool ll_dash;                    /* and manifest.mpd */
    struct Thumbnailer *thumbnailer; /* borrowed; NULL: there are no thumbnails */
    int64_t thumbnail_us;            /* from one to the next */
    const char *language;            /* of the sound, "en"; borrowed, and outlives the outputs;
                                        NULL: it is not known, "und" */
    MediaEncryption encryption;      /* of .ts segments and of low latency */
    const char *also;                /* the name of one more output; borrowed; NULL or "": none */
} OutputSettings;

/* The params to open an output. All pointers are borrowed, and outlive the output. */
typedef struct OutputParams {
    const char *stream;             /* a valid stream name */
    const OutputSettings *settings; /* for the open alone */
    const Clock *clock;
    OutputBound *bound;        /* of files */
    const uint8_t *aac_config; /* AudioSpecificConfig */
    size_t aac_config_len;
    const OutputFiles *files;

    /* An output may set these for the outputs that are opened after it. */
    int64_t target_duration_s; /* of all lists; one that is taken up keeps its promise */
    struct TsOutput *ts;       /* NULL: there is none */
    struct CmafOutput *cmaf;   /* likewise */
} OutputParams;

/* Opens an output for a stream, and takes up what an earlier run has left. Returns 0 with the
 * output in `out`, 1: it is switched off, or -1 with errno. */
typedef int (*OutputOpen)(OutputParams *params, int64_t now_us, Output *out);

#endif
