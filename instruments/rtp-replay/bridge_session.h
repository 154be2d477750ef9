/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_SESSION_H
#define BRIDGE_SESSION_H

/* Announces a stream to hls-bridge by its control API, as the plugin does, and withdraws it.
 *
 * Thread-safety: none needed, there is no state. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "video_codec.h"
#include "video_copy.h"

#define BRIDGE_SESSION_ERROR_SIZE 512 /* bytes that hold any error */

/* What is announced: the local UDP port of each track, 0: no such track. */
typedef struct BridgeOffer {
    uint16_t port[REPLAY_TRACKS];
    Codec codec; /* of the video */
    VideoLabels labels;
    bool protected; /* only those with a playback token may watch it */
    bool nack;      /* say that what is lost is sent again, as browsers do; the bridge then waits */
} BridgeOffer;

/* PUTs the offer to the bridge at `url` (http://127.0.0.1:8190) as `stream`. `destinations` takes
 * where to send each track of it, RTP and RTCP (RFC 5761). Returns 0, or -1 with a sentence in
 * `error`. */
int bridge_session_open(const char *url, const char *stream, const BridgeOffer *offer,
                        struct sockaddr_in destinations[REPLAY_TRACKS], char *error);

/* DELETEs it. Returns 0, or -1 with a sentence in `error`. */
int bridge_session_close(const char *url, const char *stream, char *error);

#endif
