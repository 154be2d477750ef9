/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISHER_END_H
#define PUBLISHER_END_H

/* How a publisher ends, for the parts of publisher.h. It loses all at once, under its session's
 * lock: state, sockets, name and announcement.
 *
 * Thread-safety: any thread, but for init. Hold no lock. */

#include <jansson.h>

#include "session/session.h"

/* Why a publisher has ended: `code` for programs, `text` for people. */
typedef struct EndReason {
    const char *code, *text;
} EndReason;

extern const EndReason ended_by_request, ended_by_operator, ended_by_takeover, ended_by_disconnect,
    ended_by_stop, ended_by_excess, ended_by_expiry, ended_by_revocation, ended_unconnected,
    ended_by_failure;

void publisher_end_init(janus_callbacks *gateway);

/* What is to end, by fields of the session as they were when the reason was found; 0: whichever. A
 * handle may have published something else since. */
typedef struct EndWhich {
    unsigned turn, serial;
} EndWhich;

/* Ends what a session publishes, if it is still that. Returns whether it ended. `stream` takes the
 * name that it publishes, or published last. */
bool publisher_end(Session *session, const EndReason *reason, EndWhich which, StreamName *stream);

/* The same, and says so to the publisher, and closes its connection. */
void publisher_throw_out(Session *session, const EndReason *reason, EndWhich which);

/* What the publisher is told. The caller owns it. */
json_t *publisher_unpublished_event(const StreamName *stream, const EndReason *reason);

#endif
