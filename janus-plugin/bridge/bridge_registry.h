/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_REGISTRY_H
#define BRIDGE_REGISTRY_H

/* Which streams the bridge should know, what it has said to each, and what to ask it next: the
 * decisions of bridge_client, without its thread and its requests.
 *
 * For each name there is at most one request at a time, so that the bridge gets them in order. What
 * changes meanwhile is asked when that request has ended. A request that fails is made again after
 * a pause that doubles from 250 ms to 2 s. An announcement that takes longer than `patience_us` is
 * not given up: its user is told that the bridge does not answer, and goes live when the answer
 * comes.
 *
 * Pure: time is an argument (`now_us`, CLOCK_MONOTONIC). Thread-safety: none, the owner has a lock.
 */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define BRIDGE_REASON_SIZE 256

typedef struct BridgeRegistry BridgeRegistry;
typedef struct BridgeEntry BridgeEntry; /* one name */

typedef struct BridgeRegistryParams {
    const char *bridge;  /* for sentences; copied */
    int64_t patience_us; /* after which the user is told that an answer is late */
    int64_t look_us;     /* between two looks whether the bridge still answers */
} BridgeRegistryParams;

typedef enum BridgeSaying {
    BRIDGE_SAYS_NOTHING,
    BRIDGE_SAYS_ANSWERED,
    BRIDGE_SAYS_REFUSED,
    BRIDGE_SAYS_UNREACHABLE,
    BRIDGE_SAYS_REACHABLE,
} BridgeSaying;

/* What a user is to be told. The user is held until the owner releases it. */
typedef struct BridgeOutcome {
    BridgeSaying what;
    void *user;
    unsigned serial;
    char reason[BRIDGE_REASON_SIZE]; /* of a refusal, or why the bridge cannot be reached */
} BridgeOutcome;

/* How a request ended. */
typedef struct BridgeResult {
    const char *failure; /* why there is no answer; NULL: there is one */
    long status;         /* HTTP's */
    const char *problem; /* the bridge's sentence, if `status` is an error */
} BridgeResult;

BridgeRegistry *bridge_registry_create(const BridgeRegistryParams *params);

/* The users that are still held are the caller's to release, with bridge_registry_next_user().
 * Accepts NULL, leaves NULL. */
void bridge_registry_destroy(BridgeRegistry **registry);

/* Takes out a user that is still held; NULL: there is none left. The registry is of no more use
 * than to be destroyed. */
void *bridge_registry_next_user(BridgeRegistry *registry);

/* As bridge_client_announce(), _again() and _withdraw(). announce and withdraw return the user
 * whose hold has ended, or NULL. */
void *bridge_registry_announce(BridgeRegistry *registry, const char *name, const char *offer,
                               void *user, unsigned serial, int64_t now_us);
void bridge_registry_again(BridgeRegistry *registry, const void *user, int64_t now_us);
void *bridge_registry_withdraw(BridgeRegistry *registry, const char *name, const void *user,
                               bool kicked, int64_t now_us);

/* What to ask of the bridge: PUT with an offer, DELETE without one. */
typedef struct BridgeRequest {
    const char *name, *offer;
    bool kicked; /* only without an offer: an operator has ended the stream */
} BridgeRequest;

/* Begins a request for an entry; `request` and its texts are borrowed during the call. Returns
 * whether it has begun; then bridge_registry_finish() follows. */
typedef bool BridgeStart(void *data, BridgeEntry *entry, const BridgeRequest *request);

/* Starts what is due. */
void bridge_registry_start_due(BridgeRegistry *registry, int64_t now_us, BridgeStart *start,
                               void *data);

/* The request of an entry has ended. Returns what its user is to be told. The entry may be gone
 * afterwards. */
BridgeOutcome bridge_registry_finish(BridgeRegistry *registry, BridgeEntry *entry,
                                     const BridgeResult *result, int64_t now_us);

/* Whether a request of any entry is under way. */
bool bridge_registry_is_busy(const BridgeRegistry *registry);

/* Adds a BridgeOutcome to `outcomes` for each user that has waited too long for its first answer.
 */
void bridge_registry_tell_late(BridgeRegistry *registry, int64_t now_us, GArray *outcomes);

/* A bridge that hangs takes packets without a word: the kernel does so for it. So it is asked now
 * and then whether it still answers, as long as it listens to somebody. Whether to ask now: then
 * bridge_registry_end_look() follows, with whether it answered anything. That adds a
 * BridgeOutcome for each user for which this is new. */
bool bridge_registry_begin_look(BridgeRegistry *registry, int64_t now_us);
void bridge_registry_end_look(BridgeRegistry *registry, const char *failure, int64_t now_us,
                              GArray *outcomes);

/* When something will be due that is not now: a minute ahead at the most. */
int64_t bridge_registry_wake_us(const BridgeRegistry *registry, int64_t now_us);

#endif
