/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_OUTPUT_H
#define CMAF_OUTPUT_H

/* Low-latency HLS of a stream: the same pictures and AAC frames as the .ts segments, on the same
 * clock and with the same segments, as CMAF parts in two renditions.
 *
 * The segmenter says where segments begin and end. A part may be published only when no segment can
 * end within it any more: that is as far as pictures have come, and if none come, as far as they
 * may be late. A picture that is later than that is put where publishing stands.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/cmaf_track.h"
#include "package/output.h"

typedef struct CmafOutput CmafOutput;

/* Is switched off without a hub to tell. An OutputOpen. */
int cmaf_output_open(OutputParams *params, int64_t now_us, Output *out);

/* What it makes, for other lists of the same media. Borrowed. */
MediaFolder *cmaf_output_folder(const CmafOutput *output);
CmafTrack *const *cmaf_output_tracks(const CmafOutput *output);

/* How often the whole segments that there are have changed. */
uint64_t cmaf_output_changes(const CmafOutput *output);

#endif
