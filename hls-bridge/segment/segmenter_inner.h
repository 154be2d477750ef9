/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENTER_INNER_H
#define SEGMENTER_INNER_H

/* The segmenter from inside, for segmenter.c, which cuts by the layer that leads, and
 * segmenter_layers.c, which says what becomes of the others; segmenter_gather.c has the beginning,
 * segmenter_followers.c the renditions that are made of the best one, and segmenter_times.c says
 * when something is due.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/early_sound.h"
#include "package/held_pictures.h"
#include "segment/follower.h"
#include "segment/ladder.h"
#include "segment/picture_delay.h"
#include "segment/picture_formats.h"
#include "segment/segment_cutter.h"
#include "segment/segment_dates.h"
#include "segment/segmenter.h"

/* What is late is late in all layers, if it was sent again: the others come so soon behind. */
#define LAYERS_TOGETHER_90K (TICKS_PER_S * 40 / 1000)

/* Of a publisher with several layers, or of one whose viewers know several renditions. A layer is
 * known by its index in the ladder. */
typedef struct Layers {
    bool used;
    EarlySound *sound;                  /* of that time; owned */
    bool gathering;                     /* it waits for the first IDR picture of each */
    int64_t gathered_90k;               /* when the first of them came; 0: none has */
    size_t lead;                        /* the layer whose IDR pictures segments are cut at */
    int64_t passed_90k;                 /* the newest picture of it that went out, as it came, */
    int64_t idr_90k;                    /* and the newest IDR picture */
    uint64_t cuts;                      /* that there were before it */
    int64_t known_90k;                  /* what comes for before this is late */
    int64_t clock_90k;                  /* of the newest tick */
    int64_t came_90k[VIDEO_TRACKS_MAX]; /* its newest IDR picture, by that clock */
    int64_t cut_90k;                    /* the newest cut at an IDR picture, */
    int64_t cut_from_90k;               /* and where that was, as it came */
    int64_t first_90k;                  /* the first picture of the segment, whatever it is, */
    int64_t first_from_90k;             /* likewise, */
    int64_t first_within_90k;           /* and how far from it others are of the same moment */
    bool cut_soon;                      /* what feeds a rendition has fallen silent, */
    bool refused;                       /* or has become other pictures, which wait for a cut */
    int64_t asked_90k;                  /* when an IDR picture was asked for, for either */
    bool skips[VIDEO_TRACKS_MAX];       /* pictures, until an IDR one */
    bool behind[VIDEO_TRACKS_MAX];      /* it has not come to that first picture */
    bool due[VIDEO_TRACKS_MAX];         /* its IDR picture at the newest cut is still to come out */
    bool begins[VIDEO_TRACKS_MAX];      /* a rendition, with the next IDR picture that may */
    int64_t last_dts_90k[VIDEO_TRACKS_MAX]; /* of a rendition; 0: none yet */
    HeldPictures held[VIDEO_TRACKS_MAX];    /* that wait until it is known where the cut is */
} Layers;

typedef enum SegmenterState {
    SEGMENTER_IDLE,    /* no publisher */
    SEGMENTER_WAITING, /* for the first IDR picture, or the first sound if there is no video */
    SEGMENTER_OPEN,    /* a segment is open */
} SegmenterState;

struct Segmenter {
    SegmenterParams params;
    SegmentCutter cutter;
    SegmenterState state;
    Renditions sent;  /* by the publisher, without followers */
    Renditions out;   /* that viewers are to have of it */
    Renditions going; /* out: those, or the sound alone if no pictures come */
    bool has_audio;
    size_t lead; /* the rendition that goes out and segments are cut by; RENDITION_NONE: sound */
    Ladder ladder;
    Layers layers;
    Follower *follower; /* of the publisher; owned. Their indexes follow those of what is sent */
    size_t followers;
    SegmenterTap tap;
    OutputWallClock wall_clock;
    void *wall_clock_user;
    int64_t start_90k; /* of the open segment */
    int64_t cut_90k;   /* where it ends, once that is known; 0: not yet */
    SegmentDates dates;
    PictureDelay delay;                   /* of pictures */
    PictureFormats formats;               /* of those that went out */
    int64_t last_dts_90k;                 /* of the newest picture; 0: none yet */
    bool skips;                           /* pictures, until an IDR picture that it asks for */
    int64_t skips_until_90k;              /* and does not take before this */
    bool missed_restart;                  /* among what was skipped */
    int64_t audio_end_90k, video_end_90k; /* of what has come; 0: nothing */
    int64_t first_audio_90k;              /* since the publisher began; 0: none yet */
    int64_t end_90k;                      /* of all that was put out */
    bool next_discontinuity;              /* before the segment after the one that is open */
    uint64_t cuts;                        /* that were announced */
    int64_t now_us;
    bool wrote; /* there is something for the next publisher to differ from */
    SegmenterStats stats;
};

