/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FINDINGS_H
#define FINDINGS_H

/* What the doctor finds wrong: each sort of fault once, with its rule, how often, and the first
 * few places.
 *
 * Thread-safety: one thread. */

#include <jansson.h>
#include <stddef.h>

#define FINDINGS_EXAMPLES 3

typedef struct Findings Findings;

Findings *findings_create(void);            /* NULL: no memory */
void findings_destroy(Findings **findings); /* accepts NULL, leaves NULL */

/* A fault of a sort: `rule` is a short static name of it, with its source. The rest is printf's and
 * says where and what. */
void findings_add(Findings *findings, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

size_t findings_count(const Findings *findings);

/* [{"rule": ..., "count": ..., "examples": [...]}]; the caller owns it. */
json_t *findings_json(const Findings *findings);

/* Prints them for people, to stdout. */
void findings_print(const Findings *findings);

#endif
