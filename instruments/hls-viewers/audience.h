/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIENCE_H
#define AUDIENCE_H

/* All viewers of hls-viewers: each asks for playlists and media as a player does, and looks whether
 * what it is given is what was asked for, in order and whole.
 *
 * Thread-safety: one thread. */

#include "http_loop.h"
#include "viewer_options.h"
#include "viewer_tally.h"

typedef struct Audience Audience;

/* Nobody has come yet. `options`, `loop` and `tally` are borrowed for as long as it is there.
 * Returns NULL if there is no memory. */
Audience *audience_create(const ViewerOptions *options, HttpLoop *loop, ViewerTally *tally);
void audience_destroy(Audience **audience); /* before the loop; accepts NULL, leaves NULL */

/* The first `count` viewers are there from now on. */
void audience_admit(Audience *audience, size_t count);

/* Has those ask who wait until a time; to be called every few milliseconds. */
void audience_tick(Audience *audience, int64_t now_us);

/* What is counted and measured begins here; what was wrong before is kept. */
void audience_measure(Audience *audience);

/* Fills in `joined`, `fewest` and `most`. */
void audience_summarise(const Audience *audience, ViewerSummary *summary);

#endif
