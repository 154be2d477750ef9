/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HOOK_CLIENT_H
#define HOOK_CLIENT_H

/* Asks the admission webhook: a signed POST for each publisher (docs/protocol.md, "Admission
 * webhook"). All wait on one thread of the client's own, beside each other, so that a receiver that
 * hangs holds up nobody else.
 *
 * A try that fails is repeated after a pause, with the same webhook-id, while there is time. One
 * that is only slow is not: there is one time-out for all tries of a question.
 *
 * Thread-safety: every call may come from any thread, and only destroy blocks. */

#include "hook/hook_answer.h"
#include "hook/hook_settings.h"

typedef struct HookClient HookClient;

/* What has become of a question. `answer` is borrowed. On the client's thread or on that of
 * destroy, with no lock held. It must not block. */
typedef void HookDone(void *user, const HookAnswer *answer);

/* Since it was created. What was asked is waiting, or has one of the verdicts. */
typedef struct HookStats {
    uint64_t asked, retried, waiting;
    uint64_t verdict[ADMISSION_VERDICTS]; /* by AdmissionVerdict */
    uint64_t busy;                        /* questions for which there was no room */
} HookStats;

/* The settings are copied. Returns NULL if there is no memory or no thread. */
HookClient *hook_client_create(const HookSettings *settings);

/* All that wait are ADMISSION_STOPPED, and no more are taken from the call on. Accepts NULL, leaves
 * NULL. */
void hook_client_destroy(HookClient **client);

/* The same, but the client stays: what is asked from now on is refused. */
void hook_client_stop(HookClient *client);

/* Asks with `body`, which is copied. Returns 0, and `done` follows once; or -1 if too many wait or
 * it stops: nothing follows. */
int hook_client_ask(HookClient *client, const char *body, HookDone *done, void *user);

HookStats hook_client_stats(HookClient *client);

#endif
