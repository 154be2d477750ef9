/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec_name.h"

#include <stdio.h>

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
    else if (codec->codec_id == AV_CODEC_ID_H264 &&
             (profile = profile_of(extra, codec->extradata_size)))
        snprintf(out, size, "avc1.%02X%02X%02X", profile[0], profile[1], profile[2]);
    else if (codec->codec_id == AV_CODEC_ID_AAC && codec->profile >= 0)
        snprintf(out, size, "mp4a.40.%d", codec->profile + 1);
}
