/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/picture_config.h"

#include <string.h>

#include "codec/av1_header.h"
#include "codec/h265_parameter_sets.h"
#include "codec/vp8_header.h"
#include "codec/vp9_header.h"

#define START_CODE_SIZE 4

_Static_assert(PICTURE_CONFIG_ROOM >= PICTURE_CONFIG_SIZE, "what is kept can be written");

static bool h264_picture_format(const AccessUnit *key, VideoFormat *out)
{
    H264Sps sps;

    if (!h264_picture_sps(key, &sps))
        return false;
    h264_format(&sps, out);
    return true;
}

static bool h265_picture_format(const AccessUnit *key, VideoFormat *out)
{
    bool found = false;

    for (size_t i = 0; i < key->nals; i++) {
        const uint8_t *nal = key->data + key->nal[i].at;
        if (h265_nal_type(nal) == H265_NAL_SPS)
            found = h265_sps_format(nal, key->nal[i].len, out) || found;
    }
    return found;
}

bool picture_format(const AccessUnit *key, VideoFormat *out)
{
    switch (key->codec) {
    case CODEC_H264:
        return h264_picture_format(key, out);
    case CODEC_H265:
        return h265_picture_format(key, out);
    case CODEC_VP8:
        return vp8_format(key->data, key->len, out);
    case CODEC_VP9:
        return vp9_format(key->data, key->len, out);
    case CODEC_AV1:
        return av1_format(key->data, key->len, out);
    }
    return false;
}

static bool keep(PictureConfig *config, const uint8_t *data, size_t len)
{
    if (len > PICTURE_CONFIG_SIZE - config->len)
        return false;
    memcpy(config->bytes + config->len, data, len);
    config->len += len;
    return true;
}

/* The parameter sets, with their start codes. */
static bool keep_sets(PictureConfig *config, const AccessUnit *key)
{
    for (size_t i = 0; i < key->nals; i++) {
        const NalUnit *nal = &key->nal[i];
        if (h265_is_set(h265_nal_type(key->data + nal->at)) &&
            !keep(config, key->data + nal->at - START_CODE_SIZE, START_CODE_SIZE + nal->len))
            return false;
    }
    return true;
}

static bool keep_sequence(PictureConfig *config, const AccessUnit *key)
{
    Av1Obu obu = {0};
    const uint8_t *at = av1_find(key->data, key->len, AV1_OBU_SEQUENCE_HEADER, &obu);

    return at && keep(config, at, obu.head + obu.len);
}

/* H.264 is looked at more often than the rest, and most of its key frames bring what there is. One
 * that brings several sequence parameter sets may change to another of the same. */
static bool read_other_h264(const PictureConfig *now, const AccessUnit *key, PictureConfig *out)
{
    bool several = now->sets.sps[1].len > 0;
    H264Sps sps;

    if (!several && !parameter_sets_differ(&now->sets, key))
        return false;
    out->len = 0;
    parameter_sets_read(&out->sets, key);
    if (!parameter_sets_complete(&out->sets) || !parameter_sets_of_picture(&out->sets, key, &sps))
        return false;
    h264_format(&sps, &out->format);
    return !parameter_sets_same(&out->sets, &now->sets) ||
           (several && video_format_restarts(&out->format, &now->format));
}

bool picture_config_read_other(const PictureConfig *now, const AccessUnit *key, PictureConfig *out)
{
    if (key->codec == CODEC_H264)
        return read_other_h264(now, key, out);
    *out = (PictureConfig){0};
    if (!picture_format(key, &out->format) || (key->codec == CODEC_H265 && !keep_sets(out, key)) ||
        (key->codec == CODEC_AV1 && !keep_sequence(out, key)))
        return false;
    return video_format_restarts(&out->format, &now->format) || out->len != now->len ||
           memcmp(out->bytes, now->bytes, out->len) != 0;
}

size_t picture_config_write(const PictureConfig *config, uint8_t *out)
{
    if (config->format.codec == CODEC_H264)
        return parameter_sets_write(&config->sets, out, PICTURE_CONFIG_ROOM);
    memcpy(out, config->bytes, config->len);
    return config->len;
}
