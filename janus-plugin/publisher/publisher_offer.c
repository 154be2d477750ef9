/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/publisher_offer.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include <janus/debug.h>

#include "access/permit_json.h"
#include "audit/audit.h"
#include "core/plugin_clock.h"
#include "publisher/admission.h"
#include "publisher/admission_hook.h"
#include "publisher/announcer.h"
#include "publisher/publisher.h"
#include "publisher/publisher_end.h"
#include "publisher/publisher_events.h"
#include "rtp/rtp_sender.h"

#define ANSWER_INVALID (-1) /* in place of an error of push_event() */

static struct {
    janus_callbacks *gateway;
    janus_plugin *plugin;
    const PluginSettings *settings;
    /* One publisher is let in at a time: what admission_check() has found must still be so when the
     * name is claimed. Taken first, before any other lock. */
    pthread_mutex_t door;
} self = {.door = PTHREAD_MUTEX_INITIALIZER};

void publisher_offer_init(janus_callbacks *gateway, janus_plugin *plugin,
                          const PluginSettings *settings)
{
    self.gateway = gateway;
    self.plugin = plugin;
    self.settings = settings;
}

static bool same_tracks(const MediaTracks *a, const MediaTracks *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->track[i].kind != b->track[i].kind || a->track[i].codec != b->track[i].codec ||
            a->track[i].nack != b->track[i].nack ||
            strcmp(a->track[i].fmtp, b->track[i].fmtp) != 0 ||
            strcmp(a->track[i].rid, b->track[i].rid) != 0)
            return false;
    return true;
}

/* An offer, and what becomes of it. */
typedef struct Negotiation {
    const Request *request;
    const char *offer; /* SDP */
    Permit permit;
    SdpAnswerParams params;
    char answer[SDP_ANSWER_SIZE];
    MediaTracks tracks;
} Negotiation;

static int answer_offer(Negotiation *talk, RequestError *error)
{
    return sdp_answer(talk->offer, strlen(talk->offer), &talk->params, talk->answer, &talk->tracks,
                      error);
}

/* Gives a new publisher its name, its sockets and its fields. Returns the session that had the
 * name, with a reference, or NULL. Takes over `*sender`, unless the handle has gone. */
static Session *prepare(Session *session, const Negotiation *talk, RtpSender **sender)
{
    const Request *request = talk->request;
    const Permit *permit = &talk->permit;
    const char *asked = request->title ? request->title : "";
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
        session->round_trip_ms = -1;
        session->layers = (LayerMap){0};
        memset(session->stats, 0, sizeof(session->stats));
        memset(session->paused, 0, sizeof(session->paused));
        session->permit = *permit;
        g_strlcpy(session->stream.text, permit->name, sizeof(session->stream.text));
        g_strlcpy(session->asked.text, request->stream, sizeof(session->asked.text));
        g_strlcpy(session->title, permit->title[0] ? permit->title : asked, sizeof(session->title));
        session->unlisted = request->unlisted || permit->access != ACCESS_PUBLIC;
        before = session_claim_name(session);
    }
    pthread_mutex_unlock(&session->lock);
    return before;
}

/* Says that there is no socket, with errno. Returns -1. */
static int no_socket(const char *stream, RequestError *error)
{
    const char *why = g_strerror(errno);

    JANUS_LOG(LOG_ERR, "[hls] %s: no socket to send its media on: %s\n", stream, why);
    return request_fail(error, HLS_ERROR_INTERNAL,
                        "this server has no socket left (%s): try again later", why);
}

/* Whether this takes the name from somebody who was not there when the webhook was asked: that has
 * allowed no takeover. If it gives another name, it knows who has that. */
static bool is_unasked_takeover(Session *session, const Negotiation *talk,
                                const PublisherHook *hook)
{
    if (!hook->answered || hook->as_takeover || hook->answer.verdict != ADMISSION_ALLOWS ||
        strcmp(talk->permit.name, talk->request->stream) != 0)
        return false;
    Session *before = session_find_publisher(talk->permit.name);
    session_unref(before);
    return before && before != session;
}

/* Lets a publisher in, and ends the one that had the name. Returns 0, -1 with `error`, or
 * PUBLISHER_WAITS if the webhook is to be asked again. */
static int let_in(Session *session, Negotiation *talk, const PublisherHook *hook,
                  RequestError *error)
{
    RtpSender *sender = NULL;
    Session *before = NULL;

    pthread_mutex_lock(&self.door);
    int status = admission_check(self.settings, session, &talk->permit, error);
    if (status == 0 && is_unasked_takeover(session, talk, hook))
        status = PUBLISHER_WAITS;
    if (status == 0)
        status = answer_offer(talk, error);
    if (status == 0 && !(sender = announcer_open_sender(session)))
        status = no_socket(talk->permit.name, error);
    if (status == 0)
        before = prepare(session, talk, &sender);
    EndWhich which = {.turn = session_turn(before)};
    pthread_mutex_unlock(&self.door);
    if (sender) {
        rtp_sender_destroy(&sender);
        return request_fail(error, HLS_ERROR_INTERNAL,
                            "this handle is no longer attached: attach a new one");
    }
    if (before)
        publisher_throw_out(before, &ended_by_takeover, which);
    session_unref(before);
    return status;
}

