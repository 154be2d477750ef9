/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RELOAD_RULES_H
#define RELOAD_RULES_H

/* Checks a server's answers to requests for playlists and media by rfc8216bis: sections 4, 6.2.1,
 * 6.2.5, 6.2.6 and B.1.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "findings.h"
#include "m3u8.h"

/* A request and its answer. Texts are borrowed, "" if there was none. */
typedef struct Exchange {
    const char *name;  /* what it was for */
    int64_t msn, part; /* _HLS_msn and _HLS_part; -1: not asked for */
    bool skip;         /* _HLS_skip=YES */
    int64_t target_us; /* of the playlist */
    bool secure;       /* by https */
    long status;       /* of HTTP; 0: no answer */
    const char *type, *encoding, *cache_control;
    size_t len;          /* of the body, unpacked */
    int64_t held_us;     /* from the request to the first byte of its answer */
    int64_t transfer_us; /* from there to the last */
    bool http2;          /* or newer */
} Exchange;

/* A playlist; `list` as it came, NULL: it was none. */
void reload_rules_playlist(Findings *findings, const Exchange *exchange, const M3u8 *list);

/* A delta update as it came, and the version that it was made against. */
void reload_rules_delta(Findings *findings, const Exchange *exchange, const M3u8 *list,
                        const M3u8 *before);

/* Media; `hinted`: it was asked for before it was listed, of a playlist with parts of so many
 * microseconds. */
void reload_rules_media(Findings *findings, const Exchange *exchange, bool hinted,
                        int64_t part_target_us);

/* A request that is to be refused with 400 and was answered by `status`; 0: by nobody, which says
 * nothing, nor does a gateway's 502 to 504. */
void reload_rules_refusal(Findings *findings, const char *name, const char *what, bool must,
                          long status);

/* A request for what is not there, and not hinted at. */
void reload_rules_missing(Findings *findings, const char *name, long status);

/* Seconds for which a shared cache may keep an answer: s-maxage, else max-age (RFC 9111, 5.2.2.10);
 * -1: neither is there, or no-store is. */
int64_t cache_max_age_s(const char *cache_control);

#endif
