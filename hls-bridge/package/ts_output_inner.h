/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TS_OUTPUT_INNER_H
#define TS_OUTPUT_INNER_H

/* The output from inside, for ts_output.c, and ts_follow.c, which has renditions that come later.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/ts_output.h"
#include "package/ts_variants.h"

/* Borrowed. */
TsVariants *ts_output_variants(TsOutput *output);

/* As output.h has these; `self` is a TsOutput. */
int ts_output_picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                      int64_t now_us);
int ts_output_follow(void *self, size_t track, Output *out);

#endif
