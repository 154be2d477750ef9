/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include <janus/debug.h>

#include "admission.h"
#include "announcer.h"
#include "media_relay.h"
#include "publisher_events.h"

#define EXCESS_FACTOR 2 /* encoders overshoot, so that this much more than the cap is let pass */
#define EASE_US       10000000 /* until a lower cap has to be kept to: the mean is of five seconds */
#define CONNECT_US    30000000 /* that ICE and DTLS may take */

static struct {
    janus_callbacks *gateway;
    janus_plugin *plugin;
    const PluginSettings *settings;
} self;

/* ---- telling people ---- */

void publisher_tell_figures(void)
{
    if (!publisher_has_listeners())
        return;
    Session **sessions = session_publishers();
    for (size_t i = 0; sessions[i]; i++) {
        json_t *figures = publisher_figures(sessions[i]);
        if (figures)
            publisher_notify(sessions[i], sessions[i]->stream, "figures", figures);
        session_unref(sessions[i]);
    }
    g_free(sessions);
}

void publisher_slow_link(Session *session, MediaKind kind)
{
    const char *media = kind == MEDIA_VIDEO ? "video" : "audio";
    char stream[STREAM_NAME_MAX + 1];

    pthread_mutex_lock(&session->lock);
    bool live = session->state == SESSION_LIVE;
    memcpy(stream, session->stream, sizeof(stream));
    pthread_mutex_unlock(&session->lock);
    publisher_push(session, json_pack("{s:s, s:s}", "hls", "slow-link", "media", media));
    if (live)
        publisher_notify(session, stream, "slow-link", json_pack("{s:s}", "media", media));
}

/* ---- the end ---- */

/* Why a publisher is live no more: `code` for programs, `text` for people. */
typedef struct EndReason {
    const char *code, *text;
} EndReason;

static const EndReason ended_by_request = {"requested", "the publisher asked for it"};
static const EndReason ended_by_operator = {"kicked", "ended by the operator"};
static const EndReason ended_by_takeover = {"taken-over",
                                            "taken over by another device with the same key"};
static const EndReason ended_by_disconnect = {"disconnected", "the connection closed"};
static const EndReason ended_by_stop = {"stopping", "the server stops"};
static const EndReason ended_by_excess = {"too-much", "it sent far more than this server takes"};
static const EndReason ended_unconnected = {"disconnected", "no connection came about"};
static const EndReason ended_by_failure = {"failed", "the answer could not be sent"};

static json_t *unpublished_event(const Session *session, const EndReason *reason)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "hls", "unpublished", "stream", session->stream,
                     "code", reason->code, "reason", reason->text);
}

/* Ends what a session publishes. Returns whether it published at all. */
static bool end_publishing(Session *session, const EndReason *reason)
{
    json_t *figures = publisher_figures(session);

    pthread_mutex_lock(&session->lock);
    bool publishing = session->state != SESSION_IDLE;
    RtpSender *sender = session->sender;
    session->sender = NULL;
    session->state = SESSION_IDLE;
    session->bridge = BRIDGE_NONE;
    session->tracks.count = 0;
    pthread_mutex_unlock(&session->lock);
    if (!publishing) {
        json_decref(figures);
        return false;
    }
    session_release_name(session, session->stream);
    announcer_withdraw(session);
    rtp_sender_destroy(&sender);
    JANUS_LOG(LOG_INFO, "[hls] %s: ended, %s\n", session->stream, reason->text);
    json_t *details = json_pack("{s:s, s:s}", "code", reason->code, "reason", reason->text);
    if (figures)
        json_object_update_new(details, figures);
    publisher_notify(session, session->stream, "unpublished", details);
    return true;
}

/* Ends it, and the call with it, and says so. */
static void throw_out(Session *session, const EndReason *reason)
{
    if (!end_publishing(session, reason))
        return;
    publisher_push(session, unpublished_event(session, reason));
    self.gateway->close_pc(session->handle);
}

static void on_refused(Session *session, const char *reason)
{
    throw_out(session, &(EndReason){"refused", reason});
}

/* ---- requests ---- */

static bool same_tracks(const MediaTracks *a, const MediaTracks *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->track[i].kind != b->track[i].kind || a->track[i].nack != b->track[i].nack ||
            strcmp(a->track[i].fmtp, b->track[i].fmtp) != 0)
            return false;
    return true;
}

