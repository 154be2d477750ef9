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

#endif
