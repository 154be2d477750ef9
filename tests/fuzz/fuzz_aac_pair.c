/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "hls-bridge/codec/aac_pair.h"

/* The input is an AAC frame: what is made of one channel has two, and is none itself. */
static int try_input(const uint8_t *data, size_t size)
{
    uint8_t *out = malloc(size + AAC_PAIR_EXTRA), *again = malloc(size + 2 * AAC_PAIR_EXTRA);

    REQUIRE(out && again);
    size_t len = aac_pair_write(data, size, out);
    REQUIRE(len <= size + AAC_PAIR_EXTRA);
    aac_slope(data, size);
    if (len > 0) {
        REQUIRE(out[0] >> 5 == 1);
        REQUIRE(out[len - 1] != 0);
        REQUIRE(aac_pair_write(out, len, again) == 0);
        REQUIRE(aac_slope(out, len) == aac_slope(data, size));
    }
    free(out);
    free(again);
    return 0;
}

FUZZ_TARGET(aac_pair, try_input);
