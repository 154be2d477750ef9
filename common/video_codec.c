/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "video_codec.h"

#include <string.h>
#include <strings.h>

#include "sdp_reader.h"

#define CLOCK_HZ           90000 /* of all of them */
#define FIRST_PAYLOAD_TYPE 96

static const struct {
    const char *name, *sdp;
} codecs[CODECS_MAX] = {
    [CODEC_H264] = {"h264", "H264"}, [CODEC_VP8] = {"vp8", "VP8"},    [CODEC_VP9] = {"vp9", "VP9"},
    [CODEC_AV1] = {"av1", "AV1"},    [CODEC_H265] = {"h265", "H265"},
};

const char *codec_name(Codec codec)
{
    return codecs[codec].name;
}

const char *codec_sdp_name(Codec codec)
{
    return codecs[codec].sdp;
}

int codec_payload_type(Codec codec)
{
    return FIRST_PAYLOAD_TYPE + (int)codec;
}

/* Whether a parameter is left out, or has this value. */
static bool is_default(const SdpCodec *sdp, const char *parameter, const char *value)
{
    SdpSlice slice;

    return !sdp_fmtp_parameter(sdp->fmtp, parameter, &slice) || sdp_equals_nocase(slice, value);
}

/* H.264 interleaved, and H.265 out of decoding order, need to be put in order first. */
static bool is_in_order(Codec codec, const SdpCodec *sdp)
{
    if (codec == CODEC_H264)
        return is_default(sdp, "packetization-mode", "1") ||
               is_default(sdp, "packetization-mode", "0");
    if (codec == CODEC_H265)
        return is_default(sdp, "sprop-max-don-diff", "0") && is_default(sdp, "tx-mode", "SRST");
    return true;
}

bool codec_of_sdp(const SdpCodec *sdp, Codec *out)
{
    for (Codec codec = 0; codec < CODECS_MAX; codec++)
        if (sdp_equals_nocase(sdp->name, codecs[codec].sdp)) {
            *out = codec;
            return sdp->clock_hz == CLOCK_HZ && is_in_order(codec, sdp);
        }
    return false;
}

bool codec_list_has(const CodecList *list, Codec codec)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->codec[i] == codec)
            return true;
    return false;
}

static bool add(CodecList *list, const char *name, size_t len)
{
    for (Codec codec = 0; codec < CODECS_MAX; codec++)
        if (strlen(codecs[codec].name) == len && strncasecmp(name, codecs[codec].name, len) == 0) {
            if (codec_list_has(list, codec))
                return false;
            list->codec[list->count++] = codec;
            return true;
        }
    return false;
}

bool codec_list_read(const char *text, CodecList *out)
{
    *out = (CodecList){0};
    for (;;) {
        text += strspn(text, " ");
        size_t len = strcspn(text, " ,");
        if (!add(out, text, len))
            return false;
        text += len;
        text += strspn(text, " ");
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}

bool codec_read(const char *name, Codec *out)
{
    CodecList one;

    if (!codec_list_read(name, &one) || one.count != 1)
        return false;
    *out = one.codec[0];
    return true;
}
