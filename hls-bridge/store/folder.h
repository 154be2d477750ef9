/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FOLDER_H
#define FOLDER_H

/* A store that is a folder on disk: files appear whole, by rename.
 *
 * Thread-safety: one thread. */

#include "store/store.h"

/* Opens the folder of `stream`, a valid stream name, in `directory`, which exists; it is made if
 * need be. "." is the directory itself. The clock is borrowed. Returns NULL with errno. */
Store *folder_open(const char *directory, const char *stream, const Clock *clock);

/* The same for what is not for everybody: the folder and its files are for the bridge, and may be
 * read by the group of `directory` if that is inherited (a set-group-ID folder). */
Store *folder_open_secret(const char *directory, const char *stream, const Clock *clock);

#endif
