/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include <janus/debug.h>

#include "bridge_client.h"
#include "media_relay.h"

#define EXCESS_FACTOR 2 /* encoders overshoot, so that this much more than the cap is let pass */
#define EASE_US       10000000 /* until a lower cap has to be kept to: the mean is of five seconds */
#define CONNECT_US    30000000 /* that ICE and DTLS may take */

#define FORWARD_AUDIO_OFFSET 2 /* ports from video to audio at a stranger: 5004 and 5006 */

static struct {
    janus_callbacks *gateway;
    janus_plugin *plugin;
    const PluginSettings *settings;
    BridgeClient *bridge;
} self;

/* ---- telling people ---- */

static void push(Session *session, const char *transaction, json_t *event)
{
    self.gateway->push_event(session->handle, self.plugin, transaction, event, NULL);
    json_decref(event);
}

static bool handlers_listen(void)
{
    return plugin_settings_events(self.settings) && self.gateway->events_is_enabled();
}

/* To Janus's event handlers: what has become of a stream. Takes over `details`, which may be NULL.
 */
static void notify_handlers(Session *session, const char *stream, const char *what, json_t *details)
{
    if (!handlers_listen()) {
        json_decref(details);
        return;
    }
    json_t *event = json_pack("{s:s, s:s}", "event", what, "stream", stream);
    if (details)
        json_object_update_new(event, details);
    self.gateway->notify_event(self.plugin, session->handle, event);
}

void publisher_tell_figures(void)
{
    if (!handlers_listen())
        return;
    Session **sessions = session_publishers();
    for (size_t i = 0; sessions[i]; i++) {
        json_t *figures = publisher_figures(sessions[i]);
        if (figures)
            notify_handlers(sessions[i], sessions[i]->stream, "figures", figures);
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
    push(session, NULL, json_pack("{s:s, s:s}", "hls", "slow-link", "media", media));
    if (live)
        notify_handlers(session, stream, "slow-link", json_pack("{s:s}", "media", media));
}

/* To the publisher: how it stands with the bridge. */
static void push_status(Session *session, const char *status, const char *text)
{
    json_t *event = reply_new("status");

    json_object_set_new(event, "status", json_string(status));
    if (text)
        json_object_set_new(event, "text", json_string(text));
    push(session, NULL, event);
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
    bridge_client_withdraw(self.bridge, session->stream, session);
    rtp_sender_destroy(&sender);
    JANUS_LOG(LOG_INFO, "[hls] %s: ended, %s\n", session->stream, reason->text);
    json_t *details = json_pack("{s:s, s:s}", "code", reason->code, "reason", reason->text);
    if (figures)
        json_object_update_new(details, figures);
    notify_handlers(session, session->stream, "unpublished", details);
    return true;
}

/* Ends it, and the call with it, and says so. */
static void throw_out(Session *session, const EndReason *reason)
{
    if (!end_publishing(session, reason))
        return;
    push(session, NULL, unpublished_event(session, reason));
    self.gateway->close_pc(session->handle);
}

/* ---- what the bridge and the sockets say ---- */

static void on_keyframe_request(void *user, MediaKind kind)
{
    (void)kind; /* only video has key frames */
    media_relay_keyframe(user);
}

static void on_receiver_gone(void *user)
{
    Session *session = user;
    char stream[STREAM_NAME_MAX + 1];

    /* Runs inside a send, under the session's lock, or on the listener: the name does not change
     * while there is a sender. */
    memcpy(stream, session->stream, sizeof(stream));
    bridge_client_again(self.bridge, stream, session);
}

static const char *connect_tracks(Session *session, const struct sockaddr_in *destinations)
{
    const char *wrong = NULL;

    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; session->sender && i < session->tracks.count; i++)
        if (rtp_sender_connect(session->sender, session->tracks.track[i].kind, &destinations[i]) <
            0)
            wrong = "the address that the bridge answers with cannot be sent to";
    if (session->sender && !wrong)
        session->bridge = BRIDGE_LISTENING;
    pthread_mutex_unlock(&session->lock);
    return wrong;
}

