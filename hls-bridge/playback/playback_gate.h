/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYBACK_GATE_H
#define PLAYBACK_GATE_H

/* Answers web servers that ask whether a viewer with a playback token may watch, as a webhook has
 * said (docs/protocol.md, "A webhook for viewers"). It is asked once for each session: others who
 * ask about the same one meanwhile wait for that answer, and later ones have it from memory.
 *
 *   GET /session/ADDRESS/TOKEN/NAME    204 with Cache-Control: max-age=SECONDS; or 403 with
 *                                      Janus-Hls-Reason: a sentence, and with Retry-After: SECONDS
 *                                      if that may be over soon
 *
 * It has a server and threads of its own: nothing of media waits for it.
 *
 * Thread-safety: create and destroy from one thread; stats from any. Requests run on the server's
 * own thread, answers come on the hook's; one lock guards the sessions. It is held while the hook
 * is asked, and while libmicrohttpd suspends and resumes connections: neither calls back under it.
 */

#include "playback/playback_hook.h"
#include "playback/playback_stats.h"

typedef struct PlaybackGate PlaybackGate;

typedef struct PlaybackGateParams {
    const char *address; /* IPv4 */
    uint16_t port;
    size_t connections;     /* at the same time */
    size_t sessions;        /* that are remembered, 1 or more */
    int64_t keep_us;        /* for so long, if the answer does not say */
    bool allows_on_timeout; /* what becomes of a viewer */
    bool allows_on_unreachable;
    PlaybackHookParams hook; /* without `done` and `user` */
} PlaybackGateParams;

/* The params' texts are borrowed. To be called before other threads are made. Returns NULL with
 * errno. */
PlaybackGate *playback_gate_create(const PlaybackGateParams *params);

/* All that wait are answered. Accepts NULL, leaves NULL. */
void playback_gate_destroy(PlaybackGate **gate);

PlaybackStats playback_gate_stats(PlaybackGate *gate);

#endif
