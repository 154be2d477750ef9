/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_OUTPUT_H
#define CMAF_OUTPUT_H

/* Low-latency HLS of a stream: the same pictures and AAC frames as the .ts segments, on the same
 * clock and with the same segments, as CMAF parts in a rendition each. cmaf_media has the media,
 * cmaf_playlists the lists.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/cmaf_track.h"
#include "package/output.h"

typedef struct CmafOutput CmafOutput;

/* Is switched off without a hub to tell. An OutputOpen. */
int cmaf_output_open(OutputParams *params, int64_t now_us, Output *out);

/* What it makes, for other lists of the same media. Borrowed. */
Store *cmaf_output_folder(const CmafOutput *output);
CmafTrack *const *cmaf_output_tracks(const CmafOutput *output, size_t *count);

/* Of each track, whether the publisher that has started sends what goes to it; `has` takes
 * RENDITIONS_MAX of them. */
void cmaf_output_has(const CmafOutput *output, bool *has);

/* How often the whole segments that there are have changed. */
uint64_t cmaf_output_changes(const CmafOutput *output);

#endif
