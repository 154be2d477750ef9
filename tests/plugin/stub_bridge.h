/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_STUB_BRIDGE_H
#define TEST_STUB_BRIDGE_H

/* In place of janus-plugin/bridge/bridge_client.c: keeps what is announced, and the test says what
 * becomes of it. Holds end when the test releases them, as on the client's thread.
 *
 * Thread-safety: that of the client. The functions below are for one thread, in place of the
 * client's own. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus-plugin/sdp/bridge_sdp.h"
#include "stream_name.h"

/* The announcements that are there, and the holds that have not ended. */
size_t stub_bridge_announced(void);
size_t stub_bridge_holds(void);

/* An announcement, as it was when it was picked. */
typedef struct StubAnnouncement {
    char name[STREAM_NAME_MAX + 1], offer[BRIDGE_SDP_SIZE];
    void *user;
    unsigned serial;
} StubAnnouncement;

/* The announcement that `which` picks. Returns false if there is none. */
bool stub_bridge_pick(unsigned which, StubAnnouncement *out);

/* The bridge answers an announcement, maybe one that is void; `port` is where it listens for
 * all its tracks, on 127.0.0.1. The last answers what a test likes. */
void stub_bridge_accept_it(const StubAnnouncement *announcement, uint16_t port);
void stub_bridge_refuse_it(const StubAnnouncement *announcement);
void stub_bridge_answer(const StubAnnouncement *announcement, const char *sdp, size_t len);

/* What becomes of the announcement that `which` picks, if there is one. */
void stub_bridge_accept(unsigned which, uint16_t port);
void stub_bridge_refuse(unsigned which);
void stub_bridge_lose(unsigned which);
void stub_bridge_regain(unsigned which);

/* How often bridge_client_again() was called for an announcement. */
unsigned stub_bridge_agains(void);

/* How many announcements were withdrawn as an operator's end. */
unsigned stub_bridge_kicks(void);

/* Ends the holds of what has been withdrawn or replaced. */
void stub_bridge_release(void);

#endif
