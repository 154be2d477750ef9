/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/publisher.h"

#include <glib.h>
#include <string.h>

#include <janus/debug.h>

#include "audit/audit.h"
#include "core/plugin_clock.h"
#include "publisher/announcer.h"
#include "publisher/publisher_end.h"
#include "publisher/publisher_events.h"
#include "publisher/publisher_offer.h"
#include "session/media_relay.h"

#define EXCESS_FACTOR 2        /* encoders overshoot: so many times the cap is let pass */
#define EASE_US       10000000 /* until a lower cap counts: the rate is a mean of five seconds */
#define CONNECT_US    30000000 /* for ICE and DTLS */

static struct {
    janus_callbacks *gateway;
    const PluginSettings *settings;
} self;

/* ---- what is told ---- */

void publisher_tell_figures(void)
{
    if (!publisher_has_listeners())
        return;
    Session **sessions = session_publishers();
    for (size_t i = 0; sessions[i]; i++) {
        StreamName stream;
        json_t *figures = publisher_figures(sessions[i], &stream);
        if (figures)
            publisher_notify(sessions[i], stream.text, "figures", figures);
        session_unref(sessions[i]);
    }
    g_free(sessions);
}

void publisher_slow_link(Session *session, MediaKind kind)
{
    const char *media = kind == MEDIA_VIDEO ? "video" : "audio";

    pthread_mutex_lock(&session->lock);
    bool live = session->state == SESSION_LIVE;
    StreamName stream = session->stream;
    pthread_mutex_unlock(&session->lock);
    publisher_push(session, json_pack("{s:s, s:s}", "hls", "slow-link", "media", media));
    if (live)
        publisher_notify(session, stream.text, "slow-link", json_pack("{s:s}", "media", media));
}

static void on_refused(Session *session, unsigned serial, const char *reason)
{
    publisher_throw_out(session, &(EndReason){"refused", reason}, (EndWhich){.serial = serial});
}

/* ---- requests ---- */

bool publisher_is_live(Session *session)
{
    pthread_mutex_lock(&session->lock);
    bool live = session->state != SESSION_IDLE;
    pthread_mutex_unlock(&session->lock);
    return live;
}

/* The cap before it was lowered, as long as that still counts; 0: none. The lock is held. */
static uint32_t old_bitrate(const Session *session)
{
    return monotonic_us() < session->old_until_us ? session->old_bitrate : 0;
}

uint32_t publisher_cap(const PluginSettings *settings, const Permit *permit)
{
    uint32_t cap = plugin_settings_bitrate(settings);

    return permit->bitrate ? MIN(permit->bitrate, cap) : cap;
}

/* Refuses what only a publisher may ask. Returns NULL. */
static json_t *refuse_idle(RequestError *error)
{
    request_fail(error, HLS_ERROR_NOT_PUBLISHING,
                 "nothing is published on this connection: publish first");
    return NULL;
}

json_t *publisher_configure(Session *session, const Request *request, RequestError *error)
{
    uint32_t remb = 0;

    pthread_mutex_lock(&session->lock);
    if (session->state == SESSION_IDLE) {
        pthread_mutex_unlock(&session->lock);
        return refuse_idle(error);
    }
    bool turned_on = request->video == SWITCH_ON && session->paused[MEDIA_VIDEO];
    if (request->audio != SWITCH_ABSENT)
        session->paused[MEDIA_AUDIO] = request->audio == SWITCH_OFF;
    if (request->video != SWITCH_ABSENT)
        session->paused[MEDIA_VIDEO] = request->video == SWITCH_OFF;
    if (request->bitrate) {
        uint32_t cap = publisher_cap(self.settings, &session->permit);
        session->old_bitrate = MAX(session->bitrate, old_bitrate(session));
        session->old_until_us = monotonic_us() + EASE_US;
        remb = session->bitrate = MIN(request->bitrate, cap);
        session->bitrate_is_asked = true;
    }
    json_t *event =
        json_pack("{s:s, s:i, s:b, s:b}", "hls", "configured", "bitrate", (int)session->bitrate,
                  "audio", !session->paused[MEDIA_AUDIO], "video", !session->paused[MEDIA_VIDEO]);
    pthread_mutex_unlock(&session->lock);
    if (remb)
        self.gateway->send_remb(session->handle, remb);
    if (request->keyframe || turned_on)
        media_relay_keyframe(session);
    return event;
}

json_t *publisher_unpublish(Session *session, RequestError *error)
{
    StreamName stream;

    if (!publisher_end(session, &ended_by_request, (EndWhich){0}, &stream))
        return refuse_idle(error);
    self.gateway->close_pc(session->handle);
    return publisher_unpublished_event(&stream, &ended_by_request);
}

json_t *publisher_report(Session *session, const Request *request, RequestError *error)
{
    if (!publisher_is_live(session))
        return refuse_idle(error);
    pthread_mutex_lock(&session->lock);
    if (request->round_trip_ms >= 0)
        session->round_trip_ms = request->round_trip_ms;
    pthread_mutex_unlock(&session->lock);
    return reply_new("reported");
}

