/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LEFT_OVER_H
#define LEFT_OVER_H

/* What an earlier run has left in a stream's folder.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>

/* Whether the folder of `stream` in `directory` wants somebody to look after it: a playlist in it
 * is still open, or there is media to be removed some day. A folder in which a stream has ended and
 * was removed keeps its playlists for their numbers alone, and wants nobody. */
bool left_over_wants_care(const char *directory, const char *stream);

/* Removes the folder of `stream` with all files in it, unless it wants care; its numbers are lost.
 */
void left_over_remove(const char *directory, const char *stream);

#endif
