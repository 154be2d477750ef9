/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TS_OUTPUT_H
#define TS_OUTPUT_H

/* Classic HLS: the sound and pictures of a stream together in .ts segments. The best rendition is
 * index.m3u8, others are index-NAME.m3u8, and ts.m3u8 names them all.
 *
 *   ts_variants makes a segment of each, by segment_mux; segment_store puts them in their places
 *
 * Thread-safety: one thread, the stream's. */

#include "package/output.h"
#include "package/playlist.h"

typedef struct TsOutput TsOutput;

/* An OutputOpen. It is switched off without `writes_ts`. But if an earlier run has left a playlist,
 * it is opened all the same, to end and remove that, and makes no segments. */
int ts_output_open(OutputParams *params, int64_t now_us, Output *out);

/* The playlist as it stands; borrowed. */
const Playlist *ts_output_playlist(const TsOutput *output);

#endif
