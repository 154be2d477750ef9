/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge/bridge_registry.h"

#include <stdio.h>

#define FIRST_RETRY_US  (250 * G_TIME_SPAN_MILLISECOND)
#define LAST_RETRY_US   (2 * G_TIME_SPAN_SECOND)
#define LONGEST_WAIT_US G_TIME_SPAN_MINUTE
#define HTTP_CONFLICT   409 /* the bridge is full */

struct BridgeEntry {
    char *name;
    char *offer;      /* NULL: the stream has ended */
    bool kicked;      /* and an operator has ended it */
    void *user;       /* held; NULL: none */
    unsigned serial;  /* the user's, of this announcement */
    unsigned version; /* grows with each change of what should be so */
    bool asking;      /* a request is under way, for `asked_version` */
    unsigned asked_version;
    bool settled;            /* it is so, or never will be */
    bool listened;           /* the bridge has taken what this user announced */
    bool unreachable_said;   /* and not taken back yet */
    int64_t since_us;        /* it should be so */
    int64_t retry_us, pause; /* when to ask next, and how long the last pause was */
};

struct BridgeRegistry {
    BridgeRegistryParams params;
    char *bridge;
    GHashTable *entries; /* name -> BridgeEntry */
    size_t asking;       /* entries with a request under way */
    bool looking;
    int64_t look_us; /* when to look next */
};

static void free_entry(gpointer data)
{
    BridgeEntry *entry = data;

    g_free(entry->name);
    g_free(entry->offer);
    g_free(entry);
}

BridgeRegistry *bridge_registry_create(const BridgeRegistryParams *params)
{
    BridgeRegistry *registry = g_new0(BridgeRegistry, 1);

    registry->params = *params;
    registry->params.bridge = registry->bridge = g_strdup(params->bridge);
    registry->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
    return registry;
}

void bridge_registry_destroy(BridgeRegistry **registry)
{
    if (!*registry)
        return;
    g_hash_table_destroy((*registry)->entries);
    g_free((*registry)->bridge);
    g_free(*registry);
    *registry = NULL;
}

void *bridge_registry_next_user(BridgeRegistry *registry)
{
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, registry->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        void *user = ((BridgeEntry *)value)->user;
        g_hash_table_iter_remove(&all);
        if (user)
            return user;
    }
    return NULL;
}

/* ---- what should be so ---- */

/* Returns the user whose hold ends. */
static void *change(BridgeEntry *entry, const char *offer, void *user, unsigned serial,
                    int64_t now_us)
{
    void *before = entry->user;

    entry->listened = entry->listened && before == user;
    g_free(entry->offer);
    entry->offer = g_strdup(offer);
    entry->kicked = false;
    entry->user = user;
    entry->serial = serial;
    entry->version++;
    entry->settled = entry->unreachable_said = false;
    entry->since_us = now_us;
    entry->retry_us = entry->pause = 0;
    return before;
}

void *bridge_registry_announce(BridgeRegistry *registry, const char *name, const char *offer,
                               void *user, unsigned serial, int64_t now_us)
{
    BridgeEntry *entry = g_hash_table_lookup(registry->entries, name);

    if (!entry) {
        entry = g_new0(BridgeEntry, 1);
        entry->name = g_strdup(name);
        g_hash_table_insert(registry->entries, entry->name, entry);
    }
    return change(entry, offer, user, serial, now_us);
}

void bridge_registry_again(BridgeRegistry *registry, const void *user, int64_t now_us)
{
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, registry->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        BridgeEntry *entry = value;
        if (entry->user != user || !entry->settled)
            continue;
        entry->version++;
        entry->settled = false;
        entry->since_us = now_us;
        entry->retry_us = 0;
    }
}

void *bridge_registry_withdraw(BridgeRegistry *registry, const char *name, const void *user,
                               bool kicked, int64_t now_us)
{
    BridgeEntry *entry = g_hash_table_lookup(registry->entries, name);

    if (!entry || entry->user != user)
        return NULL;
    void *before = change(entry, NULL, NULL, 0, now_us);
    entry->kicked = kicked;
    return before;
}

/* ---- requests ---- */

/* Tries again later. Returns whether its user has not been told yet. */
static bool retry_later(BridgeEntry *entry, int64_t now_us)
{
    bool news = !entry->unreachable_said;

    entry->pause = entry->pause ? MIN(entry->pause * 2, LAST_RETRY_US) : FIRST_RETRY_US;
    entry->retry_us = now_us + entry->pause;
    entry->unreachable_said = true;
    return news;
}

void bridge_registry_start_due(BridgeRegistry *registry, int64_t now_us, BridgeStart *start,
                               void *data)
{
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, registry->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        BridgeEntry *entry = value;
        if (entry->asking || entry->settled || entry->retry_us > now_us)
            continue;
        entry->asking =
            start(data, entry, &(BridgeRequest){entry->name, entry->offer, entry->kicked});
        entry->asked_version = entry->version;
        if (entry->asking)
            registry->asking++;
        else /* there is no memory now */
            entry->retry_us = now_us + FIRST_RETRY_US;
    }
}

