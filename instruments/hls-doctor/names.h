/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NAMES_H
#define NAMES_H

/* Remembers what each file name stood for, since a name must never be used again.
 *
 * Pure. Thread-safety: one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Names Names;

/* Returns NULL if there is no memory. */
Names *names_create(void);
void names_destroy(Names **names); /* accepts NULL, leaves NULL */

/* `name` stands for part `part` of segment `sequence`, or for all of it: -1. Returns false if it
 * stood for something else. */
bool names_stand_for(Names *names, const char *name, uint64_t sequence, int64_t part);

/* These bytes came under `name`. Returns false if others did before. */
bool names_hold(Names *names, const char *name, const uint8_t *data, size_t len);

#endif
