/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher.h"

#include <glib.h>

#include "plugin_clock.h"

/* The part of publisher.h that describes sessions in JSON: for list, info, the Admin API and event
 * handlers. */

static const char *bridge_state_name(BridgeState state)
{
    static const char *const names[] = {[BRIDGE_NONE] = "none",
                                        [BRIDGE_ANNOUNCED] = "announced",
                                        [BRIDGE_LISTENING] = "listening",
                                        [BRIDGE_LOST] = "lost"};
    return names[state];
}

static json_t *describe_track(const Session *session, size_t index)
{
    const MediaTrack *track = &session->tracks.track[index];
    const TrackStats *stats = &session->stats[index];
    RtpSenderStats sent = {0};
    int64_t expected = 0;

    if (session->sender)
        sent = rtp_sender_stats(session->sender, track->port);
    if (stats->packets > 0)
        expected = stats->highest_sequence - stats->first_sequence + 1;
    json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "kind",
                               track->kind == MEDIA_VIDEO ? "video" : "audio", "codec",
                               track->kind == MEDIA_VIDEO ? "H264" : "opus", "packets",
                               (json_int_t)stats->packets, "bytes", (json_int_t)stats->bytes,
                               "bitrate", (json_int_t)stats->bitrate, "lost",
                               (json_int_t)MAX(0, expected - (int64_t)stats->packets), "forwarded",
                               (json_int_t)sent.packets, "dropped", (json_int_t)sent.dropped);
    if (track->kind == MEDIA_VIDEO && session->sps.width) {
        json_object_set_new(object, "width", json_integer(session->sps.width));
        json_object_set_new(object, "height", json_integer(session->sps.height));
    }
    return object;
}

/* The figures of a publisher; the lock is held. */
static void add_figures(const Session *session, json_t *object)
{
    json_t *tracks = json_array();

    for (size_t i = 0; i < session->tracks.count; i++)
        json_array_append_new(tracks, describe_track(session, i));
    json_object_set_new(object, "title", json_string(session->title));
    if (session->unlisted)
        json_object_set_new(object, "unlisted", json_true());
    json_object_set_new(object, "bridge", json_string(bridge_state_name(session->bridge)));
    json_object_set_new(object, "bitrate_cap", json_integer(session->bitrate));
    json_object_set_new(object, "tracks", tracks);
    if (session->round_trip_ms >= 0)
        json_object_set_new(object, "round_trip_ms", json_real(session->round_trip_ms));
    if (session->state == SESSION_LIVE)
        json_object_set_new(object, "age_seconds",
                            json_integer((monotonic_us() - session->live_since_us) / 1000000));
}

json_t *publisher_figures_locked(const Session *session)
{
    json_t *object = json_object();

    add_figures(session, object);
    return object;
}

json_t *publisher_figures(Session *session, StreamName *stream)
{
    json_t *object = NULL;

    pthread_mutex_lock(&session->lock);
    *stream = session->stream;
    if (session->state != SESSION_IDLE)
        object = publisher_figures_locked(session);
    pthread_mutex_unlock(&session->lock);
    return object;
}

json_t *publisher_describe(Session *session)
{
    static const char *const states[] = {
        [SESSION_IDLE] = "idle", [SESSION_PREPARING] = "preparing", [SESSION_LIVE] = "live"};

    pthread_mutex_lock(&session->lock);
    json_t *object = json_pack("{s:s}", "state", states[session->state]);
    if (session->state != SESSION_IDLE) {
        json_object_set_new(object, "stream", json_string(session->stream.text));
        add_figures(session, object);
    }
    pthread_mutex_unlock(&session->lock);
    return object;
}

static bool is_unlisted(Session *session)
{
    pthread_mutex_lock(&session->lock);
    bool unlisted = session->unlisted;
    pthread_mutex_unlock(&session->lock);
    return unlisted;
}

json_t *publisher_list(bool with_unlisted)
{
    Session **sessions = session_publishers();
    json_t *streams = json_array();

    for (size_t i = 0; sessions[i]; i++) {
        if (with_unlisted || !is_unlisted(sessions[i]))
            json_array_append_new(streams, publisher_describe(sessions[i]));
        session_unref(sessions[i]);
    }
    g_free(sessions);
    return streams;
}
