/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include <janus/debug.h>

#include "admission.h"
#include "announcer.h"
#include "media_relay.h"
#include "plugin_clock.h"
#include "publisher_end.h"
#include "publisher_events.h"

#define EXCESS_FACTOR 2 /* encoders overshoot, so that this much more than the cap is let pass */
#define EASE_US       10000000 /* until a lower cap has to be kept to: the mean is of five seconds */
#define CONNECT_US    30000000 /* that ICE and DTLS may take */

#define JSON_INVALID (-1) /* as push_event() says it */

static struct {
    janus_callbacks *gateway;
    janus_plugin *plugin;
    const PluginSettings *settings;
    /* Whether there is room and whose a name is must still be so when it is claimed: one is let in
     * at a time. Taken first, with no lock behind it. */
    pthread_mutex_t door;
} self = {.door = PTHREAD_MUTEX_INITIALIZER};

/* ---- telling people ---- */

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
    publisher_throw_out(session, &(EndReason){"refused", reason}, serial);
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

/* An offer on its way to an answer. */
typedef struct Negotiation {
    const Request *request;
    const char *offer;
    SdpAnswerParams params;
    char answer[SDP_ANSWER_SIZE];
    MediaTracks tracks;
} Negotiation;

static int answer_offer(Negotiation *talk, RequestError *error)
{
    return sdp_answer(talk->offer, strlen(talk->offer), &talk->params, talk->answer, &talk->tracks,
                      error);
}

/* A new publisher's own: its name, its sockets and its fields. Returns who had the name, with a
 * reference. Takes over `sender`, unless the handle has gone: then it is left where it is. */
static Session *prepare(Session *session, const Negotiation *talk, RtpSender **sender)
{
    const Request *request = talk->request;
    Session *before = NULL;

    pthread_mutex_lock(&session->lock);
    if (!session->detached) {
        session->sender = *sender;
        *sender = NULL;
        session->tracks = talk->tracks;
        session->state = SESSION_PREPARING;
        session->was_idle = false;
        session->prepared_us = monotonic_us();
        session->old_until_us = 0;
        session->sps = (H264Sps){0};
        session->round_trip_ms = -1;
        memset(session->stats, 0, sizeof(session->stats));
        memset(session->paused, 0, sizeof(session->paused));
        g_strlcpy(session->stream.text, request->stream, sizeof(session->stream.text));
        g_strlcpy(session->key, request->key ? request->key : "", sizeof(session->key));
        g_strlcpy(session->title, request->title ? request->title : "", sizeof(session->title));
        session->unlisted =
            request->unlisted || plugin_settings_unlisted(self.settings, request->stream);
        before = session_claim_name(session);
    }
    pthread_mutex_unlock(&session->lock);
    return before;
}

/* Lets a publisher in, who answers for who was there before. Returns 0, or -1 with `error`. */
static int let_in(Session *session, Negotiation *talk, RequestError *error)
{
    RtpSender *sender = NULL;
    Session *before = NULL;

    pthread_mutex_lock(&self.door);
    int status = admission_check(self.settings, session, talk->request, error);
    if (status == 0)
        status = answer_offer(talk, error);
    if (status == 0 && !(sender = announcer_open_sender(session)))
        status = request_fail(error, HLS_ERROR_INTERNAL, "the server has no socket left: %s",
                              g_strerror(errno));
    if (status == 0)
        before = prepare(session, talk, &sender);
    pthread_mutex_unlock(&self.door);
    if (sender) {
        rtp_sender_destroy(&sender);
        return request_fail(error, HLS_ERROR_INTERNAL, "this handle is not attached any more");
    }
    if (before)
        publisher_throw_out(before, &ended_by_takeover, 0);
    session_unref(before);
    return status;
}

/* The media of a live publisher has changed, or nothing but its transport has (an ICE restart). */
static void renegotiate(Session *session, const MediaTracks *tracks)
{
    pthread_mutex_lock(&session->lock);
    bool changed = session->state != SESSION_IDLE && tracks->count > 0 &&
                   !same_tracks(&session->tracks, tracks);
    if (session->state != SESSION_IDLE && tracks->count > 0)
        session->tracks = *tracks;
    if (changed) {
        memset(session->stats, 0, sizeof(session->stats));
        session->serial++; /* what the bridge still says of the old ones is void */
    }
    pthread_mutex_unlock(&session->lock);
    if (changed)
        announcer_announce(session);
}

