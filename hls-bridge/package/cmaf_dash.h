/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_DASH_H
#define CMAF_DASH_H

/* The DASH manifest of a stream, as a file beside the playlists of low-latency HLS: it lists the
 * whole segments that they list.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/output.h"

/* Is switched off without `ll_dash`, or if there is no low-latency HLS whose media it could list.
 * An OutputOpen. */
int cmaf_dash_open(OutputParams *params, int64_t now_us, Output *out);

#endif
