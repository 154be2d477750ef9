/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_FORMATS_H
#define PICTURE_FORMATS_H

/* What the pictures of a publisher's renditions are like, of those that went out: so that no other
 * ones go out but behind a discontinuity (RFC 8216, section 4.3.2.3), whatever layers send and
 * whatever of it was lost on the way.
 *
 * A rendition is known by its index in the ladder; a publisher with one layer has the best alone.
 *
 * Pure. Thread-safety: one thread, the stream's. */

#include "base/rendition.h"

typedef struct PictureFormats {
    VideoFormat of[VIDEO_TRACKS_MAX]; /* width 0: no IDR picture has gone out */
    int64_t parted_90k; /* where the newest segment behind a discontinuity begins; 0: none has */
    int64_t first_90k;  /* where its first picture is placed, there or behind it */
} PictureFormats;

/* Whether decoders are set up by an IDR picture in another way than the rendition has them: another
 * size, profile or level. */
bool picture_formats_differ(const PictureFormats *formats, size_t rendition, const AccessUnit *idr);

/* An IDR picture goes out. */
void picture_formats_note(PictureFormats *formats, size_t rendition, const AccessUnit *idr);

/* A segment behind a discontinuity begins at `start_90k`, before a picture at `first_90k`. */
void picture_formats_part(PictureFormats *formats, int64_t start_90k, int64_t first_90k);

/* Whether an IDR picture may go out to a rendition to be shown at `pts_90k`, if the one before it
 * was decoded at `last_90k` (0: there was none): it is like those before it, or the first one
 * behind a discontinuity. */
bool picture_formats_allow(const PictureFormats *formats, size_t rendition, const AccessUnit *idr,
                           int64_t pts_90k, int64_t last_90k);

#endif