/* A new publisher's own: sockets and fields. Returns 0, or -1 with `error`. */
static int prepare(Session *session, const Request *request, const MediaTracks *tracks,
                   RequestError *error)
{
    RtpSender *sender = announcer_open_sender(session);

    if (!sender)
        return request_fail(error, HLS_ERROR_INTERNAL, "the server has no socket left: %s",
                            g_strerror(errno));
    pthread_mutex_lock(&session->lock);
    session->sender = sender;
    session->tracks = *tracks;
    session->state = SESSION_PREPARING;
    session->prepared_us = monotonic_us();
    session->old_until_us = 0;
    session->sps = (H264Sps){0};
    session->round_trip_ms = -1;
    memset(session->stats, 0, sizeof(session->stats));
    memset(session->paused, 0, sizeof(session->paused));
    g_strlcpy(session->stream, request->stream, sizeof(session->stream));
    g_strlcpy(session->key, request->key ? request->key : "", sizeof(session->key));
    g_strlcpy(session->title, request->title ? request->title : "", sizeof(session->title));
    session->unlisted =
        request->unlisted || plugin_settings_unlisted(self.settings, request->stream);
    pthread_mutex_unlock(&session->lock);

    Session *before = session_claim_name(session, request->stream);
    if (before && before != session)
        throw_out(before, &ended_by_takeover);
    session_unref(before);
    return 0;
}

/* The media of a live publisher has changed, or nothing but its transport has (an ICE restart). */
static void renegotiate(Session *session, const MediaTracks *tracks)
{
    pthread_mutex_lock(&session->lock);
    bool changed = !same_tracks(&session->tracks, tracks);
    if (tracks->count > 0) {
        session->tracks = *tracks;
        if (changed)
            memset(session->stats, 0, sizeof(session->stats));
    }
    pthread_mutex_unlock(&session->lock);
    if (changed && tracks->count > 0)
        announcer_announce(session);
}

static json_t *published_event(const Session *session)
{
    char *hls = plugin_settings_hls_url(self.settings, session->stream);
    char *watch = plugin_settings_watch_url(self.settings, session->stream);
    json_t *event = json_pack("{s:s, s:s, s:{s:s, s:s}}", "hls", "published", "stream",
                              session->stream, "playback", "hls", hls, "watch", watch);

    g_free(hls);
    g_free(watch);
    return event;
}

int publisher_publish(Session *session, const char *transaction, const Request *request,
                      const char *offer, RequestError *error)
{
    uint32_t cap = plugin_settings_bitrate(self.settings);
    char answer[SDP_ANSWER_SIZE];
    MediaTracks tracks;

    pthread_mutex_lock(&session->lock);
    bool live = session->state != SESSION_IDLE;
    bool other_name = live && strcmp(session->stream, request->stream) != 0;
    if (!live) {
        session->sdp_id = (uint64_t)g_get_real_time();
        session->sdp_version = 0;
        session->bitrate_is_asked = false;
        session->bitrate = request->bitrate ? MIN(request->bitrate, cap) : cap;
    }
    SdpAnswerParams params = {session->sdp_id, ++session->sdp_version, session->bitrate};
    pthread_mutex_unlock(&session->lock);

    if (other_name)
        return request_fail(error, HLS_ERROR_NAME_TAKEN,
                            "this connection is live as %s: unpublish first", session->stream);
    if (!live && admission_check(self.settings, session, request, error) < 0)
        return -1;
    if (sdp_answer(offer, strlen(offer), &params, answer, &tracks, error) < 0)
        return -1;
    if (!live && prepare(session, request, &tracks, error) < 0)
        return -1;

    json_t *event = published_event(session);
    json_t *jsep = json_pack("{s:s, s:s}", "type", "answer", "sdp", answer);
    int status = self.gateway->push_event(session->handle, self.plugin, transaction, event, jsep);
    json_decref(event);
    json_decref(jsep);
    if (status != 0) {
        if (!live)
            end_publishing(session, &ended_by_failure);
        return request_fail(error, HLS_ERROR_INTERNAL, "Janus could not use the answer (%d)",
                            status);
    }
    if (live)
        renegotiate(session, &tracks);
    else
        publisher_notify(session, request->stream, "published", publisher_figures(session));
    return 0;
}

bool publisher_is_live(Session *session)
{
    pthread_mutex_lock(&session->lock);
    bool live = session->state != SESSION_IDLE;
    pthread_mutex_unlock(&session->lock);
    return live;
}

