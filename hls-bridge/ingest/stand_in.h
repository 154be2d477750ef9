/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STAND_IN_H
#define STAND_IN_H

/* The thread that reads a publisher's sockets while a disk holds up the stream's own thread, so
 * that the kernel does not drop packets that have reached this machine. It does nothing else, and
 * nothing holds it up.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. */

#include "base/clock.h"
#include "ingest/rtp_ingest.h"

typedef struct StandIn StandIn;

/* Starts the thread. `clock`, borrowed, is the streams' clock. Returns NULL with errno. */
StandIn *stand_in_create(const Clock *clock);

/* All must have been removed. Accepts NULL, leaves NULL. */
void stand_in_destroy(StandIn **stand_in);

/* Stands in for `ingest`, which is borrowed, from now on. Returns 0, or -1 with errno. */
int stand_in_add(StandIn *stand_in, RtpIngest *ingest);

/* Once this returns, `ingest` is not touched any more. One that was not added is left alone. */
void stand_in_remove(StandIn *stand_in, RtpIngest *ingest);

#endif
