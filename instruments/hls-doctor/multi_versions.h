/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MULTI_VERSIONS_H
#define MULTI_VERSIONS_H

/* The versions of a multivariant playlist that were seen. Media is listed before or after the
 * version that speaks of it is fetched, so a rule compares it with each version that may.
 *
 * Thread-safety: one thread. */

#include "m3u8_multi.h"

#define MULTI_VERSIONS_KEPT                                                                        \
    16 /* the newest; a busy publisher changes its sizes some times a minute */

/* Zero-initialise. */
typedef struct MultiVersions {
    size_t count; /* so far, each that differs from the one before it */
    M3u8Multi kept[MULTI_VERSIONS_KEPT];
} MultiVersions;

/* The version that was fetched now. */
void multi_versions_add(MultiVersions *versions, const M3u8Multi *multi);

/* Number `n`, which is 1 for the first one and `count` for the newest. NULL: it is not kept. */
const M3u8Multi *multi_versions_at(const MultiVersions *versions, size_t n);

/* NULL: there is none. */
const M3u8Multi *multi_versions_newest(const MultiVersions *versions);

/* What version number `n` says of this variant, or of this I-frame playlist if `iframes`: of its
 * URI, with the same sound if several have it. NULL: nothing. */
const M3u8Variant *multi_versions_variant(const MultiVersions *versions, size_t n, bool iframes,
                                          const M3u8Variant *variant);

/* The oldest version that may speak of media that was listed when `newest` was the newest one. */
size_t multi_versions_since(const MultiVersions *versions, size_t newest);

#endif
