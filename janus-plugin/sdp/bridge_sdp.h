/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_SDP_H
#define BRIDGE_SDP_H

/* The session description with which the plugin announces a stream to the bridge, and the bridge's
 * answer to it (RFC 3264). Behind the plugin RTP always has payload type 96 for
 * H.264, the next ones for other codecs (codec_payload_type()) and 111 for Opus, whatever numbers a
 * browser takes: one fixed stream.sdp describes every publisher of H.264.
 *
 * Thread-safety: none needed, there is no state. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "sdp/sdp_answer.h"

#define BRIDGE_PT_OPUS  111
#define BRIDGE_SDP_SIZE 2048 /* bytes that hold any offer */

/* The payload type of a track behind the plugin. */
int bridge_payload_type(const MediaTrack *track);

/* What people see of a stream. */
typedef struct StreamFace {
    const char *title; /* "": nothing */
    bool unlisted;     /* in no public list: a=unlisted */
    bool protected;    /* for those who have a playback token: a=access:protected */
} StreamFace;

/* Writes the offer for `tracks` to `text` (BRIDGE_SDP_SIZE bytes, terminated). `ports[i]` is the
 * port on 127.0.0.1 from which track i is sent, and to which its RTCP comes back (rtcp-mux,
 * RFC 5761). Returns its length, or -1 if it does not fit. */
int bridge_sdp_offer(const MediaTracks *tracks, const uint16_t *ports, uint64_t session_id,
                     const StreamFace *face, char *text);

/* Reads the answer of `len` bytes: where to send each of `count` tracks, in the order of the offer.
 * A track that the answer refuses gets sin_port 0. Returns NULL, or a static sentence. */
const char *bridge_sdp_answer(const char *text, size_t len, size_t count,
                              struct sockaddr_in *destinations);

#endif
