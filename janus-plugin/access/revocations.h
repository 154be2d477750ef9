/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REVOCATIONS_H
#define REVOCATIONS_H

/* Tokens that are no longer good, whatever their time says: by ID (`jti`), and all of a stream, or
 * of each stream, that were issued before a time. They come from a file and from an operator; what
 * the operator has said holds until Janus ends, and is added to the file if there is one.
 *
 * A file has a rule a line, and comments from "#" on:
 *
 *     id 3f1c9a        the token with this jti
 *     stream shop 1764437000   tokens for shop that were issued before, or do not say when
 *     stream * 1764437000      tokens for any stream, likewise
 *
 * Thread-safety: any thread. Its locks are taken last of all, and a file is read or written with
 * one of them; revocations_has() does not wait for that. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/permit.h"

#define REVOCATIONS_MAX 100000 /* rules: of the file, and of the operator */

typedef struct Revocations Revocations;

Revocations *revocations_create(void);

/* Accepts NULL, leaves NULL. */
void revocations_destroy(Revocations **self);

/* Takes the rules of `file` in place of those that it had before; "": none. Returns 0, or -1 with a
 * sentence in `error` (SETTINGS_ERROR_SIZE bytes): then these stay. */
int revocations_load(Revocations *self, const char *file, char *error);

/* Revokes the token with this ID; of a stream ("*": of each) those that were issued before `before`
 * (seconds since 1970). Returns 0, or -1 if there are too many rules, or an ID cannot be written in
 * a line. */
int revocations_add_id(Revocations *self, const char *id);
int revocations_add_stream(Revocations *self, const char *stream, int64_t before);

/* Writes a rule for one of these behind those of the file that was loaded last. Returns 0, or -1
 * with a sentence: if there is no file, or it would have more rules than REVOCATIONS_MAX and could
 * not be read again. */
int revocations_note_id(Revocations *self, const char *id, char *error);
int revocations_note_stream(Revocations *self, const char *stream, int64_t before, char *error);

/* Whether the token that a permit comes from is revoked. */
bool revocations_has(Revocations *self, const Permit *permit);

size_t revocations_count(Revocations *self);

#endif
