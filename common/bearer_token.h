/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BEARER_TOKEN_H
#define BEARER_TOKEN_H

/* The secret that the plugin shows to the bridge's control API (RFC 6750), kept in a file of its
 * own that both can read and nobody else.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>

#define BEARER_TOKEN_MIN  16
#define BEARER_TOKEN_SIZE 257 /* bytes that hold any token */

/* Reads the token that `file` holds, with or without an end of line: 16 to 256 visible characters
 * of ASCII. A file that others than its owner and its group may read or write is refused. Returns
 * 0, or -1 with a sentence in `error` (SETTINGS_ERROR_SIZE bytes). */
int bearer_token_read(const char *file, char token[BEARER_TOKEN_SIZE], char *error);

/* Whether the value of an Authorization field shows `token`; NULL: there is no such field. How long
 * it takes does not tell where they differ. */
bool bearer_token_shown(const char *authorization, const char *token);

#endif