/* A cap that has been lowered, for as long as it still counts; 0: none. The lock is held. */
static uint32_t old_bitrate(const Session *session)
{
    return monotonic_us() < session->old_until_us ? session->old_bitrate : 0;
}

json_t *publisher_configure(Session *session, const Request *request, RequestError *error)
{
    uint32_t remb = 0;

    pthread_mutex_lock(&session->lock);
    bool live = session->state != SESSION_IDLE;
    bool turned_on = request->video == SWITCH_ON && session->paused[MEDIA_VIDEO];
    if (request->audio != SWITCH_ABSENT)
        session->paused[MEDIA_AUDIO] = request->audio == SWITCH_OFF;
    if (request->video != SWITCH_ABSENT)
        session->paused[MEDIA_VIDEO] = request->video == SWITCH_OFF;
    if (request->bitrate) {
        uint32_t cap = plugin_settings_bitrate(self.settings);
        session->old_bitrate = MAX(session->bitrate, old_bitrate(session));
        session->old_until_us = monotonic_us() + EASE_US;
        remb = session->bitrate = MIN(request->bitrate, cap);
        session->bitrate_is_asked = true;
    }
    json_t *event =
        json_pack("{s:s, s:i, s:b, s:b}", "hls", "configured", "bitrate", (int)session->bitrate,
                  "audio", !session->paused[MEDIA_AUDIO], "video", !session->paused[MEDIA_VIDEO]);
    pthread_mutex_unlock(&session->lock);
    if (!live) {
        json_decref(event);
        request_fail(error, HLS_ERROR_NOT_PUBLISHING, "only a publisher can be configured");
        return NULL;
    }
    if (remb)
        self.gateway->send_remb(session->handle, remb);
    if (request->keyframe || turned_on)
        media_relay_keyframe(session);
    return event;
}

json_t *publisher_unpublish(Session *session, RequestError *error)
{
    if (!end_publishing(session, &ended_by_request)) {
        request_fail(error, HLS_ERROR_NOT_PUBLISHING, "nothing is published on this connection");
        return NULL;
    }
    self.gateway->close_pc(session->handle);
    return unpublished_event(session, &ended_by_request);
}

json_t *publisher_report(Session *session, const Request *request, RequestError *error)
{
    if (!publisher_is_live(session)) {
        request_fail(error, HLS_ERROR_NOT_PUBLISHING, "only a publisher can report");
        return NULL;
    }
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
    pthread_mutex_unlock(&session->lock);
    if (!preparing)
        return;
    JANUS_LOG(LOG_INFO, "[hls] %s: the publisher is connected\n", session->stream);
    announcer_announce(session);
}

void publisher_media_down(Session *session)
{
    if (end_publishing(session, &ended_by_disconnect))
        publisher_push(session, unpublished_event(session, &ended_by_disconnect));
}

/* Why a publisher is to be ended by us; NULL: he is not. */
static const EndReason *reason_to_end(Session *session)
{
    const EndReason *reason = NULL;
    int64_t bitrate;

    pthread_mutex_lock(&session->lock);
    int64_t cap = (int64_t)MAX(session->bitrate, old_bitrate(session)) + SDP_OPUS_BITRATE;
    if (session->state == SESSION_PREPARING && monotonic_us() - session->prepared_us > CONNECT_US)
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
        const EndReason *reason = reason_to_end(sessions[i]);
        if (reason)
            throw_out(sessions[i], reason);
        session_unref(sessions[i]);
    }
    g_free(sessions);
}

int publisher_kick(const char *stream, RequestError *error)
{
    Session *session = session_find_publisher(stream);

    if (!session)
        return request_fail(error, HLS_ERROR_NO_SUCH_STREAM, "nobody is live as %s", stream);
    throw_out(session, &ended_by_operator);
    session_unref(session);
    return 0;
}

/* ---- start and stop ---- */

int publisher_init(janus_callbacks *gateway, janus_plugin *plugin, const PluginSettings *settings)
{
    self.gateway = gateway;
    self.plugin = plugin;
    self.settings = settings;
    publisher_events_init(gateway, plugin, plugin_settings_events(settings));
    return announcer_init(settings, on_refused);
}

void publisher_deinit(void)
{
    Session **sessions = session_publishers();

    for (size_t i = 0; sessions[i]; i++) {
        end_publishing(sessions[i], &ended_by_stop);
        session_unref(sessions[i]);
    }
    g_free(sessions);
    announcer_deinit();
}
