/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/codec/annex_b.h"
#include "hls-bridge/codec/h264_filler.h"
#include "hls-bridge/codec/h264_slice.h"

/* The input is an access unit: what is made to follow it must be one, too. */
static int try_input(const uint8_t *data, size_t size)
{
    ParameterSets sets = {0};
    H264Filler filler = {0};
    uint8_t out[H264_FILLER_SIZE];
    NalUnit nal[64], made[H264_FILLER_NALS], walked[H264_FILLER_NALS];
    size_t nals = annex_b_read(data, size, nal, 64);

    nals = nals < 64 ? nals : 64;
    for (size_t i = 0; i < nals; i++) {
        REQUIRE(nal[i].len >= 1 && nal[i].at < size && nal[i].len <= size - nal[i].at);
        parameter_sets_add(&sets, data + nal[i].at, nal[i].len);
    }
    const AccessUnit unit = {.data = data, .len = size, .nal = nal, .nals = nals};
    h264_filler_follow(&filler, &sets, &unit);
    size_t len = h264_filler_write(&filler, out, made);
    REQUIRE(len <= sizeof(out));
    REQUIRE(annex_b_read(out, len, walked, H264_FILLER_NALS) == (len > 0 ? H264_FILLER_NALS : 0));
    const H264SliceReader reader = h264_slice_reader(&sets);
    for (size_t i = 0; i < nals; i++)
        REQUIRE(h264_slice_header_len(&reader, data + nal[i].at, nal[i].len) <= nal[i].len);
    if (len > 0) {
        REQUIRE(memcmp(made, walked, sizeof(made)) == 0);
        REQUIRE((out[made[1].at] & 0x1F) == 1);
    }
    return 0;
}

FUZZ_TARGET(h264_filler, try_input);
