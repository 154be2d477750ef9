/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/announcer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include <janus/debug.h>

#include "bridge/bridge_client.h"
#include "core/plugin_clock.h"
#include "publisher/publisher_events.h"
#include "sdp/bridge_sdp.h"
#include "session/media_relay.h"

#define FORWARD_AUDIO_OFFSET 2 /* ports from video to audio, with general.forward */
#define FORWARD_LAYER_OFFSET 2 /* and from audio to the second layer, from that to the third */

/* One PLI brings key frames on all layers, and the bridge asks at the port of each. */
#define KEYFRAME_PAUSE_US 50000

static struct {
    const PluginSettings *settings;
    AnnouncerRefused *refused;
    BridgeClient *bridge;
} self;

/* ---- what the sockets say ---- */

static void on_keyframe_request(void *user, size_t port)
{
    Session *session = user;
    int64_t now_us = monotonic_us();

    (void)port; /* only video has key frames, and Janus asks all layers */
    if (session->keyframe_us != 0 && now_us - session->keyframe_us < KEYFRAME_PAUSE_US)
        return;
    session->keyframe_us = now_us;
    media_relay_keyframe(session);
}

/* Runs inside a send, under the session's lock, or on the listener's thread. */
static void on_receiver_gone(void *user)
{
    bridge_client_again(self.bridge, user);
}

RtpSender *announcer_open_sender(Session *session)
{
    const RtpSenderEvents events = {session, on_keyframe_request, on_receiver_gone};

    return rtp_sender_create(&events, MEDIA_TRACKS_MAX);
}

/* ---- what the bridge says ---- */

/* Whether `serial` is that of the announcement that counts; the lock is held. */
static bool is_current(const Session *session, unsigned serial)
{
    return session->state == SESSION_LIVE && session->serial == serial;
}

/* Sends each track to its destination from now on. Returns NULL, or a sentence. The lock is held.
 */
static const char *connect_tracks(Session *session, const struct sockaddr_in *destinations)
{
    for (size_t i = 0; i < session->tracks.count; i++)
        if (rtp_sender_connect(session->sender, session->tracks.track[i].port, &destinations[i]) <
            0)
            return "the address that the bridge answers with cannot be sent to";
    session->bridge = BRIDGE_LISTENING;
    return NULL;
}

static const char *on_bridge_answer(void *user, unsigned serial, const char *sdp, size_t len)
{
    Session *session = user;
    struct sockaddr_in destinations[MEDIA_TRACKS_MAX];
    const char *wrong = NULL;

    pthread_mutex_lock(&session->lock);
    bool current = is_current(session, serial);
    if (current)
        wrong = bridge_sdp_answer(sdp, len, session->tracks.count, destinations);
    if (current && !wrong)
        wrong = connect_tracks(session, destinations);
    StreamName stream = session->stream;
    pthread_mutex_unlock(&session->lock);
    if (!current || wrong)
        return wrong;
    media_relay_keyframe(session); /* viewers start with one */
    JANUS_LOG(LOG_INFO, "[hls] %s: the bridge listens\n", stream.text);
    publisher_push_status(session, "live", NULL);
    publisher_notify(session, stream.text, "live", NULL);
    return NULL;
}

static void on_bridge_refusal(void *user, unsigned serial, const char *reason)
{
    self.refused(user, serial, reason);
}

/* The bridge is in this state, and this is the stream. Returns false if another announcement counts
 * by now. */
static bool note_bridge(Session *session, unsigned serial, BridgeState state, StreamName *stream)
{
    pthread_mutex_lock(&session->lock);
    bool current = is_current(session, serial);
    if (current)
        session->bridge = state;
    *stream = session->stream;
    pthread_mutex_unlock(&session->lock);
    return current;
}

static void on_bridge_unreachable(void *user, unsigned serial, const char *reason)
{
    Session *session = user;
    StreamName stream;

    if (!note_bridge(session, serial, BRIDGE_LOST, &stream))
        return;
    JANUS_LOG(LOG_WARN, "[hls] %s: %s; the publisher waits\n", stream.text, reason);
    publisher_push_status(session, "waiting",
                          "the HLS bridge does not answer: this goes live by itself when it does");
    publisher_notify(session, stream.text, "bridge-lost", json_pack("{s:s}", "reason", reason));
}