static const char *on_bridge_answer(void *user, const char *sdp, size_t len)
{
    Session *session = user;
    struct sockaddr_in destinations[MEDIA_TRACKS_MAX];

    pthread_mutex_lock(&session->lock);
    size_t count = session->tracks.count;
    pthread_mutex_unlock(&session->lock);
    const char *wrong = bridge_sdp_answer(sdp, len, count, destinations);
    if (!wrong)
        wrong = connect_tracks(session, destinations);
    if (wrong)
        return wrong;
    media_relay_keyframe(session); /* viewers start with one */
    JANUS_LOG(LOG_INFO, "[hls] %s: the bridge listens\n", session->stream);
    push_status(session, "live", NULL);
    notify_handlers(session, session->stream, "live", NULL);
    return NULL;
}

static void on_bridge_refusal(void *user, const char *reason)
{
    JANUS_LOG(LOG_ERR, "[hls] %s: %s\n", ((Session *)user)->stream, reason);
    throw_out(user, &(EndReason){"refused", reason});
}

static void on_bridge_unreachable(void *user, const char *reason)
{
    Session *session = user;

    pthread_mutex_lock(&session->lock);
    session->bridge = BRIDGE_LOST;
    pthread_mutex_unlock(&session->lock);
    JANUS_LOG(LOG_WARN, "[hls] %s: %s; trying again\n", session->stream, reason);
    push_status(session, "waiting", "the HLS bridge cannot be reached; it is tried again");
    notify_handlers(session, session->stream, "bridge-lost", json_pack("{s:s}", "reason", reason));
}

static void on_bridge_release(void *user)
{
    session_unref(user);
}

/* Where the configuration names a stranger's receiver instead of a bridge: straight there. */
static void connect_forward(Session *session, const char *forward)
{
    struct sockaddr_in destinations[MEDIA_TRACKS_MAX];
    g_auto(GStrv) parts = g_strsplit(forward, ":", 2);
    guint64 port = parts[0] && parts[1] ? g_ascii_strtoull(parts[1], NULL, 10) : 0;
    struct in_addr address;

    if (port == 0 || port > UINT16_MAX - FORWARD_AUDIO_OFFSET ||
        inet_pton(AF_INET, parts[0], &address) != 1) {
        on_bridge_refusal(session, "general.forward must be IPV4:PORT, as 127.0.0.1:5004");
        return;
    }
    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < session->tracks.count; i++) {
        bool audio = session->tracks.track[i].kind == MEDIA_AUDIO;
        uint16_t to = (uint16_t)(port + (audio ? FORWARD_AUDIO_OFFSET : 0));
        destinations[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = address, .sin_port = htons(to)};
    }
    pthread_mutex_unlock(&session->lock);
    connect_tracks(session, destinations);
    push_status(session, "live", NULL);
}

/* Announces what a session sends, again whenever that changes. */
static void announce(Session *session)
{
    const char *forward = plugin_settings_forward(self.settings);
    char offer[BRIDGE_SDP_SIZE], stream[STREAM_NAME_MAX + 1];
    uint16_t ports[MEDIA_TRACKS_MAX];

    if (forward) {
        connect_forward(session, forward);
        return;
    }
    pthread_mutex_lock(&session->lock);
    bool live = session->state == SESSION_LIVE && session->tracks.count > 0;
    for (size_t i = 0; live && i < session->tracks.count; i++)
        ports[i] = rtp_sender_port(session->sender, session->tracks.track[i].kind);
    if (live &&
        bridge_sdp_offer(&session->tracks, ports, session->sdp_id, session->title, offer) < 0)
        live = false;
    memcpy(stream, session->stream, sizeof(stream));
    if (live)
        session->bridge = BRIDGE_ANNOUNCED;
    pthread_mutex_unlock(&session->lock);
    if (live)
        bridge_client_announce(self.bridge, stream, offer, session_ref(session));
}

