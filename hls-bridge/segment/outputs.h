/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUTS_H
#define OUTPUTS_H

/* All outputs of a stream as one: each function of output.h, called for each output in turn, with
 * the default if an output does not have it. One that fails does not keep the others from the
 * media.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/output.h"

#define OUTPUTS_MAX 8

typedef struct Outputs {
    size_t count;
    Output item[OUTPUTS_MAX];
} Outputs;

/* Media: a failure is counted for its output. */
void outputs_begin(Outputs *outputs, const OutputPublisher *publisher);
/* Adds to `own` the outputs of one rendition that follows. */
void outputs_follow(Outputs *outputs, size_t track, Outputs *own);

void outputs_start(Outputs *outputs, const OutputSegment *first, int64_t now_us);
void outputs_picture(Outputs *outputs, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                     int64_t now_us);
void outputs_sound(Outputs *outputs, const AacFrame *frame, int64_t now_us);
void outputs_cut(Outputs *outputs, const OutputSegment *next, int64_t now_us);
void outputs_complete(Outputs *outputs, int64_t until_90k, int64_t end_90k, int64_t now_us);
void outputs_tick(Outputs *outputs, int64_t known_90k, int64_t now_us);
void outputs_finish(Outputs *outputs, int64_t now_us);

/* Whether viewers of any output get pictures of this codec as they are. */
bool outputs_take(const Outputs *outputs, Codec codec);

/* What viewers get of what a publisher sends: the sound alone, if no output takes its pictures. */
Renditions outputs_wanted(const Outputs *outputs, const Renditions *sent);

/* Whether any output needs it. */
bool outputs_need_cut(const Outputs *outputs, const AccessUnit *unit);

/* Each output in turn. */
void outputs_settle(const Outputs *outputs, const AccessUnit *unit, int64_t *pts_90k,
                    int64_t *dts_90k);

/* The smallest; INT64_MAX: any step is allowed. */
int64_t outputs_date_step_us(const Outputs *outputs);

/* Return 0, or -1 with the errno of an output that failed: then call them again. */
int outputs_end(Outputs *outputs);
int outputs_clear(Outputs *outputs);

/* The earliest time at which any has something to do. */
int64_t outputs_expire(Outputs *outputs, int64_t now_us);

/* The video renditions that viewers of any output know. */
Renditions outputs_renditions(const Outputs *outputs);

/* The highest listing of any output. */
Listing outputs_listing(const Outputs *outputs);

/* Whether none has ever listed anything. */
bool outputs_are_empty(const Outputs *outputs);

OutputStats outputs_stats(const Outputs *outputs);

/* Closes the last one first, since it may use another. */
void outputs_close(Outputs *outputs);

#endif
