/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPLAY_H
#define REPLAY_H

/* The ingest of a recording: packets come from a function, each with the time at which it arrives,
 * and that is the only time there is. Nobody waits, and nobody is asked for an IDR picture.
 *
 * Who replays moves a manual clock on and lets the stream's parts go round, as if its thread had
 * woken at each of these times: what arrived before a time is taken in at that time.
 *
 * Thread-safety: one thread. */

#include "ingest/ingest.h"
#include "ingest/source_sdp.h"

typedef struct ReplayPacket {
    int64_t arrival_us;  /* never less than that of the one before */
    size_t track;        /* by its index in the description */
    const uint8_t *data; /* RTP or RTCP; borrowed until the next is asked for */
    size_t len;
} ReplayPacket;

typedef struct ReplayParams {
    const SourceSdp *sdp; /* copied */
    /* The next packet; false: there are no more. */
    bool (*next)(void *user, ReplayPacket *out);
    void *user;
} ReplayParams;

/* Returns NULL if there is no memory. ingest_destroy() it. */
Ingest *replay_create(const ReplayParams *params);

/* Whether all has been taken in. `replay` is of replay_create(), here and below. */
bool replay_is_over(const Ingest *replay);

/* The AAC frames that were handed out, and how many of them did not join the one before. */
typedef struct ReplaySound {
    uint64_t frames, breaks;
} ReplaySound;

ReplaySound replay_sound(const Ingest *replay);

#endif