/* ---- requests ---- */

/* Whether `session` may have the name; the sentence is for the person who publishes. */
static int check_name(Session *session, const Request *request, RequestError *error)
{
    KeyVerdict verdict = plugin_settings_key(self.settings, request->stream, request->key);

    if (verdict == KEY_WRONG)
        return request_fail(error, HLS_ERROR_WRONG_KEY,
                            "the stream key for %s is %s: check it and try again", request->stream,
                            request->key ? "wrong" : "missing");
    if (verdict == KEY_UNKNOWN)
        return request_fail(error, HLS_ERROR_WRONG_KEY,
                            "this server knows no stream %s: choose one that its operator has set "
                            "up (streams in janus.plugin.hls.jcfg)",
                            request->stream);
    Session *publisher = session_find_publisher(request->stream);
    bool taken = false;
    if (publisher && publisher != session && verdict == KEY_OPEN) {
        pthread_mutex_lock(&publisher->lock);
        taken = !plugin_keys_equal(publisher->key, request->key ? request->key : "");
        taken = taken || !request->key;
        pthread_mutex_unlock(&publisher->lock);
    }
    session_unref(publisher);
    if (taken)
        return request_fail(error, HLS_ERROR_NAME_TAKEN,
                            "somebody else is live as %s: choose another name", request->stream);
    return 0;
}

/* Whether there may be a publisher more. Who takes a name over makes none. */
static int check_room(Session *session, const Request *request, RequestError *error)
{
    size_t max = plugin_settings_publishers(self.settings);
    Session *publisher = session_find_publisher(request->stream);

    session_unref(publisher);
    if (max == 0 || publisher || session_count_publishers() < max)
        return 0;
    request_fail(error, HLS_ERROR_FULL,
                 "this server is full: as many are live as it takes at a time (%zu): try again "
                 "later",
                 max);
    JANUS_LOG(LOG_WARN, "[hls] %s: refused, there are %zu publishers (general.publishers)\n",
              request->stream, max);
    notify_handlers(session, request->stream, "refused",
                    json_pack("{s:i, s:s}", "error_code", error->code, "reason", error->text));
    return -1;
}

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
    const RtpSenderEvents events = {session, on_keyframe_request, on_receiver_gone};
    RtpSender *sender = rtp_sender_create(&events);

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
        announce(session);
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
    if (!live &&
        (check_name(session, request, error) < 0 || check_room(session, request, error) < 0))
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
        notify_handlers(session, request->stream, "published", publisher_figures(session));
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
    announce(session);
}

void publisher_media_down(Session *session)
{
    if (end_publishing(session, &ended_by_disconnect))
        push(session, NULL, unpublished_event(session, &ended_by_disconnect));
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
    const BridgeEvents events = {on_bridge_answer, on_bridge_refusal, on_bridge_unreachable,
                                 on_bridge_release};

    self.gateway = gateway;
    self.plugin = plugin;
    self.settings = settings;
    if (rtp_sender_listener_start() < 0) {
        JANUS_LOG(LOG_FATAL, "[hls] no thread to listen for RTCP: %s\n", g_strerror(errno));
        return -1;
    }
    self.bridge = bridge_client_create(plugin_settings_bridge(settings), &events);
    if (!self.bridge) {
        JANUS_LOG(LOG_FATAL, "[hls] no thread for the bridge client\n");
        rtp_sender_listener_stop();
        return -1;
    }
    return 0;
}

void publisher_deinit(void)
{
    Session **sessions = session_publishers();

    for (size_t i = 0; sessions[i]; i++) {
        end_publishing(sessions[i], &ended_by_stop);
        session_unref(sessions[i]);
    }
    g_free(sessions);
    bridge_client_destroy(&self.bridge);
    rtp_sender_listener_stop();
}
