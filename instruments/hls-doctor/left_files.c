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

int64_t left_files_stay_us(const M3u8Segment *segment, int64_t list_us)
{
    return segment->duration_us + list_us;
}

void left_files_missing(Findings *findings, const char *uri, long status)
{
    findings_add(findings,
                 status == 0 ? "a file that has left its list cannot be fetched (6.2.2)"
                             : "a file that has left its list went too soon (6.2.2)",
                 "%s: HTTP status %ld", uri, status);
}

void left_files_too_late(Findings *findings, const char *uri, long status)
{
    findings_remark(findings, "a file was tried too late to be judged (6.2.2)",
                    "%s: HTTP status %ld", uri, status);
}

void left_files_clear(LeftFiles *f)
{
    while (f->count > 0)
        free(f->file[--f->count].uri);
    free(f->given);
    f->given = NULL;
}
