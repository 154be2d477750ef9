/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CONTROL_API_H
#define CONTROL_API_H

/* The bridge's HTTP API on loopback: announce and withdraw publishers, status, metrics
 * (docs/protocol.md).
 *
 * Thread-safety: create and destroy from one thread; requests run on the server's own. */

#include "stream_table.h"

typedef struct ControlApi ControlApi;

/* Listens on `address`:`port`; `table` is borrowed. Returns NULL with errno where it cannot. */
ControlApi *control_api_create(const char *address, uint16_t port, StreamTable *table);

/* Ends all requests. Accepts NULL, leaves NULL. */
void control_api_destroy(ControlApi **api);

#endif
