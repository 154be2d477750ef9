/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MP4_RULES_H
#define MP4_RULES_H

/* Checks the boxes of fragmented MP4 by rfc8216bis, section 3.1.2: faults that demuxers forgive.
 *
 * Pure; reads what it is given and nothing past it. Thread-safety: none needed, there is no state.
 */

#include <stddef.h>
#include <stdint.h>

#include "findings.h"

#define MP4_TRACKS_MAX 8

/* The tracks of an initialisation segment. */
typedef struct Mp4Tracks {
    size_t count;
    uint32_t id[MP4_TRACKS_MAX];
} Mp4Tracks;

/* An initialisation segment. */
void mp4_rules_init(Findings *findings, const char *name, const uint8_t *data, size_t len,
                    Mp4Tracks *out);

/* A segment or a part of one, of these tracks. */
void mp4_rules_media(Findings *findings, const char *name, const uint8_t *data, size_t len,
                     const Mp4Tracks *tracks);

#endif
