/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/vp8_header.h"

#include <string.h>

#define TAG_SIZE   3
#define KEY_SIZE   10 /* with start code and size */
#define INTER      0x01
#define SIZE_MASK  0x3FFF /* above it stands how a player is to scale */
#define BIT_DEPTH  8
#define PROFILE(b) ((b) >> 1 & 7)

static const uint8_t start_code[] = {0x9D, 0x01, 0x2A};

bool vp8_is_key(const uint8_t *frame, size_t len)
{
    return len >= KEY_SIZE && !(frame[0] & INTER) &&
           memcmp(frame + TAG_SIZE, start_code, sizeof(start_code)) == 0;
}

bool vp8_format(const uint8_t *frame, size_t len, VideoFormat *out)
{
    if (!vp8_is_key(frame, len))
        return false;
    const uint8_t *size = frame + TAG_SIZE + sizeof(start_code);
    *out = (VideoFormat){
        .codec = CODEC_VP8,
        .width = (uint16_t)((size[1] << 8 | size[0]) & SIZE_MASK),
        .height = (uint16_t)((size[3] << 8 | size[2]) & SIZE_MASK),
        .profile = PROFILE(frame[0]),
        .chroma_format = 1,
        .bit_depth = BIT_DEPTH,
    };
    return out->width > 0 && out->height > 0;
}
