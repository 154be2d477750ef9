/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NULL_OUTPUT_H
#define NULL_OUTPUT_H

/* Makes nothing of a stream's media, and counts what it is given: to measure what all that comes
 * before outputs costs.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/output.h"

/* Is switched off unless `also` is "null". An OutputOpen. */
int null_output_open(OutputParams *params, int64_t now_us, Output *out);

#endif
