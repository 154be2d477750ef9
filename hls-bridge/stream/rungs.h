/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNGS_H
#define RUNGS_H

/* What is transcoded of one publisher: its best pictures, as they go out, go to hls-transcoder, and
 * what comes back are renditions that follow (segment/follower.h), one for each rung.
 *
 * Nothing here waits. Whatever becomes of the transcoder, the segmenter fills what it does not
 * make.
 *
 * Thread-safety: one thread, the stream's; many share an EncoderBudget. */

#include <poll.h>

#include "base/clock.h"
#include "segment/segmenter.h"
#include "stream/audience.h"
#include "transcode/transcoder.h"

typedef struct Rungs Rungs;

/* What is wanted of all streams. */
typedef struct RungsParams {
    const char *program;    /* path of hls-transcoder; borrowed */
    TranscodeConfig config; /* but for the codec. A ladder without a rung: nothing is transcoded */
    const char *ladders;    /* of single streams, by name (transcode/named_ladders.h); borrowed */
    size_t encoders;        /* that one stream may have at once */
    EncoderBudget *budget;  /* of all streams; borrowed */

    /* A rung is made while viewers ask for it, and `idle_us` longer. 0: always. A source of which
     * rungs cannot be filled always has all. */
    int64_t idle_us;
    AudienceParams audience; /* that is looked at for it */
} RungsParams;

/* What is wanted of one publisher: `params` with the ladder that it asks for, if it asks for one
 * (`own`; NULL: it does not), or else that of its stream's name, or else that of all. One that
 * cannot be read is left aside, and the log says so. */
RungsParams rungs_params_for(const RungsParams *params, const char *stream, const char *own);

/* Adds the rungs to what a publisher sends, behind it. A rung whose name is taken, or that has no
 * room, is left out; so are the upper ones for which one stream has no encoders, if what is sent
 * cannot take their place since it is not H.264. If no viewer gets what is sent as it is (`taken`
 * is false), the largest rung is the best that they get, and so has no name. */
void rungs_describe(const RungsParams *params, bool taken, Renditions *renditions);

/* Makes those that follow in `renditions`, as segmenter_begin() was given them, once that was
 * called. Params and name are borrowed for its life, as the segmenter is. Returns NULL if there are
 * none, or no memory. */
Rungs *rungs_create(const RungsParams *params, const char *stream, Segmenter *segmenter,
                    const Renditions *renditions);

/* Ends the transcoder. Accepts NULL, leaves NULL. */
void rungs_destroy(Rungs **rungs);

/* Each of these accepts NULL, for which there is nothing to do. */

/* Hands on what has come, and does what is due. Call it after media, and when the descriptor is
 * ready or the deadline is there. */
void rungs_work(Rungs *rungs, int64_t now_us);

/* The publisher goes: waits a moment for what is still to come of what it sent. Then rungs_work()
 * has handed on all that came. */
void rungs_flush(Rungs *rungs, const Clock *clock);

/* What to wait for: 1 or 0 descriptors. Returns how many. */
size_t rungs_poll_fd(const Rungs *rungs, struct pollfd *fd);

/* When rungs_work() is due, though nothing comes; NEVER_US: at no time. */
int64_t rungs_deadline_us(const Rungs *rungs);

/* Zeros if there are none. */
TranscoderStats rungs_stats(const Rungs *rungs);

#endif