/* Settles the answer to an announcement. */
static BridgeSaying settle(BridgeRegistry *registry, BridgeEntry *entry, const BridgeResult *result,
                           int64_t now_us, char *reason)
{
    if (result->failure) {
        snprintf(reason, BRIDGE_REASON_SIZE, "the bridge at %s cannot be reached: %s",
                 registry->bridge, result->failure);
        return retry_later(entry, now_us) ? BRIDGE_SAYS_UNREACHABLE : BRIDGE_SAYS_NOTHING;
    }
    if (result->status < 400) {
        entry->settled = entry->listened = true;
        entry->unreachable_said = false;
        entry->pause = 0;
        return BRIDGE_SAYS_ANSWERED;
    }
    g_strlcpy(reason, result->problem, BRIDGE_REASON_SIZE);
    /* After a restart the bridge may have no room yet: that does not end who was live. */
    if (result->status >= 500 || (result->status == HTTP_CONFLICT && entry->listened))
        return retry_later(entry, now_us) ? BRIDGE_SAYS_UNREACHABLE : BRIDGE_SAYS_NOTHING;
    entry->settled = true;
    return BRIDGE_SAYS_REFUSED;
}

BridgeOutcome bridge_registry_finish(BridgeRegistry *registry, BridgeEntry *entry,
                                     const BridgeResult *result, int64_t now_us)
{
    BridgeOutcome outcome = {.what = BRIDGE_SAYS_NOTHING};

    entry->asking = false;
    registry->asking--;
    if (entry->asked_version != entry->version)
        return outcome; /* what should be so has changed meanwhile: that is asked next */
    if (!entry->offer) {
        /* a bridge that cannot be reached has no stream to end */
        g_hash_table_remove(registry->entries, entry->name);
        return outcome;
    }
    outcome.user = entry->user;
    outcome.serial = entry->serial;
    outcome.what = settle(registry, entry, result, now_us, outcome.reason);
    return outcome;
}

bool bridge_registry_is_busy(const BridgeRegistry *registry)
{
    return registry->asking > 0;
}

/* ---- a bridge that is slow, or hangs ---- */

static void tell(GArray *outcomes, BridgeEntry *entry, BridgeSaying what, const char *bridge,
                 const char *why)
{
    BridgeOutcome outcome = {.what = what, .user = entry->user, .serial = entry->serial};

    if (why)
        snprintf(outcome.reason, sizeof(outcome.reason), "the bridge at %s does not answer: %s",
                 bridge, why);
    g_array_append_val(outcomes, outcome);
}

/* When the user is to be told that its answer is late; INT64_MAX: never. */
static int64_t late_us(const BridgeRegistry *registry, const BridgeEntry *entry)
{
    bool waits = entry->offer && !entry->settled && !entry->unreachable_said;

    return waits ? entry->since_us + registry->params.patience_us : INT64_MAX;
}

void bridge_registry_tell_late(BridgeRegistry *registry, int64_t now_us, GArray *outcomes)
{
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, registry->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        BridgeEntry *entry = value;
        if (late_us(registry, entry) > now_us)
            continue;
        entry->unreachable_said = true;
        tell(outcomes, entry, BRIDGE_SAYS_UNREACHABLE, registry->bridge,
             "it has not taken the announcement yet");
    }
}

/* Whether the bridge has taken an announcement, and nothing else is to be said to it. */
static bool is_listening(const BridgeEntry *entry)
{
    return entry->user && entry->settled && entry->listened;
}

static bool is_anybody_listening(const BridgeRegistry *registry)
{
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, registry->entries);
    while (g_hash_table_iter_next(&all, NULL, &value))
        if (is_listening(value))
            return true;
    return false;
}

bool bridge_registry_begin_look(BridgeRegistry *registry, int64_t now_us)
{
    if (registry->looking || registry->look_us > now_us || !is_anybody_listening(registry))
        return false;
    registry->looking = true;
    return true;
}

void bridge_registry_end_look(BridgeRegistry *registry, const char *failure, int64_t now_us,
                              GArray *outcomes)
{
    BridgeSaying what = failure ? BRIDGE_SAYS_UNREACHABLE : BRIDGE_SAYS_REACHABLE;
    GHashTableIter all;
    gpointer value;

    registry->looking = false;
    registry->look_us = now_us + registry->params.look_us;
    g_hash_table_iter_init(&all, registry->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        BridgeEntry *entry = value;
        if (!is_listening(entry) || entry->unreachable_said == (failure != NULL))
            continue;
        entry->unreachable_said = failure != NULL;
        tell(outcomes, entry, what, registry->bridge, failure);
    }
}

int64_t bridge_registry_wake_us(const BridgeRegistry *registry, int64_t now_us)
{
    int64_t wake_us = now_us + LONGEST_WAIT_US;
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, registry->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        const BridgeEntry *entry = value;
        wake_us = MIN(wake_us, late_us(registry, entry));
        if (!entry->asking && !entry->settled)
            wake_us = MIN(wake_us, entry->retry_us);
    }
    if (!registry->looking && is_anybody_listening(registry))
        wake_us = MIN(wake_us, registry->look_us);
    return MAX(wake_us, now_us);
}
