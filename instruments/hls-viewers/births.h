/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BIRTHS_H
#define BIRTHS_H

/* When the parts of a rendition were made, and how large they are: by the files themselves if they
 * are on this machine, else by the first viewer that has heard of them.
 *
 * A file's time is that at which its last byte was written, before it took its name. The kernel's
 * clock for files ticks every few milliseconds (one in CONFIG_HZ), and gives the tick before. So
 * delays come out too long by up to one tick, never too short.
 *
 * Thread-safety: one thread. */

#include <stdint.h>

#include "player_list.h"

typedef struct Births Births;

typedef struct Birth {
    int64_t at_us; /* CLOCK_REALTIME; below 0: not known, the file has gone */
    int64_t size;  /* bytes; below 0: not known yet. The user sets it if there is no file */
} Birth;

/* `folder`: with the stream's files, or NULL. Returns NULL if there is no memory. */
Births *births_create(const char *folder);
void births_destroy(Births **births); /* accepts NULL, leaves NULL */

/* Of the part at `at`, whose file is `uri`. Borrowed until the next call. */
Birth *births_of(Births *births, PlayerPlace at, const char *uri, int64_t now_us);

#endif
