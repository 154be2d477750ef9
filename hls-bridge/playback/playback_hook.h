/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYBACK_HOOK_H
#define PLAYBACK_HOOK_H

/* Asks a webhook about viewers: a signed POST for each question (webhook_sign.h), many at a time,
 * on a thread of its own.
 *
 * A try that fails is repeated after a pause, with the same webhook-id, while there is time. One
 * that only takes long is not.
 *
 * The secrets are read again from their file before each POST, so that they can be replaced while
 * the bridge runs.
 *
 * Thread-safety: any thread may ask. The lock is a leaf, and is not held while something is sent or
 * told. */

#include "base/clock.h"
#include "playback/playback_answer.h"

typedef struct PlaybackHook PlaybackHook;

/* What has become of a question. Called once, on the hook's thread. */
typedef void PlaybackDone(void *user, void *question, const PlaybackAnswer *answer);

/* All texts are borrowed. */
typedef struct PlaybackHookParams {
    const Clock *clock;      /* borrowed */
    const char *url;         /* http or https; no log shows it, since it may have a password */
    const char *secret_file; /* of one or two secrets */
    int64_t timeout_us;      /* of all tries of a question together */
    int64_t retries;         /* of a try that failed, 0 or more */
    size_t waiting;          /* questions at the same time, 1 or more */
    PlaybackDone *done;
    void *user; /* of `done` */
} PlaybackHookParams;

/* To be called before other threads are made, since libcurl is set up. Returns NULL if there is no
 * memory, or no thread. */
PlaybackHook *playback_hook_create(const PlaybackHookParams *params);

/* All that wait are told that it has STOPPED, and whoever asks from now on is refused. */
void playback_hook_stop(PlaybackHook *hook);

/* Stops it, too. Accepts NULL, leaves NULL. */
void playback_hook_destroy(PlaybackHook **hook);

/* Asks with `body`, which is taken over in any case, to be freed with free(). Returns 0, and `done`
 * follows with `question`; or -1 if too many wait, it stops or there is no memory: nothing follows.
 */
int playback_hook_ask(PlaybackHook *hook, char *body, void *question);

/* Whether so many questions wait that it takes no other now. */
bool playback_hook_is_full(PlaybackHook *hook);

/* How many tries were repeated. */
uint64_t playback_hook_retried(PlaybackHook *hook);

#endif
