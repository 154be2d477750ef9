/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "hls-bridge/codec/annex_b.h"
#include "hls-bridge/codec/h264_filler.h"

/* The input is an access unit: what is made to follow it must be one, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ParameterSets sets = {0};
    H264Filler filler = {0};
    uint8_t out[H264_FILLER_SIZE];
    size_t at = 0, slices = 0;
    NalUnit nal;

    while (annex_b_next(data, size, &at, &nal)) {
        REQUIRE(nal.len >= 1 && nal.data >= data && nal.data + nal.len <= data + size);
        parameter_sets_add(&sets, nal.data, nal.len);
    }
    h264_filler_follow(&filler, &sets, data, size);
    size_t len = h264_filler_write(&filler, out);
    REQUIRE(len <= sizeof(out));
    for (at = 0; annex_b_next(out, len, &at, &nal);)
        slices += (nal.data[0] & 0x1F) == 1;
    REQUIRE(slices == (len > 0));
    return 0;
}
