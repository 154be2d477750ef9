/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/publisher.h"

#include <glib.h>

#include "core/plugin_clock.h"
#include "rtp/rtp_sender.h"

/* A layer that brings nothing for so long is paused: a still screen has a picture a second. */
#define LAYER_LIVE_US 2000000

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

/* What is told of a track, or of all layers of one together. */
typedef struct Figures {
    uint64_t packets, bytes, bitrate, lost, forwarded, dropped;
    unsigned width, height; /* of the largest picture; 0: none yet */
} Figures;

static void add_track(const Session *session, size_t index, Figures *sum)
{
    const TrackStats *stats = &session->stats[index];
    int64_t expected = 0;

    if (session->sender) {
        RtpSenderStats sent = rtp_sender_stats(session->sender, session->tracks.track[index].port);
        sum->forwarded += sent.packets;
        sum->dropped += sent.dropped;
    }
    if (stats->packets > 0)
        expected = stats->highest_sequence - stats->first_sequence + 1;
    sum->packets += stats->packets;
    sum->bytes += stats->bytes;
    sum->bitrate += stats->bitrate;
    sum->lost += (uint64_t)MAX(0, expected - (int64_t)stats->packets);
    if (stats->sps.width * stats->sps.height > sum->width * sum->height) {
        sum->width = stats->sps.width;
        sum->height = stats->sps.height;
    }
}

static void set_figures(json_t *object, const Figures *of)
{
    json_t *figures = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "packets",
                                (json_int_t)of->packets, "bytes", (json_int_t)of->bytes, "bitrate",
                                (json_int_t)of->bitrate, "lost", (json_int_t)of->lost, "forwarded",
                                (json_int_t)of->forwarded, "dropped", (json_int_t)of->dropped);

    json_object_update_new(object, figures);
    if (of->width) {
        json_object_set_new(object, "width", json_integer(of->width));
        json_object_set_new(object, "height", json_integer(of->height));
    }
}

/* The track of section `mindex`, with all its layers. */
static json_t *describe_track(const Session *session, int mindex)
{
    const MediaTrack *first = &session->tracks.track[media_track_of(&session->tracks, mindex)];
    bool video = first->kind == MEDIA_VIDEO;
    json_t *object = json_pack("{s:s, s:s}", "kind", video ? "video" : "audio", "codec",
                               video ? codec_sdp_name(first->codec) : "opus");
    Figures sum = {0};

    for (size_t i = 0; i < session->tracks.count; i++)
        if (session->tracks.track[i].mindex == mindex)
            add_track(session, i, &sum);
    set_figures(object, &sum);
    if (session->paused[first->kind])
        json_object_set_new(object, "paused", json_true());
    return object;
}

/* Each layer of simulcast; NULL: there are none. */
static json_t *describe_layers(const Session *session)
{
    int64_t now_us = monotonic_us();
    json_t *layers = NULL;

    for (size_t i = 0; i < session->tracks.count; i++) {
        const TrackStats *stats = &session->stats[i];
        Figures figures = {0};
        if (!media_track_is_layer(&session->tracks.track[i]))
            continue;
        bool live = stats->packets > 0 && now_us - stats->last_us < LAYER_LIVE_US;
        json_t *layer =
            json_pack("{s:s, s:b}", "rid", session->tracks.track[i].rid, "live", (int)live);
        if (session->layers.source[i].known)
            json_object_set_new(layer, "ssrc", json_integer(session->layers.source[i].ssrc));
        add_track(session, i, &figures);
        if (!live) /* the second that was the last to be measured is long over */
            figures.bitrate = 0;
        set_figures(layer, &figures);
        layers = layers ? layers : json_array();
        json_array_append_new(layers, layer);
    }
    return layers;
}

/* The figures of a publisher; the lock is held. */
static void add_figures(const Session *session, json_t *object)
{
    json_t *tracks = json_array(), *layers = describe_layers(session);

    for (size_t i = 0; i < session->tracks.count; i++) {
        int mindex = session->tracks.track[i].mindex;
        if (media_track_of(&session->tracks, mindex) == (int)i)
            json_array_append_new(tracks, describe_track(session, mindex));
    }
    json_object_set_new(object, "title", json_string(session->title));
    if (session->unlisted)
        json_object_set_new(object, "unlisted", json_true());
    if (session->permit.access == ACCESS_PROTECTED)
        json_object_set_new(object, "protected", json_true());
    json_object_set_new(object, "bridge", json_string(bridge_state_name(session->bridge)));
    json_object_set_new(object, "bitrate_cap", json_integer(session->bitrate));
    json_object_set_new(object, "tracks", tracks);
    if (layers) {
        json_object_set_new(object, "layers", layers);
        json_object_set_new(object, "unknown", json_integer((json_int_t)session->layers.unknown));
    }
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
