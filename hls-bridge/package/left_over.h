/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LEFT_OVER_H
#define LEFT_OVER_H

/* Looks at what an earlier run has left in a stream's folder.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>

/* Whether the folder of `stream` in `directory` needs a stream to tend it: a playlist in it is
 * still open, or it has media to be removed. The folder of a stream that was removed keeps its
 * playlists only for their numbers, and needs none. */
bool left_over_wants_care(const char *directory, const char *stream);

/* Removes the folder of `stream` with all its files, unless it needs a stream; its numbers are
 * lost. */
void left_over_remove(const char *directory, const char *stream);

#endif
