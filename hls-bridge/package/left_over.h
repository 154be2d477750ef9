/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LEFT_OVER_H
#define LEFT_OVER_H

/* Looks at what an earlier run has left in a stream's folder.
 *
 * Thread-safety: none needed, there is no state. */

/* What the folder of `stream` in `directory` holds. */
typedef enum LeftOver {
    LEFT_OVER_FOREIGN, /* files, and none that a stream has: somebody else has put it there. Or it
                        * cannot be read, or is none */
    LEFT_OVER_OLD,     /* of a stream that was removed: playlists at the most, for their numbers */
    LEFT_OVER_OPEN,    /* it needs a stream to tend it: a playlist in it is still open, or it has
                        * media to be removed */
} LeftOver;

LeftOver left_over_look(const char *directory, const char *stream);

/* Removes the folder of `stream` with all its files, unless it needs a stream or is foreign; its
 * numbers are lost. */
void left_over_remove(const char *directory, const char *stream);

#endif