/* Counts from 0 again; the sizes of what goes on are known. The lock is held. */
static void renew_stats(Session *session, const MediaTracks *before)
{
    TrackStats old[MEDIA_TRACKS_MAX];

    memcpy(old, session->stats, sizeof(old));
    memset(session->stats, 0, sizeof(session->stats));
    for (size_t i = 0; i < session->tracks.count; i++)
        for (size_t k = 0; k < before->count; k++)
            if (media_track_continues(&before->track[k], &session->tracks.track[i]) &&
                before->track[k].codec == session->tracks.track[i].codec)
                session->stats[i].sps = old[k].sps;
}

/* A live publisher has offered again: its media has changed, or only its transport (an ICE
 * restart). */
static void renegotiate(Session *session, const MediaTracks *tracks)
{
    pthread_mutex_lock(&session->lock);
    MediaTracks before = session->tracks;
    bool taken = session->state != SESSION_IDLE && tracks->count > 0;
    bool changed = taken && !same_tracks(&before, tracks);
    if (taken) {
        session->tracks = *tracks;
        layer_map_renew(&session->layers, &before, tracks);
    }
    if (changed) {
        renew_stats(session, &before);
        session->serial++; /* what the bridge still says of the old ones is void */
    }
    pthread_mutex_unlock(&session->lock);
    if (changed)
        announcer_announce(session);
}

static json_t *published_event(const Permit *permit)
{
    const char *stream = permit->name;
    const struct {
        const char *name, *file;
    } lists[] = {{"hls", "index.m3u8"},
                 {"sizes", "ts.m3u8"},
                 {"low_latency", "master.m3u8"},
                 {"dash", "manifest.mpd"}};
    char *url = plugin_settings_watch_url(self.settings, stream);
    json_t *playback = json_pack("{s:s}", "watch", url);

    g_free(url);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        url = plugin_settings_live_url(self.settings, stream, lists[i].file);
        json_object_set_new(playback, lists[i].name, json_string(url));
        g_free(url);
    }
    json_t *event =
        json_pack("{s:s, s:s, s:o}", "hls", "published", "stream", stream, "playback", playback);
    if (permit->end)
        json_object_set_new(event, "end", json_integer(permit->end));
    return event;
}

/* Returns 0 when the event with the answer is on its way, or -1 with `error`. */
static int send_answer(Session *session, const char *transaction, const Negotiation *talk,
                       RequestError *error)
{
    json_t *event = published_event(&talk->permit);
    json_t *jsep = json_pack("{s:s, s:s}", "type", "answer", "sdp", talk->answer);
    int status =
        jsep ? self.gateway->push_event(session->handle, self.plugin, transaction, event, jsep)
             : ANSWER_INVALID; /* not UTF-8: a character of the offer was cut */

    json_decref(event);
    json_decref(jsep);
    if (status == 0)
        return 0;
    JANUS_LOG(LOG_WARN, "[hls] %s: Janus could not send the answer (%d)\n", talk->permit.name,
              status);
    return request_fail(error, HLS_ERROR_INTERNAL,
                        "this server could not send its answer (%d): try again", status);
}

/* The codec of a publisher's video; false: it sends none. The lock is held. */
static bool has_codec(const Session *session, Codec *codec)
{
    for (size_t i = 0; i < session->tracks.count; i++)
        if (session->tracks.track[i].kind == MEDIA_VIDEO) {
            *codec = session->tracks.track[i].codec;
            return true;
        }
    return false;
}

/* The codecs that are taken, `first` before the others. Returns false if that is not taken. */
static bool put_first(CodecList *codecs, Codec first)
{
    for (unsigned i = 0; i < codecs->count; i++)
        if (codecs->codec[i] == first) {
            memmove(codecs->codec + 1, codecs->codec, i * sizeof(codecs->codec[0]));
            codecs->codec[0] = first;
            return true;
        }
    return false;
}

/* The codecs of the settings that a publisher may send. */
static CodecList codecs_of(const Permit *permit)
{
    CodecList all = plugin_settings_codecs(self.settings), some = {0};

    if (permit->codecs.count == 0)
        return all;
    for (unsigned i = 0; i < all.count; i++)
        if (codec_list_has(&permit->codecs, all.codec[i]))
            some.codec[some.count++] = all.codec[i];
    return some;
}

/* What the answer may take: the publisher's choice before what the server likes best, and before
 * that what it sends already. Returns 0, or -1 with `error`. */