static inline bool segmenter_has_pictures(const Segmenter *segmenter)
{
    return segmenter->lead != RENDITION_NONE;
}

/* Index of the first video rendition, of what is sent and of what goes out. */
static inline size_t segmenter_first_video(const Segmenter *segmenter)
{
    return segmenter->has_audio ? 1 : 0;
}

/* A publisher begins: says what viewers are to have of it, as far as that is known. */
void segmenter_layers_begin(Segmenter *segmenter, const Renditions *sent);

/* A picture of any layer has come. */
void segmenter_layers_picture(Segmenter *segmenter, const AccessUnit *unit, int64_t pts_90k,
                              int64_t dts_90k);

/* Begins with what there is, if the first IDR pictures of all layers have come, or have been waited
 * for by `at_90k`. */
void segmenter_layers_gather(Segmenter *segmenter, int64_t at_90k);

/* Sound has come before outputs have begun. */
void segmenter_layers_keep_sound(Segmenter *segmenter, const AacFrame *frame);

/* Lets those pictures go on that need not wait: sound has come, or time has passed. */
void segmenter_layers_release(Segmenter *segmenter);
void segmenter_layers_tick(Segmenter *segmenter, int64_t clock_90k, int64_t known_90k);

/* A segment is to end by time, since no picture ends it. */
void segmenter_layers_cut(Segmenter *segmenter);

/* Whether an IDR picture is to be asked for, though no segment is due. */
bool segmenter_layers_ask(Segmenter *segmenter, int64_t clock_90k);

/* The publisher goes: everything goes out. */
void segmenter_layers_finish(Segmenter *segmenter);
void segmenter_layers_clear(Segmenter *segmenter);

/* ---- of segmenter_followers.c ---- */

/* A publisher begins with `sent`: takes out of it those that follow. */
void segmenter_followers_begin(Segmenter *segmenter, Renditions *sent);

/* Leaves out of `listed` those that follow: they are no renditions of the ladder. */
void segmenter_followers_leave_out(const Segmenter *segmenter, Renditions *listed);

/* Adds them to what goes out; outputs begin with these. */
void segmenter_followers_add(Segmenter *segmenter, Renditions *going);
void segmenter_followers_begin_outputs(Segmenter *segmenter);

/* Whether what feeds one of them changes at a segment that begins with this picture. */
bool segmenter_followers_part(const Segmenter *segmenter, const AccessUnit *unit);

/* What happens to the best rendition. */
void segmenter_followers_cut(Segmenter *segmenter, const OutputSegment *segment, bool first);
void segmenter_followers_best(Segmenter *segmenter, const AccessUnit *unit, int64_t pts_90k,
                              int64_t dts_90k);
void segmenter_followers_tick(Segmenter *segmenter, int64_t clock_90k, int64_t known_90k);
void segmenter_followers_come_to_end(Segmenter *segmenter);
void segmenter_followers_finish(Segmenter *segmenter);

/* A picture of a follower has come: `track` is its index in what the publisher sends. */
void segmenter_followers_own(Segmenter *segmenter, const AccessUnit *unit, int64_t pts_90k,
                             int64_t dts_90k);

/* When, on the stream's clock, a tick has something to do for them. */
int64_t segmenter_followers_deadline_90k(const Segmenter *segmenter);

void segmenter_followers_stats(const Segmenter *segmenter, SegmenterStats *stats);

/* ---- of segmenter.c ---- */

/* What the segmenter did with a picture of the layer that leads. */
typedef struct SegmenterLed {
    bool out; /* it went out, at these times */
    int64_t pts_90k, dts_90k;
    bool begins;     /* a segment begins with it, */
    int64_t cut_90k; /* and this is where IDR pictures of its moment are put: at the cut, or beside
                        it behind a cut by time */
} SegmenterLed;

/* What a picture of the layer that leads is for the renditions that others feed. */
typedef struct SegmenterTurn {
    bool must_cut; /* a segment is to begin with it */
    bool parts;    /* a segment that begins with it is behind a discontinuity */
} SegmenterTurn;

/* A picture of the layer that leads, which is cut by. */
SegmenterLed segmenter_lead(Segmenter *segmenter, const AccessUnit *unit, int64_t pts_90k,
                            int64_t dts_90k, SegmenterTurn turn);

/* Whether an IDR picture should be asked for: by where pictures stand, which may be ahead of the
 * clock, because segments are cut at pictures. */
bool segmenter_wants_idr(Segmenter *segmenter, int64_t clock_90k);

/* What is sent goes out from now on, with pictures or without. */
void segmenter_begin_outputs(Segmenter *segmenter, bool video);

#endif
