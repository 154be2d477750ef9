/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NAMED_LADDERS_H
#define NAMED_LADDERS_H

/* Ladders of single streams, as the text of `transcode.ladders` has them (base/stream_texts.h):
 * each with a ladder, or with none.
 *
 *   shop = 720p:2500k, 480p:900k; radio =
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "transcode/rung_ladder.h"

#define NAMED_LADDERS_ERROR_SIZE (RUNG_LADDER_ERROR_SIZE + 128) /* bytes that hold any error */

/* Checks all of them. Returns 0, or -1 with a sentence in `error` (NAMED_LADDERS_ERROR_SIZE bytes)
 * that names the stream. */
int named_ladders_check(const char *text, char *error);

/* Finds the ladder of a stream in a text that was checked. Returns whether it has one of its own;
 * that may have no rung. */
bool named_ladders_find(const char *text, const char *stream, RungLadder *ladder);

/* Whether some stream of a text that was checked has a rung. */
bool named_ladders_have_rungs(const char *text);

#endif
