/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MULTI_RULES_H
#define MULTI_RULES_H

/* Checks a multivariant playlist, and its renditions beside each other, by rfc8216bis: sections
 * 4.4.6 and 6.2.4.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "findings.h"
#include "m3u8.h"
#include "multi_versions.h"

/* One rendition: its URI as the multivariant playlist writes it, and its playlist. The server has
 * last said that it is so between two times, in us; both 0: it is a file, which stays as it is. */
typedef struct RenditionView {
    const char *uri;
    const M3u8 *list;
    int64_t asked_us, came_us;
} RenditionView;

/* What the media of a rendition turned out to be. */
typedef struct RenditionMedia {
    const char *uri;
    char codec[32];       /* as in CODECS; "": not known */
    char sound_codec[32]; /* of sound beside pictures, likewise */
    int width, height, channels;
    double frame_rate;     /* the highest of a segment that is listed; 0: none */
    int64_t peak, average; /* bit/s; 0: not known */
    size_t multi_version;  /* of the multivariant playlist: the newest when the last was listed */
} RenditionMedia;

/* Adds what a later segment turned out to be: the sum is what the last one is, with the highest
 * frame rate and peak of those that count. */
void rendition_media_add(RenditionMedia *sum, const RenditionMedia *segment, bool counts);

/* One multivariant playlist by itself. */
void multi_rules_check(Findings *findings, const M3u8Multi *multi);

/* The newest version's attributes against the media. Of its size and codec a version from
 * `multi_version` on may be right: what a rendition shows may have changed before the next version
 * was fetched, and may have changed since the newest media that were looked at. */
void multi_rules_media(Findings *findings, const MultiVersions *versions,
                       const RenditionMedia *media, size_t count);

/* Likewise what they say of an I-frame playlist. */
void multi_rules_iframes(Findings *findings, const MultiVersions *versions,
                         const RenditionMedia *media);

/* The renditions against each other, as they are at about one time. */
void multi_rules_renditions(Findings *findings, const RenditionView *view, size_t count);

#endif
