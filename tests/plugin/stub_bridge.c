/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stub_bridge.h"

#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bridge_client.h"

#define ENTRIES 64

typedef StubAnnouncement Entry; /* user NULL: none */

struct BridgeClient {
    BridgeEvents events;
};

static struct {
    pthread_mutex_t lock; /* guards all below */
    struct BridgeClient *client;
    Entry entry[ENTRIES];
    GSList *unheld;
    size_t holds;
    unsigned agains, kicks;
} bridge = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void drop(Entry *entry)
{
    if (entry->user)
        bridge.unheld = g_slist_prepend(bridge.unheld, entry->user);
    entry->user = NULL;
}

BridgeClient *bridge_client_create(const BridgeClientParams *params)
{
    BridgeClient *client = g_new0(BridgeClient, 1);

    client->events = params->events;
    bridge.agains = bridge.kicks = 0;
    bridge.client = client;
    return client;
}

void bridge_client_destroy(BridgeClient **client)
{
    if (!*client)
        return;
    for (size_t i = 0; i < ENTRIES; i++)
        drop(&bridge.entry[i]);
    stub_bridge_release();
    g_free(*client);
    *client = bridge.client = NULL;
}

static Entry *find(const char *name)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (bridge.entry[i].user && strcmp(bridge.entry[i].name, name) == 0)
            return &bridge.entry[i];
    return NULL;
}

void bridge_client_announce(BridgeClient *client, const char *name, const char *offer, void *user,
                            unsigned serial)
{
    (void)client;
    pthread_mutex_lock(&bridge.lock);
    Entry *entry = find(name);
    if (entry)
        drop(entry);
    else
        for (entry = bridge.entry; entry->user; entry++)
            if (entry == &bridge.entry[ENTRIES - 1])
                abort();
    entry->user = user;
    entry->serial = serial;
    g_strlcpy(entry->name, name, sizeof(entry->name));
    g_strlcpy(entry->offer, offer, sizeof(entry->offer));
    bridge.holds++;
    pthread_mutex_unlock(&bridge.lock);
}

void bridge_client_again(BridgeClient *client, const void *user)
{
    (void)client;
    pthread_mutex_lock(&bridge.lock);
    for (size_t i = 0; i < ENTRIES; i++)
        if (bridge.entry[i].user && bridge.entry[i].user == user)
            bridge.agains++;
    pthread_mutex_unlock(&bridge.lock);
}

void bridge_client_withdraw(BridgeClient *client, const char *name, const void *user, bool kicked)
{
    (void)client;
    pthread_mutex_lock(&bridge.lock);
    Entry *entry = find(name);
    if (entry && entry->user == user) {
        drop(entry);
        bridge.kicks += kicked;
    }
    pthread_mutex_unlock(&bridge.lock);
}

size_t stub_bridge_announced(void)
{
    size_t n = 0;

    pthread_mutex_lock(&bridge.lock);
    for (size_t i = 0; i < ENTRIES; i++)
        n += bridge.entry[i].user != NULL;
    pthread_mutex_unlock(&bridge.lock);
    return n;
}

size_t stub_bridge_holds(void)
{
    pthread_mutex_lock(&bridge.lock);
    size_t holds = bridge.holds;
    pthread_mutex_unlock(&bridge.lock);
    return holds;
}

unsigned stub_bridge_agains(void)
{
    pthread_mutex_lock(&bridge.lock);
    unsigned agains = bridge.agains;
    pthread_mutex_unlock(&bridge.lock);
    return agains;
}

unsigned stub_bridge_kicks(void)
{
    pthread_mutex_lock(&bridge.lock);
    unsigned kicks = bridge.kicks;
    pthread_mutex_unlock(&bridge.lock);
    return kicks;
}

/* A copy of the announcement that `which` picks; the user is still held, since holds end on this
 * thread alone. */
bool stub_bridge_pick(unsigned which, StubAnnouncement *out)
{
    bool found = false;

    pthread_mutex_lock(&bridge.lock);
    for (size_t i = 0; i < ENTRIES && !found; i++) {
        const Entry *entry = &bridge.entry[(which + i) % ENTRIES];
        if (entry->user) {
            *out = *entry;
            found = true;
        }
    }
    pthread_mutex_unlock(&bridge.lock);
    return found;
}

void stub_bridge_answer(const StubAnnouncement *announcement, const char *sdp, size_t len)
{
    const BridgeEvents *events = &bridge.client->events;
    const char *wrong = events->answered(announcement->user, announcement->serial, sdp, len);

    if (wrong)
        events->refused(announcement->user, announcement->serial, wrong);
}

void stub_bridge_accept_it(const StubAnnouncement *announcement, uint16_t port)
{
    char sdp[512];
    int len = snprintf(sdp, sizeof(sdp),
                       "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n");

    for (const char *at = announcement->offer; (at = strstr(at, "\nm=")); at++) {
        bool audio = g_str_has_prefix(at, "\nm=audio");
        len += snprintf(sdp + len, sizeof(sdp) - (size_t)len, "m=%s %d RTP/AVPF %d\r\n",
                        audio ? "audio" : "video", port,
                        audio ? BRIDGE_PT_OPUS : codec_payload_type(CODEC_H264));
    }
    stub_bridge_answer(announcement, sdp, (size_t)len);
}

void stub_bridge_accept(unsigned which, uint16_t port)
{
    Entry entry;

    if (stub_bridge_pick(which, &entry))
        stub_bridge_accept_it(&entry, port);
}

void stub_bridge_refuse_it(const StubAnnouncement *announcement)
{
    bridge.client->events.refused(announcement->user, announcement->serial,
                                  "the bridge answers: no");
}

void stub_bridge_refuse(unsigned which)
{
    Entry entry;

    if (stub_bridge_pick(which, &entry))
        stub_bridge_refuse_it(&entry);
}

void stub_bridge_lose(unsigned which)
{
    Entry entry;

    if (stub_bridge_pick(which, &entry))
        bridge.client->events.unreachable(entry.user, entry.serial, "it cannot be reached");
}

void stub_bridge_regain(unsigned which)
{
    Entry entry;

    if (stub_bridge_pick(which, &entry))
        bridge.client->events.reachable(entry.user, entry.serial);
}

void stub_bridge_release(void)
{
    pthread_mutex_lock(&bridge.lock);
    GSList *unheld = bridge.unheld;
    bridge.unheld = NULL;
    bridge.holds -= g_slist_length(unheld);
    pthread_mutex_unlock(&bridge.lock);
    g_slist_free_full(unheld, bridge.client->events.released);
}