static void on_bridge_reachable(void *user, unsigned serial)
{
    Session *session = user;
    StreamName stream;

    if (!note_bridge(session, serial, BRIDGE_LISTENING, &stream))
        return;
    JANUS_LOG(LOG_INFO, "[hls] %s: the bridge answers again\n", stream.text);
    publisher_push_status(session, "live", NULL);
    publisher_notify(session, stream.text, "live", NULL);
}

static void on_bridge_release(void *user)
{
    session_unref(user);
}

/* ---- announcing ---- */

/* Sends to general.forward instead of to a bridge. Returns NULL, or a sentence. The lock is held.
 */
static const char *connect_forward(Session *session, const char *forward)
{
    struct sockaddr_in destinations[MEDIA_TRACKS_MAX];
    g_auto(GStrv) parts = g_strsplit(forward, ":", 2);
    guint64 port = parts[0] && parts[1] ? g_ascii_strtoull(parts[1], NULL, 10) : 0;
    struct in_addr address;

    if (port == 0 || port > UINT16_MAX - FORWARD_AUDIO_OFFSET ||
        inet_pton(AF_INET, parts[0], &address) != 1)
        return "general.forward must be IPV4:PORT, as 127.0.0.1:5004";
    for (size_t i = 0; i < session->tracks.count; i++) {
        const MediaTrack *track = &session->tracks.track[i];
        size_t layer = track->kind == MEDIA_VIDEO ? track->port - MEDIA_VIDEO : 0;
        bool above = track->kind == MEDIA_AUDIO || layer > 0;
        guint64 to =
            port + (above ? FORWARD_AUDIO_OFFSET : 0) + (guint64)layer * FORWARD_LAYER_OFFSET;
        if (to > UINT16_MAX)
            return "general.forward has no room for layers: its port may be 65529 at the most";
        destinations[i] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_addr = address, .sin_port = htons((uint16_t)to)};
    }
    return connect_tracks(session, destinations)
               ? "general.forward cannot be sent to: it must be of this machine, as 127.0.0.1:5004"
               : NULL;
}

/* Announces to the bridge. The lock is held, so that this comes before its end. */
static void offer_to_bridge(Session *session)
{
    char offer[BRIDGE_SDP_SIZE];
    uint16_t ports[MEDIA_TRACKS_MAX];

    for (size_t i = 0; i < session->tracks.count; i++)
        ports[i] = rtp_sender_number(session->sender, session->tracks.track[i].port);
    if (bridge_sdp_offer(&session->tracks, ports, session->sdp_id,
                         &(StreamFace){session->title, session->unlisted,
                                       session->permit.access == ACCESS_PROTECTED},
                         offer) < 0)
        return;
    session->bridge = BRIDGE_ANNOUNCED;
    bridge_client_announce(self.bridge, session->stream.text, offer, session_ref(session),
                           session->serial);
}

void announcer_announce(Session *session)
{
    const char *forward = plugin_settings_forward(self.settings);
    const char *wrong = NULL;

    pthread_mutex_lock(&session->lock);
    bool live = session->state == SESSION_LIVE && session->tracks.count > 0;
    unsigned serial = live ? ++session->serial : 0;
    if (live && forward)
        wrong = connect_forward(session, forward);
    else if (live)
        offer_to_bridge(session);
    pthread_mutex_unlock(&session->lock);
    if (wrong)
        self.refused(session, serial, wrong);
    else if (live && forward)
        publisher_push_status(session, "live", NULL);
}

void announcer_withdraw(Session *session, bool kicked)
{
    session->serial++;
    bridge_client_withdraw(self.bridge, session->stream.text, session, kicked);
}

/* ---- start and stop ---- */

int announcer_init(const PluginSettings *settings, AnnouncerRefused *refused)
{
    const BridgeClientParams bridge = {
        .bridge = plugin_settings_bridge(settings),
        .token = plugin_settings_bridge_token(settings),
        .events = {on_bridge_answer, on_bridge_refusal, on_bridge_unreachable, on_bridge_reachable,
                   on_bridge_release},
    };

    self.settings = settings;
    self.refused = refused;
    if (rtp_sender_listener_start() < 0) {
        JANUS_LOG(LOG_FATAL, "[hls] no thread to listen for RTCP: %s\n", g_strerror(errno));
        return -1;
    }
    self.bridge = bridge_client_create(&bridge);
    if (!self.bridge) {
        JANUS_LOG(LOG_FATAL, "[hls] no thread for the bridge client\n");
        rtp_sender_listener_stop();
        return -1;
    }
    return 0;
}

void announcer_deinit(void)
{
    bridge_client_destroy(&self.bridge);
    rtp_sender_listener_stop();
}
