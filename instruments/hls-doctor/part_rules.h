/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PART_RULES_H
#define PART_RULES_H

/* Checks every version of a low-latency media playlist by rfc8216bis: what one version must say,
 * and what may change to the next. Sections are those of the draft; B.1 is its low-latency server
 * configuration profile. The rules for whole segments are in playlist_rules.h.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "findings.h"
#include "m3u8.h"

typedef struct PartRules PartRules;

/* `findings` and `name`, which stands before each place, are borrowed. Returns NULL if there is
 * no memory. */
PartRules *part_rules_create(Findings *findings, const char *name);
void part_rules_destroy(PartRules **rules); /* accepts NULL, leaves NULL */

/* The next version, whole, that came at `now_us` (monotonic); `waited`: as soon as it was there,
 * not when somebody looked. `before` is the last one, which was last asked for at `seen_us`; NULL:
 * none yet. */
void part_rules_version(PartRules *rules, const M3u8 *before, const M3u8 *now, bool waited,
                        int64_t seen_us, int64_t now_us);

/* A part that has left the playlist, at the last moment at which it must still be there: its URI,
 * borrowed until the next call, and until when it must be there; or NULL if none is due. Each is
 * given once. */
const char *part_rules_retained(PartRules *rules, int64_t now_us, int64_t *until_us);

typedef struct PartHistory {
    size_t parts;            /* that were seen to come */
    int64_t longest_gap_us;  /* between two of them without a discontinuity */
    int64_t longest_away_us; /* likewise with one: the source was away */
} PartHistory;

PartHistory part_rules_history(const PartRules *rules);

#endif
