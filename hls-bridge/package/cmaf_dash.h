/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_DASH_H
#define CMAF_DASH_H

/* The DASH manifest of a stream, as a file beside the playlists: it lists the whole segments that
 * they list.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "package/cmaf_track.h"
#include "package/dash_manifest.h"

typedef struct CmafDash CmafDash;

typedef struct CmafDashParams {
    const char *stream;      /* for log lines */
    MediaFolder *folder;     /* all of these are borrowed */
    CmafTrack *const *track; /* LL_RENDITIONS of them */
    int64_t target_duration_s;
    const Clock *clock;
} CmafDashParams;

/* Returns NULL where there is no memory. */
CmafDash *cmaf_dash_create(const CmafDashParams *params);

/* Accepts NULL, leaves NULL. */
void cmaf_dash_destroy(CmafDash **dash);

/* The segments that are begun from now on are another publisher's; `has` tells for each rendition
 * whether he sends it. */
void cmaf_dash_begin(CmafDash *dash, const bool *has);

/* Writes the manifest where there are other segments than it lists. If that fails it is due. */
void cmaf_dash_publish(CmafDash *dash);

/* Whether the file is older than what it is to say, since it could not be written. */
bool cmaf_dash_is_due(const CmafDash *dash);

/* Writes it again where it is due. */
void cmaf_dash_write_due(CmafDash *dash);

/* The stream has ended: nothing is to come. Returns 0, or -1 with errno; call it again then. */
int cmaf_dash_end(CmafDash *dash);

/* Nothing is left to list: removes the manifest. */
void cmaf_dash_clear(CmafDash *dash);

#endif
