/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ALIGN_RULES_H
#define ALIGN_RULES_H

/* Checks whether the renditions of a ladder are cut at the same places: a segment with one media
 * sequence number begins at the same tick in all that show pictures, and sound covers the same
 * time. RFC 8216 does not ask for so much (it says "matching timestamps", 6.2.4), but players that
 * switch without a stall depend on it.
 *
 * Times are in 1/90000 s. Pure: what is in a file is an argument. Thread-safety: one thread. */

#include "media_rules.h"

typedef struct AlignRules AlignRules;

/* `findings` is borrowed. `strict`: what is not aligned is a fault, else a remark. Returns NULL if
 * there is no memory. */
AlignRules *align_rules_create(Findings *findings, bool strict);
void align_rules_destroy(AlignRules **rules); /* accepts NULL, leaves NULL */

/* A rendition; its name is borrowed. They are numbered in this order. Returns 0, or -1 if there is
 * no room. */
int align_rules_add(AlignRules *rules, const char *name);

/* The next segment of a rendition: it is held against those of the same number in all others. */
void align_rules_segment(AlignRules *rules, size_t rendition, const MediaSegment *segment);

/* What was compared, two renditions at a time, and how far apart it was at the most. */
typedef struct AlignHistory {
    size_t pictures;          /* segments of two renditions that both show pictures */
    size_t sounds;            /* segments of pictures beside those of sound alone */
    size_t parts;             /* independent parts of two renditions that both show pictures */
    int64_t pictures_off_90k; /* between the first pictures of a segment */
    int64_t sounds_off_90k;   /* between the first picture and the first sound */
} AlignHistory;

AlignHistory align_rules_history(const AlignRules *rules);

/* The lists, as they are at about one time: part targets, and the discontinuity number of each
 * segment number. `strict` as above. */
void align_rules_lists(Findings *findings, bool strict, const RenditionView *view, size_t count);

/* Two versions of the multivariant playlist: who plays a variant that goes may stall. `strict` as
 * above. */
void align_rules_multi(Findings *findings, bool strict, const M3u8Multi *before,
                       const M3u8Multi *now);

#endif
