/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef APPLE_RULES_H
#define APPLE_RULES_H

/* Checks a live ladder by Apple's "HLS Authoring Specification for Apple Devices", as far as RFC
 * 8216 does not ask for the same. Each rule names its number there, and says what to do. What Apple
 * writes as MUST is a fault, as SHOULD a remark.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "findings.h"
#include "m3u8.h"
#include "m3u8_multi.h"

/* How a playlist was delivered. */
typedef struct AppleDelivery {
    bool http;    /* by http: or https:, not from a folder */
    bool secure;  /* by https: */
    size_t plain; /* answers that were not compressed by gzip */
} AppleDelivery;

/* A media playlist after a while of watching. */
typedef struct AppleList {
    const char *uri;
    const M3u8 *list;     /* the last version */
    bool slides;          /* segments have left it */
    bool shows_pictures;  /* not only sound */
    size_t without_idr;   /* segments whose first picture is no IDR picture */
    bool discontinuities; /* some rendition of the stream has had one */
    AppleDelivery delivery;
} AppleList;

/* The multivariant playlist. */
void apple_rules_multi(Findings *findings, const M3u8Multi *multi, const AppleDelivery *delivery);

/* One of its media playlists. */
void apple_rules_list(Findings *findings, const M3u8Multi *multi, const AppleList *list);

#endif
