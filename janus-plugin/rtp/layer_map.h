/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYER_MAP_H
#define LAYER_MAP_H

/* Which layer of a publisher a packet belongs to.
 *
 * Janus says of which section a packet is, and no more. So the first packets of a layer have its
 * rid in a header extension (RFC 8852), by which its SSRC is learned; later ones have the SSRC
 * alone. Janus itself undoes RTX, with the repaired rid, and gives a layer that changes its SSRC
 * the old one again. Each layer has one SSRC here, so nothing grows, whatever a publisher sends.
 *
 * Thread-safety: none, the owner has a lock. */

#include <stdbool.h>
#include <stdint.h>

#include "rtp_packet.h"
#include "sdp/sdp_answer.h"

/* Zero-initialise: no packet has come yet. */
typedef struct LayerMap {
    struct {
        bool known;
        uint32_t ssrc;
    } source[MEDIA_TRACKS_MAX]; /* by track; of no use without simulcast */
    uint64_t unknown;           /* packets and reports of no layer */
} LayerMap;

/* The index in `tracks` of an RTP packet of section `mindex`, or -1. `rtp` is what
 * rtp_packet_parse() made of `packet`. A layer's SSRC is learned; a packet of a section with layers
 * that belongs to none of them is counted. */
int layer_map_place(LayerMap *map, const MediaTracks *tracks, int mindex, const uint8_t *packet,
                    const RtpPacket *rtp);

/* The index of the layer of section `mindex` that has `ssrc`, or -1, which is counted. */
int layer_map_find(LayerMap *map, const MediaTracks *tracks, int mindex, uint32_t ssrc);

/* The first track of section `mindex`, or -1; and whether a track is a layer of simulcast. */
int media_track_of(const MediaTracks *tracks, int mindex);
bool media_track_is_layer(const MediaTrack *track);

/* Whether two tracks, of an earlier offer and a later one, are the same source. */
bool media_track_continues(const MediaTrack *before, const MediaTrack *after);

/* The tracks were `before` and are `after`: those that continue keep what is known of them. */
void layer_map_renew(LayerMap *map, const MediaTracks *before, const MediaTracks *after);

#endif
