/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FINDINGS_H
#define FINDINGS_H

/* Collects what the doctor finds: each kind once, with its rule, how often, and the first few
 * places. A fault breaks a MUST; a remark goes against a SHOULD.
 *
 * Thread-safety: one thread. */

#include <jansson.h>
#include <stddef.h>

#define FINDINGS_EXAMPLES 3

typedef struct Findings Findings;

Findings *findings_create(void);            /* NULL: no memory */
void findings_destroy(Findings **findings); /* accepts NULL, leaves NULL */

/* Adds a fault: `rule` is its short static name, with its source. The rest is as of printf, and
 * says where and what. */
void findings_add(Findings *findings, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a remark, likewise. */
void findings_remark(Findings *findings, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Counts faults only. */
size_t findings_count(const Findings *findings);

/* [{"rule": ..., "count": ..., "examples": [...]}] of the faults, or of the remarks; the caller
 * owns it. */
json_t *findings_json(const Findings *findings);
json_t *findings_remarks_json(const Findings *findings);

/* One array of two, which it takes over. */
json_t *findings_json_both(json_t *first, json_t *second);

/* Prints them for people, to stdout: faults, then remarks. */
void findings_print(const Findings *findings);

/* Prints the last line of a report of so many faults, to stdout. */
void findings_print_count(size_t faults);

#endif
