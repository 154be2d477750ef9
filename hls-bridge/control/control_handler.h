/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CONTROL_HANDLER_H
#define CONTROL_HANDLER_H

/* Answers the requests of the control API (docs/protocol.md), without the server around it.
 *
 * Thread-safety: any number of threads. */

#include "base/control_access.h"
#include "control/control_answer.h"
#include "stream/stream_table.h"

typedef struct ControlRequest {
    const char *method, *path;
    const char *reason;                /* the argument of that name; NULL: there is none */
    const char *lose, *hold, *seconds; /* likewise */
    ControlHead head;
    const char *body; /* NULL: there is none */
    size_t body_len;
    bool too_long;                        /* more came than SDP_MAX_BYTES */
    const struct PlaybackStats *playback; /* for metrics; NULL: nobody is asked about viewers */
} ControlRequest;

/* Refuses a request that is not allowed, by its head alone. Returns whether it has: then `out` is
 * the answer. */
bool control_handler_refuse(const ControlAccess *access, const ControlRequest *request,
                            ControlAnswer *out);

/* Carries out a request, if it is allowed. Returns false if there is no memory for an answer. */
bool control_handler_answer(StreamTable *table, const ControlAccess *access,
                            const ControlRequest *request, ControlAnswer *out);

#endif
