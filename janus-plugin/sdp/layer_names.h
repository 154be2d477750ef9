/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYER_NAMES_H
#define LAYER_NAMES_H

/* The names (rids, RFC 8851) of the layers that a publisher sends by simulcast (RFC 8853).
 *
 * Janus keeps a=rid and a=simulcast to itself: a plugin reads the rids beside the offer, in
 * `jsep.simulcast`, and takes simulcast by answering the header extension that carries them. Then
 * Janus writes a=rid and a=simulcast into the answer; else it forgets the rids.
 *
 * Thread-safety: none needed, there is no state. */

#include <jansson.h>
#include <stddef.h>

#include "sdp/sdp_answer.h"

typedef struct LayerNames {
    char rid[LAYERS_MAX][RID_SIZE]; /* in the publisher's order */
    size_t count;                   /* 0: no simulcast by rid */
} LayerNames;

/* Reads the layers of section `mindex` of an offer; there may be none. `simulcast` is
 * `jsep.simulcast` as Janus makes it, or NULL. Returns 0, or -1 if a rid is not 1 to 14 of
 * A-Z a-z 0-9 _ -, or is there twice, or if there are more than LAYERS_MAX. */
int layer_names_read(const json_t *simulcast, int mindex, LayerNames *out);

#endif