static int choose_codecs(const Request *request, bool sends, Codec sent, CodecList *codecs,
                         RequestError *error)
{
    if (request->chooses && !put_first(codecs, request->codec))
        return request_fail(error, HLS_ERROR_NO_CODEC,
                            "this server does not take %s (general.video_codecs of the plugin): "
                            "publish without a choice of codec",
                            codec_sdp_name(request->codec));
    if (sends)
        put_first(codecs, sent);
    return 0;
}

/* What is to be answered to an offer, by what the publisher may. */
static int set_params(Session *session, bool live, const PublisherOffer *offer, Negotiation *talk,
                      RequestError *error)
{
    const Request *request = talk->request;
    uint32_t cap = publisher_cap(self.settings, &talk->permit);
    CodecList codecs = codecs_of(&talk->permit);
    Codec sent = CODEC_H264;

    if (codecs.count == 0)
        return request_fail(error, HLS_ERROR_NO_CODEC,
                            "you may send none of the video codecs that this server takes "
                            "(general.video_codecs of the plugin)");
    pthread_mutex_lock(&session->lock);
    if (!live) {
        session->sdp_id = (uint64_t)g_get_real_time();
        session->sdp_version = 0;
        session->bitrate_is_asked = false;
        session->bitrate = request->bitrate ? MIN(request->bitrate, cap) : cap;
    }
    talk->params = (SdpAnswerParams){session->sdp_id, ++session->sdp_version, session->bitrate,
                                     codecs, offer->simulcast};
    bool sends = live && has_codec(session, &sent);
    pthread_mutex_unlock(&session->lock);
    return choose_codecs(request, sends, sent, &talk->params.codecs, error);
}

/* What a new publisher may, by its key or token and by the admission webhook. Returns 0, -1 with
 * `error`, or PUBLISHER_WAITS. */
static int admit(Session *session, const Request *request, PublisherHook *hook, Permit *permit,
                 RequestError *error)
{
    if (admission_permit(self.settings, session, request, permit, error) < 0)
        return -1;
    if (!admission_hook_is_on())
        return 0;
    if (hook->answered)
        return admission_hook_obey(session, request, &hook->answer, permit, error);
    /* whoever would be refused in any case is not asked about */
    if (admission_check(self.settings, session, permit, error) < 0 ||
        admission_hook_ask(session, request, permit, hook, error) < 0)
        return -1;
    return PUBLISHER_WAITS;
}

/* Whether a request of a live publisher is about what it publishes. It may not know another name
 * than the one that it has asked for. */
static bool names_own_stream(Session *session, const Request *request)
{
    pthread_mutex_lock(&session->lock);
    bool own = strcmp(session->stream.text, request->stream) == 0 ||
               strcmp(session->asked.text, request->stream) == 0;
    pthread_mutex_unlock(&session->lock);
    return own;
}

/* Called before the answer is sent, which takes as long as candidates are gathered: whoever has
 * taken a name is known by then, and what ends the publisher meanwhile is told after it. */
static void tell_published(Session *session, const Negotiation *talk)
{
    const Permit *permit = &talk->permit;
    json_t *record = permit_owner(permit);
    StreamName stream;
    json_t *figures = publisher_figures(session, &stream);

    json_set_text(record, "title", json_string_value(json_object_get(figures, "title")));
    json_set_text(record, "access", access_name(permit->access));
    json_object_set_new(record, "bitrate", json_integer(talk->params.bitrate));
    if (strcmp(permit->name, talk->request->stream) != 0)
        json_set_text(record, "asked", talk->request->stream);
    audit_note("published", permit->name, record);
    publisher_notify(session, permit->name, "published", figures);
}

int publisher_publish(Session *session, const char *transaction, const Request *request,
                      const PublisherOffer *offer, PublisherHook *hook, RequestError *error)
{
    Negotiation talk; /* not zeroed: most of it is room for the answer */
    StreamName stream;
    int status;

    talk.request = request;
    talk.offer = offer->sdp;
    pthread_mutex_lock(&session->lock);
    bool live = session->state != SESSION_IDLE;
    stream = session->stream;
    talk.permit = session->permit;
    pthread_mutex_unlock(&session->lock);

    if (live && !names_own_stream(session, request))
        return request_fail(error, HLS_ERROR_NAME_TAKEN,
                            "this connection is live as %s: unpublish first", stream.text);
    if (!live && (status = admit(session, request, hook, &talk.permit, error)) != 0)
        return status;
    if (set_params(session, live, offer, &talk, error) < 0)
        return -1;
    status = live ? answer_offer(&talk, error) : let_in(session, &talk, hook, error);
    if (status == PUBLISHER_WAITS) {
        hook->answered = false;
        status = admit(session, request, hook, &talk.permit, error);
    }
    if (status != 0)
        return status;
    if (!live)
        tell_published(session, &talk);
    if (send_answer(session, transaction, &talk, error) < 0) {
        if (!live)
            publisher_end(session, &ended_by_failure, (EndWhich){0}, &stream);
        return -1;
    }
    if (live)
        renegotiate(session, &talk.tracks);
    return 0;
}
