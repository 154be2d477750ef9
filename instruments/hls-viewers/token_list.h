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

/* Reads a file with a token on each line. Returns 0, or -1 with errno, ENODATA: it has none. Clear
 * it in either case. */
int token_list_read(TokenList *list, const char *file);

void token_list_clear(TokenList *list);

#endif
