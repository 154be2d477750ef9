/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYLIST_RULES_H
#define PLAYLIST_RULES_H

/* Checks every version of a media playlist by RFC 8216: section 4.3.3 for one version, 6.2.1 and
 * 6.2.2 for what may change to the next.
 *
 * Thread-safety: one thread. */

#include "findings.h"
#include "m3u8.h"

typedef struct PlaylistRules PlaylistRules;

/* `findings` is borrowed. Returns NULL if there is no memory. */
PlaylistRules *playlist_rules_create(Findings *findings);
void playlist_rules_destroy(PlaylistRules **rules); /* accepts NULL, leaves NULL */

/* The next version, asked for at `asked_us` (monotonic), that came at `came_us`: a server may stand
 * still with a version in its hands, so what it lists may be gone since any moment between the two.
 * Takes `playlist` over. */
void playlist_rules_version(PlaylistRules *rules, M3u8 *playlist, int64_t asked_us,
                            int64_t came_us);

/* It was asked for again at `asked_us`, and still is the last version. */
void playlist_rules_same(PlaylistRules *rules, int64_t asked_us);

/* When the last version was last asked for; 0: there is none yet. */
int64_t playlist_rules_seen_us(const PlaylistRules *rules);

/* The version that was seen last; NULL: none yet. */
const M3u8 *playlist_rules_last(const PlaylistRules *rules);

/* A segment that has left the playlist, at the last moment at which it must still be there: its
 * URI, borrowed, and until when it must be there; or NULL if none is due. Each is given once. */
const char *playlist_rules_retained(PlaylistRules *rules, int64_t now_us, int64_t *until_us);

typedef struct PlaylistHistory {
    size_t versions; /* that differed from the one before */
    uint64_t first_sequence, next_sequence;
    uint64_t discontinuities; /* that were seen to come */
    int64_t longest_gap_us;   /* between two new segments */
    bool ended;
} PlaylistHistory;

PlaylistHistory playlist_rules_history(const PlaylistRules *rules);

#endif
