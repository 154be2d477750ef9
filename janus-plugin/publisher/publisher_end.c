/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/publisher_end.h"

#include <janus/debug.h>

#include "audit/audit.h"
#include "publisher/announcer.h"
#include "publisher/publisher.h"
#include "publisher/publisher_events.h"
#include "rtp/rtp_sender.h"

static janus_callbacks *gateway;

void publisher_end_init(janus_callbacks *callbacks)
{
    gateway = callbacks;
}

const EndReason ended_by_request = {"requested", "the publisher asked for it"};
const EndReason ended_by_operator = {"kicked", "ended by the operator"};
const EndReason ended_by_takeover = {"taken-over",
                                     "taken over by another device with the same key"};
const EndReason ended_by_disconnect = {"disconnected", "the connection closed"};
const EndReason ended_by_stop = {"stopping", "the server stops"};
const EndReason ended_by_excess = {"too-much", "it sent far more than this server takes"};
const EndReason ended_by_expiry = {"expired", "its time to publish is over"};
const EndReason ended_by_revocation = {"revoked", "its token was revoked"};
const EndReason ended_unconnected = {"disconnected", "no connection came about"};
const EndReason ended_by_failure = {"failed", "the answer could not be sent"};

/* Whether an operator has ended it, which the bridge tells its events. */
static bool is_by_operator(const EndReason *reason)
{
    return reason == &ended_by_operator || reason == &ended_by_revocation;
}

json_t *publisher_unpublished_event(const StreamName *stream, const EndReason *reason)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "hls", "unpublished", "stream", stream->text, "code",
                     reason->code, "reason", reason->text);
}

/* The lock is held. */
static bool is_meant(const Session *session, EndWhich which)
{
    return session->state != SESSION_IDLE && (!which.turn || which.turn == session->turn) &&
           (!which.serial || which.serial == session->serial);
}

bool publisher_end(Session *session, const EndReason *reason, EndWhich which, StreamName *stream)
{
    json_t *figures = NULL;
    RtpSender *sender = NULL;

    pthread_mutex_lock(&session->lock);
    bool ends = is_meant(session, which);
    if (ends) {
        figures = publisher_figures_locked(session);
        sender = session->sender;
        session->sender = NULL;
        session->state = SESSION_IDLE;
        session->bridge = BRIDGE_NONE;
        session->tracks.count = 0;
        session_release_name(session);
        announcer_withdraw(session, is_by_operator(reason));
    }
    *stream = session->stream;
    pthread_mutex_unlock(&session->lock);
    if (!ends)
        return false;
    rtp_sender_destroy(&sender);
    JANUS_LOG(LOG_INFO, "[hls] %s: ended, %s\n", stream->text, reason->text);
    json_t *details = json_pack("{s:s, s:s}", "code", reason->code, "reason", reason->text);
    json_object_update_new(details, figures);
    audit_note("ended", stream->text,
               json_pack("{s:s, s:s}", "code", reason->code, "reason", reason->text));
    publisher_notify(session, stream->text, "unpublished", details);
    return true;
}

void publisher_throw_out(Session *session, const EndReason *reason, EndWhich which)
{
    StreamName stream;

    if (!publisher_end(session, reason, which, &stream))
        return;
    publisher_push(session, publisher_unpublished_event(&stream, reason));
    gateway->close_pc(session->handle);
}
