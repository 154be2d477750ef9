/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns 0, or -1 with errno. */
static int add(TokenList *l, const char *token)
{
    char **grown = realloc(l->token, (l->count + 1) * sizeof(*grown));

    if (!grown)
        return -1;
    l->token = grown;
    l->token[l->count] = strdup(token);
    if (!l->token[l->count])
        return -1;
    l->count++;
    return 0;
}

int token_list_read(TokenList *l, const char *file)
{
    FILE *f = fopen(file, "r");
    char *line = NULL;
    size_t room = 0;
    int status = 0;

    *l = (TokenList){0};
    if (!f)
        return -1;
    while (status == 0 && getline(&line, &room, f) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        if (*line)
            status = add(l, line);
    }
    free(line);
    fclose(f);
    if (status == 0 && l->count == 0)
        errno = ENODATA;
    return l->count > 0 ? status : -1;
}

void token_list_clear(TokenList *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->token[i]);
    free(l->token);
    *l = (TokenList){0};
}
