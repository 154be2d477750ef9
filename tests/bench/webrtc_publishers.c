/* SPDX-License-Identifier: GPL-3.0-or-later */

/* webrtc-publishers: many WebRTC publishers that take next to nothing of the machine. Each sends a
 * recording (H.264 and Opus, encoded long ago) through GStreamer's webrtcbin: ICE, DTLS and SRTP
 * are real. Who talks to Janus for them tells us what to do, in lines of JSON:
 *
 *   in   {"open":N}                      out  {"publisher":N,"offer":SDP}
 *        {"publisher":N,"answer":SDP}         {"publisher":N,"state":"connected"} or another
 *        {"publisher":N,"candidate":TEXT,"mline":N}
 *        {"close":N}
 *
 * The end of the input ends all. */

#define GST_USE_UNSTABLE_API /* webrtcbin's interface, which Debian has had for years */
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "instruments/rtp-replay/rtp_faults.h"

#define PUBLISHERS_MAX 200
#define SEND_EVERY_MS  5
#define ROUNDS_US      86400000000ll /* of the recording: longer than anybody publishes */

static const char *const caps_of[RTP_TRACKS] = {
    [RTP_AUDIO] =
        "application/x-rtp,media=audio,payload=111,clock-rate=48000,encoding-name=OPUS,"
        "encoding-params=(string)2",
    [RTP_VIDEO] =
        "application/x-rtp,media=video,payload=96,clock-rate=90000,encoding-name=H264,"
        "packetization-mode=(string)1,profile-level-id=(string)42e01f,"
        "rtcp-fb-nack-pli=(boolean)true"};

typedef struct Publisher {
    int number;
    GstElement *pipeline, *webrtc;
    GstAppSrc *source[RTP_TRACKS];
    bool offered;
    int64_t start_us; /* monotonic; 0: not connected yet */
    RtpFaults *packets;
    RtpOutgoing next;
} Publisher;

static RtpRecording *recording;
static Publisher *publishers[PUBLISHERS_MAX];
static GMainLoop *loop;

