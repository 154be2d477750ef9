/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "h264_sps.h"

static int try_input(const uint8_t *data, size_t size)
{
    H264Sps sps;

    if (h264_sps_parse(data, size, &sps) < 0)
        return 0;
    REQUIRE(h264_nal_type(data) == H264_NAL_SPS);
    REQUIRE(sps.id <= 31);
    REQUIRE(sps.width >= 1 && sps.width <= 16384);
    REQUIRE(sps.height >= 1 && sps.height <= 16384);
    REQUIRE(sps.max_reorder_frames >= -1 && sps.max_reorder_frames <= 16);
    return 0;
}

FUZZ_TARGET(h264_sps, try_input);
