/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_edge.h"

#include <string.h>

#define DIGITS_MAX 15 /* more than any meaningful number has */

int64_t ll_edge_advance_limit(int64_t part_target_90k)
{
    int64_t three_s = 3 * TICKS_PER_S;

    return part_target_90k < TICKS_PER_S ? (three_s + part_target_90k - 1) / part_target_90k : 3;
}

LlVerdict ll_edge_verdict(const LlEdge *edge, int64_t msn, int64_t part)
{
    int64_t open = edge->last_msn + 1;

    if (edge->ended)
        return LL_READY;
    if (msn > open + 1)
        return LL_BAD;
    /* a part that the segment does not have means the first part of the next segment */
    if (msn == edge->last_msn && part >= edge->last_parts)
        msn = open, part = 0;
    if (msn < open)
        return LL_READY;
    int64_t ahead = msn == open ? part - edge->open_parts : part;
    if (part >= 0 && ahead >= edge->advance_limit)
        return LL_BAD;
    return msn == open && part >= 0 && part < edge->open_parts ? LL_READY : LL_WAIT;
}

/* A decimal integer, or -1. */
static int64_t read_number(const char *text)
{
    size_t len = strlen(text);
    int64_t n = 0;

    if (len == 0 || len > DIGITS_MAX || strspn(text, "0123456789") != len)
        return -1;
    for (; *text; text++)
        n = n * 10 + (*text - '0');
    return n;
}

const char *ll_directives_read(const char *msn, const char *part, const char *skip,
                               LlDirectives *out)
{
    *out = (LlDirectives){-1, -1, false};
    if (msn && (out->msn = read_number(msn)) < 0)
        return "_HLS_msn is not a number";
    if (part && (out->part = read_number(part)) < 0)
        return "_HLS_part is not a number";
    if (part && !msn)
        return "_HLS_part needs _HLS_msn";
    out->skip = skip && (strcmp(skip, "YES") == 0 || strcmp(skip, "v2") == 0);
    return NULL;
}
