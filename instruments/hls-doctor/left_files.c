/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "left_files.h"

#include <stdlib.h>
#include <string.h>

void left_files_add(LeftFiles *f, const char *uri, int64_t until_us)
{
    char *copy = f->count < LEFT_FILES_MAX ? strdup(uri) : NULL;

    if (copy)
        f->file[f->count++] = (LeftFile){copy, until_us};
}

const char *left_files_due(LeftFiles *f, int64_t now_us, int64_t *until_us)
{
    for (size_t i = 0; i < f->count;) {
        LeftFile file = f->file[i];
        if (now_us < file.until_us - f->margin_us) {
            i++;
            continue;
        }
        f->file[i] = f->file[--f->count];
        free(f->given);
        f->given = file.uri;
        *until_us = file.until_us;
        if (now_us < file.until_us)
            return f->given;
    }
    return NULL;
}

void left_files_clear(LeftFiles *f)
{
    while (f->count > 0)
        free(f->file[--f->count].uri);
    free(f->given);
    f->given = NULL;
}