void publisher_media_up(Session *session)
{
    pthread_mutex_lock(&session->lock);
    bool preparing = session->state == SESSION_PREPARING;
    if (preparing) {
        session->state = SESSION_LIVE;
        session->live_since_us = session->second_began_us = monotonic_us();
        session->rate = mean_rate(session->live_since_us);
    }
    StreamName stream = session->stream;
    pthread_mutex_unlock(&session->lock);
    if (!preparing)
        return;
    JANUS_LOG(LOG_INFO, "[hls] %s: the publisher is connected\n", stream.text);
    announcer_announce(session);
}

void publisher_media_down(Session *session)
{
    StreamName stream;

    if (publisher_end(session, &ended_by_disconnect, (EndWhich){0}, &stream))
        publisher_push(session, publisher_unpublished_event(&stream, &ended_by_disconnect));
}

void publisher_detach(Session *session)
{
    pthread_mutex_lock(&session->lock);
    session->detached = true;
    pthread_mutex_unlock(&session->lock);
    publisher_media_down(session);
}

/* Why we are to end a publisher, and which; NULL: we are not. */
static const EndReason *reason_to_end(Session *session, EndWhich *which)
{
    const EndReason *reason = NULL;
    int64_t bitrate;

    pthread_mutex_lock(&session->lock);
    which->turn = session->turn;
    int64_t cap = (int64_t)MAX(session->bitrate, old_bitrate(session)) + SDP_OPUS_BITRATE;
    if (session->state != SESSION_IDLE && session->permit.end != 0 &&
        wall_s() >= session->permit.end)
        reason = &ended_by_expiry;
    else if (session->state != SESSION_IDLE &&
             revocations_has(plugin_settings_revocations(self.settings), &session->permit))
        reason = &ended_by_revocation;
    else if (session->state == SESSION_PREPARING &&
             monotonic_us() - session->prepared_us > CONNECT_US)
        reason = &ended_unconnected;
    else if (session->state == SESSION_LIVE && mean_rate_get(&session->rate, &bitrate) &&
             bitrate > EXCESS_FACTOR * cap)
        reason = &ended_by_excess;
    pthread_mutex_unlock(&session->lock);
    return reason;
}

void publisher_look_after(void)
{
    Session **sessions = session_publishers();

    for (size_t i = 0; sessions[i]; i++) {
        EndWhich which = {0};
        const EndReason *reason = reason_to_end(sessions[i], &which);
        if (reason)
            publisher_throw_out(sessions[i], reason, which);
        session_unref(sessions[i]);
    }
    g_free(sessions);
}

/* ---- for operators ---- */

/* The publisher of a stream, with a reference; NULL with `error`: there is none. */
static Session *find_named(const char *stream, RequestError *error)
{
    Session *session = session_find_publisher(stream);

    if (!session)
        request_fail(error, HLS_ERROR_NO_SUCH_STREAM,
                     "nobody is live as %s: list tells which streams are live", stream);
    return session;
}

int publisher_kick(const char *stream, RequestError *error)
{
    Session *session = find_named(stream, error);

    if (!session)
        return -1;
    pthread_mutex_lock(&session->lock);
    EndWhich which = {.turn = session->turn};
    bool named = strcmp(session->stream.text, stream) == 0;
    pthread_mutex_unlock(&session->lock);
    if (named) /* else it has ended by itself since it was found */
        publisher_throw_out(session, &ended_by_operator, which);
    session_unref(session);
    return 0;
}

json_t *publisher_configure_named(const Request *request, RequestError *error)
{
    Session *session = find_named(request->stream, error);
    json_t *reply = NULL;

    if (!session)
        return NULL;
    reply = publisher_configure(session, request, error);
    if (reply) {
        json_t *event = json_copy(reply), *record = json_copy(reply);
        json_object_del(record, "hls");
        audit_note("configured", request->stream, record);
        json_object_set_new(event, "hls", json_string("changed"));
        publisher_push(session, event);
    }
    session_unref(session);
    return reply;
}

/* ---- start and stop ---- */

int publisher_init(janus_callbacks *gateway, janus_plugin *plugin, const PluginSettings *settings)
{
    self.gateway = gateway;
    self.settings = settings;
    publisher_offer_init(gateway, plugin, settings);
    publisher_end_init(gateway);
    publisher_events_init(gateway, plugin, plugin_settings_events(settings));
    return announcer_init(settings, on_refused);
}

void publisher_deinit(void)
{
    Session **sessions = session_publishers();

    for (size_t i = 0; sessions[i]; i++) {
        StreamName stream;
        publisher_end(sessions[i], &ended_by_stop, (EndWhich){0}, &stream);
        session_unref(sessions[i]);
    }
    g_free(sessions);
    announcer_deinit();
}
