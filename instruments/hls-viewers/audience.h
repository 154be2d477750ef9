/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIENCE_H
#define AUDIENCE_H

/* All viewers of hls-viewers. Each asks for playlists and media as a player does, and checks that
 * the answers are right, in order and complete.
 *
 * Thread-safety: one thread. */

#include "http_loop.h"
#include "token_list.h"
#include "viewer_options.h"
#include "viewer_tally.h"

typedef struct Audience Audience;

/* Returns an audience without viewers, or NULL if there is no memory. All that it is given is
 * borrowed until it is destroyed; viewers take turns at the tokens, if there are any. */
Audience *audience_create(const ViewerOptions *options, const TokenList *tokens, HttpLoop *loop,
                          ViewerTally *tally);
void audience_destroy(Audience **audience); /* before the loop; accepts NULL, leaves NULL */

/* Lets viewers come until `count` are there. */
void audience_admit(Audience *audience, size_t count);

/* Lets the viewers ask whose time has come. Call it every few milliseconds. */
void audience_tick(Audience *audience, int64_t now_us);

/* Begins to count and measure. Faults from before are kept. */
void audience_measure(Audience *audience);

/* Fills in `joined`, `fewest` and `most`. */
void audience_summarise(const Audience *audience, ViewerSummary *summary);

#endif
