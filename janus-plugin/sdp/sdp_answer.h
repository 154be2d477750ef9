/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SDP_ANSWER_H
#define SDP_ANSWER_H

/* Answers a publisher's SDP offer: takes H.264 or another codec that the server allows, and Opus,
 * and refuses the rest.
 *
 * It takes what an HLS player can play without transcoding of the video:
 *  - one video section with the first of the allowed codecs that is offered: H.264 in
 *    packetization-mode 1 (RFC 6184 section 6.3); VP8; VP9 and AV1 of profile 0, which all players
 *    of them play; H.265 in one stream of packets, in decoding order;
 *  - one audio section with Opus (RFC 7587), asked for in-band FEC and stereo, and no DTX;
 *  - feedback: NACK, PLI, transport-cc; header extensions: mid and transport-cc;
 *  - simulcast by rid (RFC 8853) of up to LAYERS_MAX layers, if the offer has the header extensions
 *    for mid and rid. To answer those for rid and repaired rid is to take it: Janus writes the rest
 *    (layer_names.h). A PLI must bring key frames on all layers, so x-google-per-layer-pli is never
 *    answered.
 * urn:3gpp:video-orientation is refused, so that a phone's browser itself turns the picture.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/request.h"
#include "video_codec.h"

#define LAYERS_MAX       3                /* of one video, as many as Janus knows */
#define MEDIA_TRACKS_MAX (1 + LAYERS_MAX) /* one audio, and the layers of one video */
#define RID_SIZE         15 /* bytes with the NUL: one of 15 characters may be half of one to Janus */
#define FMTP_SIZE        128
#define SDP_OPUS_BITRATE 96000 /* bit/s that the answer asks for: stereo speech and music */
#define SDP_ANSWER_SIZE  16384 /* bytes that hold any answer to SDP_MAX_MEDIA sections */

typedef enum MediaKind { MEDIA_AUDIO, MEDIA_VIDEO } MediaKind;

/* A track that was accepted and that the publisher sends. Each layer of simulcast is one; then they
 * differ in `rid` and `port` alone. */
typedef struct MediaTrack {
    MediaKind kind;
    Codec codec;           /* of video */
    size_t port;           /* of the sender: the same through all renegotiations */
    int mindex;            /* index of its m= section, as Janus counts */
    int payload_type;      /* the publisher's */
    bool nack;             /* lost packets are sent again */
    char fmtp[FMTP_SIZE];  /* the codec's parameters as offered, for the bridge */
    char rid[RID_SIZE];    /* of its layer; "": no simulcast */
    uint8_t rid_extension; /* ID of the header extension that names the layer; 0: no simulcast */
} MediaTrack;

typedef struct MediaTracks {
    MediaTrack track[MEDIA_TRACKS_MAX];
    size_t count;
} MediaTracks;

typedef struct SdpAnswerParams {
    uint64_t session_id; /* of the o= line; the same through all renegotiations of a session */
    uint64_t version;    /* of the o= line; grows by one with each answer, from 1 */
    uint32_t bitrate; /* bit/s, the cap of the video, of all layers together; the start bitrate is
                         set close to it */
    CodecList codecs; /* that are taken, in this order; none: H.264 alone */
    const json_t *simulcast; /* jsep.simulcast as Janus makes it, or NULL; borrowed */
} SdpAnswerParams;

/* Answers `offer`, of `len` bytes, as Janus hands it to a plugin (ICE and DTLS are Janus's own).
 * Writes the answer, terminated, to `answer` (SDP_ANSWER_SIZE bytes) and what it accepted to
 * `tracks`. Returns 0, or -1 with `error` filled: the sentence is for the person who publishes. */
int sdp_answer(const char *offer, size_t len, const SdpAnswerParams *params, char *answer,
               MediaTracks *tracks, RequestError *error);

#endif
