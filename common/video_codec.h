/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VIDEO_CODEC_H
#define VIDEO_CODEC_H

/* The video codecs that both halves know, by their names in settings and in session descriptions.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>

struct SdpCodec; /* sdp_reader.h */

/* H.264 is 0: what says nothing of its codec is H.264. */
typedef enum Codec { CODEC_H264, CODEC_VP8, CODEC_VP9, CODEC_AV1, CODEC_H265 } Codec;

#define CODECS_MAX 5

/* "h264": in settings, and in what a page asks for. */
const char *codec_name(Codec codec);

/* "H264": the encoding name of its payload format. */
const char *codec_sdp_name(Codec codec);

/* The payload type that means it between the plugin and the bridge, and in recordings: 96 for
 * H.264, and the next ones in the order above. */
int codec_payload_type(Codec codec);

/* The codec that a payload type stands for (RFC 6184, 7741, 9628, 7798; AV1 RTP specification).
 * Returns false if it is none of these, or one packetized in a way that is not read here. */
bool codec_of_sdp(const struct SdpCodec *sdp, Codec *out);

/* Some codecs, the one liked best first. */
typedef struct CodecList {
    unsigned count;
    Codec codec[CODECS_MAX];
} CodecList;

/* Reads "h264, vp9": names with commas. Returns false if there is none, or one that is unknown or
 * twice there; `out` is then unspecified. */
bool codec_list_read(const char *text, CodecList *out);

/* Reads one name of these. Returns false if it is none. */
bool codec_read(const char *name, Codec *out);

bool codec_list_has(const CodecList *list, Codec codec);

#endif
