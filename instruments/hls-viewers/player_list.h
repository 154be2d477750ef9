/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYER_LIST_H
#define PLAYER_LIST_H

/* Reads from a playlist what a player needs to ask for next: the renditions of a multivariant one;
 * segments, parts and the hint of a media playlist (rfc8216bis).
 *
 * Thread-safety: one thread for each PlayerList. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in a stream: the media sequence number of a segment, and a part of it. */
typedef struct PlayerPlace {
    int64_t msn, part;
} PlayerPlace;

typedef struct PlayerItem {
    PlayerPlace at; /* of a segment, part 0 */
    const char *uri;
    bool gap; /* there is nothing to fetch */
} PlayerItem;

typedef struct PlayerList {
    bool multivariant, ended;
    bool can_block;            /* the server holds requests for what is to come */
    bool can_skip;             /* it leaves out old segments if asked to */
    int64_t skipped;           /* segments that it has left out */
    int64_t target_us;         /* EXT-X-TARGETDURATION */
    int64_t part_target_us;    /* 0: no parts */
    const char *video, *audio; /* URIs of the first variant and of its sound; NULL: none */
    const char *map;           /* the last EXT-X-MAP, NULL: none */
    PlayerItem *segment, *part;
    size_t segments, parts;
    PlayerItem hint; /* uri NULL: none */
    PlayerPlace end; /* the first that is not listed */
    char *text;      /* all URIs are in it */
} PlayerList;

/* Reads `len` bytes. Returns a list, which the caller destroys, or NULL with a static sentence in
 * `wrong`. */
PlayerList *player_list_read(const char *text, size_t len, const char **wrong);

/* Accepts NULL, leaves NULL. */
void player_list_destroy(PlayerList **list);

/* The part, or the segment, at this place; NULL: it is not listed. */
const PlayerItem *player_list_part(const PlayerList *list, PlayerPlace at);
const PlayerItem *player_list_segment(const PlayerList *list, int64_t msn);

/* Below 0, 0 or above as `a` is before, at or behind `b`. */
int player_place_compare(PlayerPlace a, PlayerPlace b);

#endif
