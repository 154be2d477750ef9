/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef INGEST_H
#define INGEST_H

/* One publisher, wherever its media come from: RTP from sockets (rtp_source.h), or a recording
 * (replay.h). A stream knows only this table.
 *
 * The stream's thread works in a loop: it reads; it receives until there is nothing, and does what
 * is due at each time; it rests until something can be read, or is due.
 *
 * Thread-safety: one thread, the stream's. */

#include <poll.h>

#include "base/rendition.h"
#include "codec/opus_to_aac.h"
#include "ingest/ingest_stats.h"
#include "mean_rate.h"

#define INGEST_FDS_MAX (2 * STREAM_TRACKS_MAX)

typedef struct Ingest Ingest;

/* Where the media goes. Called from within receive, tick and finish. */
typedef struct IntakeSink {
    void *user;
    void (*picture)(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k);
    void (*audio)(void *user, const AacFrame *frame);
    /* Packets of a video track came at `at_90k`, but no picture can be made of them before an IDR
     * picture comes, which is asked for. NULL: nobody wants to know. */
    void (*broken)(void *user, size_t track, int64_t at_90k);
} IntakeSink;

typedef enum IngestNews {
    INGEST_NOTHING,
    INGEST_MEDIA,
    INGEST_GAP, /* media was dropped since too much waited: call `begin_again` */
} IngestNews;

typedef struct IngestTable {
    /* Lets media begin: call it before the first `receive`, and after `begin_again`. `audio` is
     * borrowed, and needed if a rendition is audio; `starts_90k` is the earliest place on the
     * stream's clock for this publisher. */
    void (*start)(Ingest *ingest, const IntakeSink *sink, OpusToAac *audio, int64_t starts_90k);

    /* Reads what has come. From now until `rest` the thread works: if it is held up, the stand-in
     * reads for it, and asks for IDR pictures as `keep_asking` says. */
    void (*read)(Ingest *ingest, int64_t now_us);
    void (*rest)(Ingest *ingest);

    /* Takes in what was read at one time, which `read_us` takes: long ago if the thread was held
     * up. Call it until there is nothing. */
    IngestNews (*receive)(Ingest *ingest, int64_t *read_us);
    bool (*has_more)(Ingest *ingest);

    /* Forgets the media before a gap, after `finish`: what comes next starts again. */
    void (*begin_again)(Ingest *ingest);

    /* Does what is due at `now_us`, up to which all was received. Asks by itself for an IDR picture
     * of each track that cannot go on without one. */
    void (*tick)(Ingest *ingest, int64_t now_us);

    /* When `tick` next has something to do; NEVER_US: not by itself. */
    int64_t (*deadline_us)(const Ingest *ingest);

    /* What to wait for, INGEST_FDS_MAX at most. Returns how many. */
    size_t (*poll_fds)(const Ingest *ingest, struct pollfd *fds);

    /* Asks for an IDR picture of each video track, unless it was asked just now, or much has come
     * since. */
    void (*ask_for_idr)(Ingest *ingest, int64_t now_us);

    /* While the thread is held up, the stand-in asks the publisher at `at_us`, and each `every_us`
     * from then on; NEVER_US: not at all. */
    void (*keep_asking)(Ingest *ingest, int64_t at_us, int64_t every_us);

    /* The publisher has gone: fills the audio up to the end of its pictures; 0: it had none. */
    void (*finish)(Ingest *ingest, int64_t pictures_end_90k);

    /* The stream's clock at `now_us`; false: no media has come yet. */
    bool (*stream_clock)(const Ingest *ingest, int64_t now_us, int64_t *at_90k);

    /* When, on the monotonic clock, what is at `at_90k` came. */
    int64_t (*arrival_of)(const Ingest *ingest, int64_t at_90k);

    /* When something last came; the time of creation if nothing has. */
    int64_t (*last_heard_us)(const Ingest *ingest);

    IngestStats (*stats)(const Ingest *ingest);
    void (*destroy)(Ingest *ingest);
} IngestTable;

/* The members of every ingest. */
struct Ingest {
    const IngestTable *does;
    Renditions renditions;         /* that it sends, in the order of its tracks */
    char title[INGEST_TITLE_SIZE]; /* what the publisher calls it; "": nothing */
    bool unlisted;                 /* no list of what is live names it */
    bool protected;                /* only who has a playback token may watch it */
    bool has_ladder;               /* it says itself what it is to be transcoded to: */
    char ladder[INGEST_LADDER_SIZE];
    bool heard;    /* something has come */
    MeanRate rate; /* of what it sends, once it is heard */
};

/* Accepts NULL, leaves NULL. */
static inline void ingest_destroy(Ingest **ingest)
{
    if (*ingest)
        (*ingest)->does->destroy(*ingest);
    *ingest = NULL;
}

#endif
