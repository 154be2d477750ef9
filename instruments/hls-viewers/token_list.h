/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TOKEN_LIST_H
#define TOKEN_LIST_H

/* Playback tokens, one for each viewer, as hls-playback-token prints them. Thread-safety: one
 * thread. */

#include <stddef.h>

typedef struct TokenList {
    char **token; /* owned */
    size_t count;
} TokenList;

#define TOKEN_LIST_LONGEST 512 /* bytes of a token; nginx takes 480 */

/* Reads a file with a token on each line. Returns NULL, or what is wrong. Clear it in either
 * case. */
const char *token_list_read(TokenList *list, const char *file);

void token_list_clear(TokenList *list);

#endif
