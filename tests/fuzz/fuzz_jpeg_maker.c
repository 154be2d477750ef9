/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libavutil/log.h>

#include "fuzz.h"

#include "hls-bridge/transcode/jpeg_maker.h"

/* The input is an access unit. */
static int try_input(const uint8_t *data, size_t size)
{
    static const uint8_t start[] = {0xFF, 0xD8};
    ByteBuffer jpeg = {0};

    av_log_set_level(AV_LOG_QUIET);
    if (jpeg_make(CODEC_H264, data, size, &jpeg) == 0) {
        REQUIRE(jpeg.len > sizeof(start));
        REQUIRE(jpeg.data[0] == start[0] && jpeg.data[1] == start[1]);
    } else {
        REQUIRE(jpeg.len == 0);
    }
    byte_buffer_free(&jpeg);
    return 0;
}

FUZZ_TARGET(jpeg_maker, try_input);
