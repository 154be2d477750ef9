/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec_name.h"

#include <stdio.h>

#define AAC_FRAME_90K 1920

/* The first three bytes of the sequence parameter set that stands first in Annex B; NULL: none. */
static const uint8_t *profile_of(const uint8_t *extra, int size)
{
    for (int i = 0; i + 6 < size; i++)
        if (extra[i] == 0 && extra[i + 1] == 0 && extra[i + 2] == 1)
            return (extra[i + 3] & 0x1F) == 7 ? extra + i + 4 : NULL;
    return NULL;
}

void codec_name(const AVCodecParameters *codec, char *out, size_t size)
{
    const uint8_t *extra = codec->extradata, *profile;

    if (codec->codec_id == AV_CODEC_ID_H264 && codec->extradata_size >= 4 && extra[0] == 1)
        snprintf(out, size, "avc1.%02X%02X%02X", extra[1], extra[2], extra[3]);
    else if (codec->codec_id == AV_CODEC_ID_AAC && codec->extradata_size >= 2)
        snprintf(out, size, "mp4a.40.%d", extra[0] >> 3);
    else if (codec->codec_id == AV_CODEC_ID_OPUS)
        snprintf(out, size, "opus");
    else if (codec->codec_id == AV_CODEC_ID_H264 &&
             (profile = profile_of(extra, codec->extradata_size)))
        snprintf(out, size, "avc1.%02X%02X%02X", profile[0], profile[1], profile[2]);
    else if (codec->codec_id == AV_CODEC_ID_AAC && codec->profile >= 0)
        snprintf(out, size, "mp4a.40.%d", codec->profile + 1);
}

int64_t codec_sound_90k(const AVCodecParameters *codec, const uint8_t *data, int size)
{
    static const int lengths[] = {225, 450, 900, 1800, 3600, 5400}; /* 2.5 to 60 ms */

    if (codec->codec_id != AV_CODEC_ID_OPUS || size < 1)
        return AAC_FRAME_90K;
    unsigned config = data[0] >> 3, code = data[0] & 3;
    int frames = code == 0 ? 1 : code < 3 ? 2 : size > 1 ? data[1] & 63 : 0;
    unsigned length = config >= 16   ? config & 3
                      : config >= 12 ? 2 + (config & 1)
                                     : 2 + (config & 3);
    return (int64_t)frames * lengths[length];
}
