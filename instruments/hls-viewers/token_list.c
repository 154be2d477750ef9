/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns NULL, or what is wrong. */
static const char *add(TokenList *l, const char *token)
{
    char **grown = realloc(l->token, (l->count + 1) * sizeof(*grown));

    if (!grown)
        return strerror(errno);
    l->token = grown;
    l->token[l->count] = strdup(token);
    if (!l->token[l->count])
        return strerror(errno);
    l->count++;
    return NULL;
}

const char *token_list_read(TokenList *l, const char *file)
{
    FILE *f = fopen(file, "r");
    char *line = NULL;
    size_t room = 0;
    const char *wrong = NULL;

    *l = (TokenList){0};
    if (!f)
        return strerror(errno);
    while (!wrong && getline(&line, &room, f) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strlen(line) > TOKEN_LIST_LONGEST)
            wrong = "a line is longer than any token, which has 512 bytes at the most";
        else if (*line)
            wrong = add(l, line);
    }
    if (ferror(f))
        wrong = strerror(errno);
    free(line);
    fclose(f);
    return wrong || l->count > 0 ? wrong : "no token is there";
}

void token_list_clear(TokenList *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->token[i]);
    free(l->token);
    *l = (TokenList){0};
}
