/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_STUB_BRIDGE_H
#define TEST_STUB_BRIDGE_H

/* In place of janus-plugin/bridge_client.c: keeps what is announced, and has the test say what
 * becomes of it. Holds end when the test releases them, as on the client's thread.
 *
 * Thread-safety: as the client's; what is below is for one thread, which is the client's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The announcements that are there, and the holds that have not ended. */
size_t stub_bridge_announced(void);
size_t stub_bridge_holds(void);

/* What becomes of the announcement that `which` picks, if there is one. accept: `port` is where the
 * bridge listens, on 127.0.0.1. */
void stub_bridge_accept(unsigned which, uint16_t port);
void stub_bridge_refuse(unsigned which);
void stub_bridge_lose(unsigned which);
void stub_bridge_regain(unsigned which);

/* How often bridge_client_again() was called for something announced. */
unsigned stub_bridge_agains(void);

/* Ends the holds of what has been withdrawn or replaced. */
void stub_bridge_release(void);

#endif
