/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FOLLOW_STATE_H
#define FOLLOW_STATE_H

/* What follow.c has seen, for follow_media.c to check and follow_report.c to tell; for these only.
 */

#include "apple_rules.h"
#include "follow.h"
#include "iframe_list.h"
#include "rendition.h"

/* Where the renditions were at a moment, each by its index. */
typedef struct FollowMoment {
    bool taken;
    ListEdge edge[MEDIA_RENDITIONS_MAX];
    bool live[MEDIA_RENDITIONS_MAX];
} FollowMoment;

/* A rendition, and where others are known or said to be. */
typedef struct Followed {
    Rendition *rendition;
    size_t index;
    ListEdge promised; /* the most that a report said of it; -1, -1: nothing */
    int64_t promised_us;
    FollowMoment known, seen; /* before its last version was asked for, and when it came */
    char map[M3U8_URI_SIZE];  /* of its last whole segment; "": none */
} Followed;

/* Before which number of each list the segments are those that a multivariant playlist which is
 * asked for now must speak of. */
typedef struct FollowListed {
    uint64_t renditions[MEDIA_RENDITIONS_MAX], iframes[M3U8_MULTI_MAX];
} FollowListed;

/* Of a list, once the multivariant playlist has come: its oldest segment. */
typedef struct FollowOldest {
    uint64_t sequence;
    bool is_asked; /* for the list, and not answered */
} FollowOldest;

struct Follow {
    FollowOptions options;
    char url[HTTP_URL_SIZE];
    RenditionWorld world;
    size_t count;
    Followed followed[MEDIA_RENDITIONS_MAX];
    size_t iframe_count;
    IframeList *iframes[M3U8_MULTI_MAX];
    bool is_multi, failed;
    bool multi_asked; /* it is asked for, and not answered */
    MultiVersions multi;
    FollowListed listed, listed_if_asked; /* at the request for the newest, and for the next */
    FollowOldest oldest[MEDIA_RENDITIONS_MAX], iframes_oldest[M3U8_MULTI_MAX];
    size_t multi_looks; /* at it, that gave one */
    AppleDelivery multi_delivery;
    int64_t next_multi_us, next_across_us;
};

FollowListed follow_listed(const Follow *follow);

/* Asks for each list that goes on once more: one that came before the newest multivariant playlist
 * may have older segments than that speaks of. The media are checked when the answers are here. */
void follow_ask_oldest(Follow *follow);
bool follow_waits_for_oldest(const Follow *follow);

/* Checks what the multivariant playlist says by the media, when the worker has finished. */
void follow_check_media(Follow *follow);

/* Checks all that was seen by Apple's rules. */
void follow_check_apple(Follow *follow);

#endif