static json_t *published_event(const char *stream)
{
    char *hls = plugin_settings_hls_url(self.settings, stream);
    char *watch = plugin_settings_watch_url(self.settings, stream);
    json_t *event = json_pack("{s:s, s:s, s:{s:s, s:s}}", "hls", "published", "stream", stream,
                              "playback", "hls", hls, "watch", watch);

    g_free(hls);
    g_free(watch);
    return event;
}

/* Returns 0 once the event with the answer is on its way, or -1 with `error`. */
static int send_answer(Session *session, const char *transaction, const Negotiation *talk,
                       RequestError *error)
{
    json_t *event = published_event(talk->request->stream);
    json_t *jsep = json_pack("{s:s, s:s}", "type", "answer", "sdp", talk->answer);
    int status =
        jsep ? self.gateway->push_event(session->handle, self.plugin, transaction, event, jsep)
             : JSON_INVALID; /* no UTF-8: a slice of the offer has cut a character */

    json_decref(event);
    json_decref(jsep);
    if (status == 0)
        return 0;
    return request_fail(error, HLS_ERROR_INTERNAL, "Janus could not use the answer (%d)", status);
}

int publisher_publish(Session *session, const char *transaction, const Request *request,
                      const char *offer, RequestError *error)
{
    uint32_t cap = plugin_settings_bitrate(self.settings);
    Negotiation talk; /* filled in as it goes: most of it is room for the answer */
    StreamName stream;

    talk.request = request;
    talk.offer = offer;
    pthread_mutex_lock(&session->lock);
    bool live = session->state != SESSION_IDLE;
    stream = session->stream;
    if (!live) {
        session->sdp_id = (uint64_t)g_get_real_time();
        session->sdp_version = 0;
        session->bitrate_is_asked = false;
        session->bitrate = request->bitrate ? MIN(request->bitrate, cap) : cap;
    }
    talk.params = (SdpAnswerParams){session->sdp_id, ++session->sdp_version, session->bitrate};
    pthread_mutex_unlock(&session->lock);

    if (live && strcmp(stream.text, request->stream) != 0)
        return request_fail(error, HLS_ERROR_NAME_TAKEN,
                            "this connection is live as %s: unpublish first", stream.text);
    if ((live ? answer_offer(&talk, error) : let_in(session, &talk, error)) < 0)
        return -1;
    if (send_answer(session, transaction, &talk, error) < 0) {
        if (!live)
            publisher_end(session, &ended_by_failure, 0, &stream);
        return -1;
    }
    if (live)
        renegotiate(session, &talk.tracks);
    else
        publisher_notify(session, request->stream, "published",
                         publisher_figures(session, &stream));
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
    StreamName stream;

    if (!publisher_end(session, &ended_by_request, 0, &stream)) {
        request_fail(error, HLS_ERROR_NOT_PUBLISHING, "nothing is published on this connection");
        return NULL;
    }
    self.gateway->close_pc(session->handle);
    return publisher_unpublished_event(&stream, &ended_by_request);
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

    if (publisher_end(session, &ended_by_disconnect, 0, &stream))
        publisher_push(session, publisher_unpublished_event(&stream, &ended_by_disconnect));
}

void publisher_detach(Session *session)
{
    pthread_mutex_lock(&session->lock);
    session->detached = true;
    pthread_mutex_unlock(&session->lock);
    publisher_media_down(session);
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
            publisher_throw_out(sessions[i], reason, 0);
        session_unref(sessions[i]);
    }
    g_free(sessions);
}

int publisher_kick(const char *stream, RequestError *error)
{
    Session *session = session_find_publisher(stream);

    if (!session)
        return request_fail(error, HLS_ERROR_NO_SUCH_STREAM, "nobody is live as %s", stream);
    publisher_throw_out(session, &ended_by_operator, 0);
    session_unref(session);
    return 0;
}

/* ---- start and stop ---- */

int publisher_init(janus_callbacks *gateway, janus_plugin *plugin, const PluginSettings *settings)
{
    self.gateway = gateway;
    self.plugin = plugin;
    self.settings = settings;
    publisher_end_init(gateway);
    publisher_events_init(gateway, plugin, plugin_settings_events(settings));
    return announcer_init(settings, on_refused);
}

void publisher_deinit(void)
{
    Session **sessions = session_publishers();

    for (size_t i = 0; sessions[i]; i++) {
        StreamName stream;
        publisher_end(sessions[i], &ended_by_stop, 0, &stream);
        session_unref(sessions[i]);
    }
    g_free(sessions);
    announcer_deinit();
}
