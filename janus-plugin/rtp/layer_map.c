/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp/layer_map.h"

#include <string.h>

int media_track_of(const MediaTracks *tracks, int mindex)
{
    for (size_t i = 0; i < tracks->count; i++)
        if (tracks->track[i].mindex == mindex)
            return (int)i;
    return -1;
}

bool media_track_is_layer(const MediaTrack *track)
{
    return track->rid[0] != '\0';
}

bool media_track_continues(const MediaTrack *before, const MediaTrack *after)
{
    return before->kind == after->kind && strcmp(before->rid, after->rid) == 0;
}

static int find_rid(const MediaTracks *tracks, int mindex, const RtpExtension *rid)
{
    for (size_t i = 0; i < tracks->count; i++) {
        const MediaTrack *track = &tracks->track[i];
        if (track->mindex == mindex && strlen(track->rid) == rid->len &&
            memcmp(track->rid, rid->at, rid->len) == 0)
            return (int)i;
    }
    return -1;
}

static int find_ssrc(const LayerMap *map, const MediaTracks *tracks, int mindex, uint32_t ssrc)
{
    for (size_t i = 0; i < tracks->count; i++)
        if (tracks->track[i].mindex == mindex && map->source[i].known &&
            map->source[i].ssrc == ssrc)
            return (int)i;
    return -1;
}

/* An SSRC belongs to one layer, the last that said so. */
static void learn(LayerMap *map, const MediaTracks *tracks, int mindex, int index, uint32_t ssrc)
{
    int before = find_ssrc(map, tracks, mindex, ssrc);

    if (before >= 0)
        map->source[before].known = false;
    map->source[index].known = true;
    map->source[index].ssrc = ssrc;
}

int layer_map_place(LayerMap *map, const MediaTracks *tracks, int mindex, const uint8_t *packet,
                    const RtpPacket *rtp)
{
    int first = media_track_of(tracks, mindex), index = -1;
    RtpExtension rid;

    if (first < 0 || !media_track_is_layer(&tracks->track[first]))
        return first;
    /* before a layer's first packet Janus takes padding of its RTX for media */
    if (rtp->payload_type == tracks->track[first].payload_type) {
        if (!rtp_extension_find(packet, rtp, tracks->track[first].rid_extension, &rid))
            index = find_ssrc(map, tracks, mindex, rtp->ssrc);
        else if ((index = find_rid(tracks, mindex, &rid)) >= 0)
            learn(map, tracks, mindex, index, rtp->ssrc);
    }
    map->unknown += index < 0;
    return index;
}

int layer_map_find(LayerMap *map, const MediaTracks *tracks, int mindex, uint32_t ssrc)
{
    int index = find_ssrc(map, tracks, mindex, ssrc);

    map->unknown += index < 0;
    return index;
}

void layer_map_renew(LayerMap *map, const MediaTracks *before, const MediaTracks *after)
{
    LayerMap old = *map;

    memset(map->source, 0, sizeof(map->source));
    for (size_t i = 0; i < after->count; i++)
        for (size_t k = 0; k < before->count; k++)
            if (media_track_continues(&before->track[k], &after->track[i]))
                map->source[i] = old.source[k];
}
