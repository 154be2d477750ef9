/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_JANUS_OFFER_H
#define TEST_JANUS_OFFER_H

/* What Janus makes of a browser's offer before a plugin sees it (sdp.c, janus.c).
 *
 * Thread-safety: none needed, there is no state. */

#include <jansson.h>

/* The JSEP object of `offer`: `type`, `sdp` without a=rid and a=simulcast, and `simulcast` with the
 * first three rids of each section that has some, each cut at 15 characters. The caller owns it.
 * NULL if the offer is not UTF-8, which Janus does not take. */
json_t *janus_offer(const char *offer);

#endif
