/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_FINDINGS_SETUP_H
#define UNIT_FINDINGS_SETUP_H

/* For tests of rules that need nothing but where to put what they find: fresh for each test. */

#include "findings_text.h"

static Findings *findings;

static int setup(void **state)
{
    (void)state;
    findings = findings_create();
    return findings ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    findings_destroy(&findings);
    return 0;
}

/* Begins again with none, within a test. */
static inline void empty_findings(void)
{
    teardown(NULL);
    setup(NULL);
}

#endif
