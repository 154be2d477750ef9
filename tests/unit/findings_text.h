/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_FINDINGS_TEXT_H
#define UNIT_FINDINGS_TEXT_H

/* What hls-doctor's rules have found, for tests of them. */

#include <stdlib.h>

#include "harness.h"

#include "instruments/hls-doctor/findings.h"

/* Fails the row where what was found is not one sort alone, which begins with `rule`; NULL: nothing
 * must be found. `remark`: it breaks a SHOULD. */
static inline void assert_found(const Findings *findings, const char *row, const char *rule,
                                bool remark)
{
    json_t *faults = findings_json(findings), *remarks = findings_remarks_json(findings);
    json_t *right = remark ? remarks : faults, *wrong = remark ? faults : remarks;
    const char *found = json_string_value(json_object_get(json_array_get(right, 0), "rule"));
    char *text = json_dumps(faults, 0), *more = json_dumps(remarks, 0);
    bool good = json_array_size(wrong) == 0 && json_array_size(right) == (rule ? 1u : 0u) &&
                (!rule || strncmp(found, rule, strlen(rule)) == 0);

    assert_row(good, row, "faults %s, remarks %s", text, more);
    free(text);
    free(more);
    json_decref(faults);
    json_decref(remarks);
}

#endif
