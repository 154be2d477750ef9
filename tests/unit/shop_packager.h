/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SHOP_PACKAGER_H
#define TESTS_SHOP_PACKAGER_H

/* How tests open a packager: everything is written, segments last 2 s and parts 0.2 s. */

#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"

/* All are borrowed. */
static inline PackagerParams shop_packager(const char *directory, LlHub *hub, const Clock *clock)
{
    return (PackagerParams){
        .stream = "shop",
        .directory = directory,
        .audio_bitrate = 64000,
        .outputs = {.segment_us = 2 * US_PER_S,
                    .window = 6,
                    .writes_ts = true,
                    .ll_hub = hub,
                    .ll_part_us = 200 * US_PER_MS,
                    .ll_dash = true},
        .clock = clock,
    };
}

#endif