/* Takes over `message`. */
static void tell(json_t *message)
{
    if (message)
        json_dumpf(message, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(message);
}

/* ---- what GStreamer says, brought to the main loop's thread, where all else is ---- */

typedef struct Note {
    int number;
    GstWebRTCPeerConnectionState state;
} Note;

static gboolean on_state(void *user)
{
    Note *note = user;
    Publisher *p = publishers[note->number];
    char *name = NULL;
    GEnumClass *names = g_type_class_ref(GST_TYPE_WEBRTC_PEER_CONNECTION_STATE);

    for (unsigned i = 0; i < names->n_values; i++)
        if (names->values[i].value == (int)note->state)
            name = g_strdup(names->values[i].value_nick);
    if (p && name)
        tell(json_pack("{s:i, s:s}", "publisher", note->number, "state", name));
    if (p && note->state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED && p->start_us == 0)
        p->start_us = clock_us(CLOCK_MONOTONIC);
    g_type_class_unref(names);
    g_free(name);
    return G_SOURCE_REMOVE;
}

static void note_state(GstElement *webrtc, GParamSpec *what, void *number)
{
    Note *note = g_new0(Note, 1);

    (void)what;
    note->number = GPOINTER_TO_INT(number);
    g_object_get(webrtc, "connection-state", &note->state, NULL);
    g_idle_add_full(G_PRIORITY_DEFAULT, on_state, note, g_free);
}

/* The offer goes out with all candidates in it. */
static gboolean on_gathered(void *number)
{
    Publisher *p = publishers[GPOINTER_TO_INT(number)];
    GstWebRTCICEGatheringState state;
    GstWebRTCSessionDescription *offer = NULL;

    if (!p || p->offered)
        return G_SOURCE_REMOVE;
    g_object_get(p->webrtc, "ice-gathering-state", &state, "local-description", &offer, NULL);
    if (offer && state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE) {
        char *text = gst_sdp_message_as_text(offer->sdp);
        tell(json_pack("{s:i, s:s}", "publisher", p->number, "offer", text));
        p->offered = true;
        g_free(text);
    }
    if (offer)
        gst_webrtc_session_description_free(offer);
    return G_SOURCE_REMOVE;
}

static void note_gathering(GstElement *webrtc, GParamSpec *what, void *number)
{
    (void)webrtc;
    (void)what;
    g_idle_add(on_gathered, number);
}

static void on_offer_created(GstPromise *promise, void *webrtc)
{
    GstWebRTCSessionDescription *offer = NULL;

    gst_structure_get(gst_promise_get_reply(promise), "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION,
                      &offer, NULL);
    gst_promise_unref(promise);
    g_signal_emit_by_name(webrtc, "set-local-description", offer, NULL);
    gst_webrtc_session_description_free(offer);
}

static void on_negotiation_needed(GstElement *webrtc, void *user)
{
    (void)user;
    g_signal_emit_by_name(webrtc, "create-offer", NULL,
                          gst_promise_new_with_change_func(on_offer_created, webrtc, NULL));
}

/* ---- publishers ---- */

static void add_track(Publisher *p, RtpTrack track)
{
    GstElement *source = gst_element_factory_make("appsrc", NULL);
    GstCaps *caps = gst_caps_from_string(caps_of[track]);
    GstWebRTCRTPTransceiver *transceiver;

    /* Janus knows the tracks by it */
    gst_caps_set_simple(caps, "ssrc", G_TYPE_UINT, recording->ssrc[track], NULL);
    g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "is-live", TRUE, "do-timestamp",
                 TRUE, NULL);
    gst_caps_unref(caps);
    gst_bin_add(GST_BIN(p->pipeline), source);
    GstPad *from = gst_element_get_static_pad(source, "src");
    GstPad *to = gst_element_request_pad_simple(p->webrtc, "sink_%u");
    gst_pad_link(from, to);
    g_object_get(to, "transceiver", &transceiver, NULL);
    g_object_set(transceiver, "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY, NULL);
    gst_object_unref(transceiver);
    gst_object_unref(from);
    gst_object_unref(to);
    p->source[track] = GST_APP_SRC(source);
}

static void close_publisher(int number)
{
    Publisher *p = publishers[number];

    if (!p)
        return;
    publishers[number] = NULL;
    gst_element_set_state(p->pipeline, GST_STATE_NULL);
    gst_object_unref(p->pipeline);
    rtp_faults_destroy(&p->packets);
    g_free(p);
}

static void open_publisher(int number)
{
    Publisher *p = g_new0(Publisher, 1);
    RtpFaultsParams params = rtp_faults_none();

    close_publisher(number);
    publishers[number] = p;
    p->number = number;
    params.seed = (uint64_t)number;
    params.duration_us = ROUNDS_US;
    params.no_reports[RTP_AUDIO] = params.no_reports[RTP_VIDEO] = true; /* webrtcbin's own */
    for (RtpTrack track = RTP_VIDEO + 1; track < RTP_TRACKS; track++)
        params.leave_out[track] = true; /* it publishes one size */
    p->packets = rtp_faults_create(recording, &params);
    rtp_faults_next(p->packets, &p->next);
    p->pipeline = gst_pipeline_new(NULL);
    p->webrtc = gst_element_factory_make("webrtcbin", NULL);
    g_object_set(p->webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, NULL);
    gst_bin_add(GST_BIN(p->pipeline), p->webrtc);
    g_signal_connect(p->webrtc, "on-negotiation-needed", G_CALLBACK(on_negotiation_needed), NULL);
    g_signal_connect(p->webrtc, "notify::ice-gathering-state", G_CALLBACK(note_gathering),
                     GINT_TO_POINTER(number));
    g_signal_connect(p->webrtc, "notify::connection-state", G_CALLBACK(note_state),
                     GINT_TO_POINTER(number));
    add_track(p, RTP_AUDIO);
    add_track(p, RTP_VIDEO);
    gst_element_set_state(p->pipeline, GST_STATE_PLAYING);
}

static void send_due(Publisher *p, int64_t now_us)
{
    while (p->start_us + p->next.when_us <= now_us) {
        if (!p->next.is_rtcp)
            gst_app_src_push_buffer(p->source[p->next.track],
                                    gst_buffer_new_memdup(p->next.data, p->next.len));
        if (!rtp_faults_next(p->packets, &p->next))
            p->start_us = 0;
        if (p->start_us == 0)
            return;
    }
}

static gboolean send_all(void *user)
{
    int64_t now_us = clock_us(CLOCK_MONOTONIC);

    (void)user;
    for (int i = 0; i < PUBLISHERS_MAX; i++)
        if (publishers[i] && publishers[i]->start_us > 0)
            send_due(publishers[i], now_us);
    return G_SOURCE_CONTINUE;
}

/* ---- what we are told ---- */

static void take_answer(Publisher *p, const char *text)
{
    GstSDPMessage *sdp;

    if (gst_sdp_message_new_from_text(text, &sdp) != GST_SDP_OK)
        return;
    GstWebRTCSessionDescription *answer =
        gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
    g_signal_emit_by_name(p->webrtc, "set-remote-description", answer, NULL);
    gst_webrtc_session_description_free(answer);
}

/* Returns -1 where it is not one of those above. */
static int take_message(json_t *message)
{
    int number = -1, mline = 0;
    const char *answer = NULL, *candidate = NULL;

    if (json_unpack(message, "{s:i}", "open", &number) == 0) {
        if (number < 0 || number >= PUBLISHERS_MAX)
            return -1;
        open_publisher(number);
        return 0;
    }
    if (json_unpack(message, "{s:i}", "close", &number) == 0) {
        if (number < 0 || number >= PUBLISHERS_MAX)
            return -1;
        close_publisher(number);
        return 0;
    }
    if (json_unpack(message, "{s:i, s?s, s?s, s?i}", "publisher", &number, "answer", &answer,
                    "candidate", &candidate, "mline", &mline) < 0 ||
        number < 0 || number >= PUBLISHERS_MAX || !publishers[number])
        return -1;
    if (answer)
        take_answer(publishers[number], answer);
    if (candidate)
        g_signal_emit_by_name(publishers[number]->webrtc, "add-ice-candidate", mline, candidate);
    return 0;
}

static gboolean on_input(GIOChannel *input, GIOCondition condition, void *user)
{
    char *line = NULL;

    (void)condition;
    (void)user;
    if (g_io_channel_read_line(input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
        g_main_loop_quit(loop);
        return G_SOURCE_REMOVE;
    }
    json_t *message = json_loads(line, 0, NULL);
    if (!message || take_message(message) < 0)
        fprintf(stderr, "webrtc-publishers: not understood: %s", line);
    json_decref(message);
    g_free(line);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    char error[RTP_RECORDING_ERROR_SIZE];
    const char *wrong = NULL;

    if (argc != 2) {
        fputs("Usage: webrtc-publishers RECORDING.pcap\n", stderr);
        return 2;
    }
    gst_init(NULL, NULL);
    recording = rtp_recording_read(argv[1], error);
    if (recording)
        wrong = rtp_recording_trim(recording, 0);
    if (!recording || wrong) {
        fprintf(stderr, "webrtc-publishers: %s: %s\n", argv[1], wrong ? wrong : error);
        return 2;
    }
    loop = g_main_loop_new(NULL, FALSE);
    GIOChannel *input = g_io_channel_unix_new(0);
    g_io_add_watch(input, G_IO_IN | G_IO_HUP, on_input, NULL);
    g_timeout_add(SEND_EVERY_MS, send_all, NULL);
    g_main_loop_run(loop);
    for (int i = 0; i < PUBLISHERS_MAX; i++)
        close_publisher(i);
    g_io_channel_unref(input);
    g_main_loop_unref(loop);
    rtp_recording_destroy(&recording);
    return 0;
}
