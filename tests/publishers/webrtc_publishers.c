/* SPDX-License-Identifier: GPL-3.0-or-later */

/* webrtc-publishers: many WebRTC publishers that take next to nothing of the machine. Each sends a
 * recording of H.264 and Opus through GStreamer's webrtcbin: ICE, DTLS and SRTP are real, packets
 * are sent again if Janus asks for them (RFC 4588), and sender reports are webrtcbin's. Nothing
 * encodes here, so a request for a key frame changes nothing. Who talks to Janus for them
 * (tests/e2e/support/recorded.mjs) tells us what to do, in lines of JSON:
 *
 *   in   {"open":N}                      out  {"publisher":N,"offer":SDP}
 *        {"open":N,"silent":true}             {"publisher":N,"state":"connected"} or another
 *        {"publisher":N,"answer":SDP}
 *        {"publisher":N,"candidate":TEXT,"mline":N}
 *        {"speak":N}
 *        {"close":N}
 *
 * A silent one connects, and sends nothing before it is told to speak. The end of the input ends
 * all.
 *
 * webrtcbin is asked by name, without its header: the Debian package of that brings OpenCV, half a
 * gigabyte. */

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/sdp/sdp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_times.h"
#include "clock.h"
#include "gst_plugins.h"
#include "instruments/rtp-replay/rtp_faults.h"

#define PUBLISHERS_MAX 200
#define SEND_EVERY_MS  5
#define US_PER_S       1000000ll
#define ROUNDS_US      86400000000ll /* of the recording: longer than anybody publishes */

static const char *const caps_of[RTP_TRACKS] = {
    [RTP_AUDIO] =
        "application/x-rtp,media=audio,payload=111,clock-rate=48000,encoding-name=OPUS,"
        "encoding-params=(string)2",
    [RTP_VIDEO] =
        "application/x-rtp,media=video,payload=96,clock-rate=90000,encoding-name=H264,"
        "packetization-mode=(string)1,profile-level-id=(string)42e01f,"
        "rtcp-fb-nack-pli=(boolean)true"};

/* As in <gst/webrtc/rtcsessiondescription.h>. GLib knows its type by the name. */
typedef struct SessionDescription {
    enum { SDP_OFFER = 1, SDP_PRANSWER, SDP_ANSWER, SDP_ROLLBACK } type;
    GstSDPMessage *sdp;
} SessionDescription;
#define DESCRIPTION_TYPE g_type_from_name("GstWebRTCSessionDescription")

typedef struct Publisher {
    int number;
    GstElement *pipeline, *webrtc;
    GstAppSrc *source[RTP_TRACKS];
    bool offered, connected, silent;
    int64_t start_us;      /* monotonic; 0: it does not send */
    GstClockTime start_ns; /* the same in the pipeline's time */
    RtpFaults *packets;
    RtpOutgoing next;
} Publisher;

static RtpRecording *recording;
static CaptureTimes times;
static Publisher *publishers[PUBLISHERS_MAX];
static GMainLoop *loop;

/* LeakSanitizer's question. GStreamer leaves what OpenSSL made for a connection if packets of it
 * are lost, or if it ends early, and that is not ours to mend. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

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
    char *state;
} Note;

static void free_note(void *user)
{
    Note *note = user;

    g_free(note->state);
    g_free(note);
}

/* The short name of what an enum property has, to be freed. */
static char *named(void *object, const char *property)
{
    GValue value = G_VALUE_INIT;
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), property);

    g_value_init(&value, spec->value_type);
    g_object_get_property(object, property, &value);
    GEnumValue *known =
        g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, g_value_get_enum(&value));
    g_value_unset(&value);
    return g_strdup(known ? known->value_nick : "");
}

static void begin_to_send(Publisher *p)
{
    if (!p->connected || p->silent || p->start_us != 0)
        return;
    p->start_us = clock_us(CLOCK_MONOTONIC);
    p->start_ns = gst_element_get_current_running_time(p->pipeline);
}

static gboolean on_state(void *user)
{
    Note *note = user;
    Publisher *p = publishers[note->number];

    if (!p)
        return G_SOURCE_REMOVE;
    tell(json_pack("{s:i, s:s}", "publisher", note->number, "state", note->state));
    if (strcmp(note->state, "connected") == 0) {
        p->connected = true;
        begin_to_send(p);
    }
    return G_SOURCE_REMOVE;
}

static void note_state(GstElement *webrtc, GParamSpec *what, void *number)
{
    Note *note = g_new0(Note, 1);

    (void)what;
    note->number = GPOINTER_TO_INT(number);
    note->state = named(webrtc, "connection-state");
    g_idle_add_full(G_PRIORITY_DEFAULT, on_state, note, free_note);
}

/* The offer goes out with all candidates in it. */
static gboolean on_gathered(void *number)
{
    Publisher *p = publishers[GPOINTER_TO_INT(number)];
    SessionDescription *offer = NULL;

    if (!p || p->offered)
        return G_SOURCE_REMOVE;
    char *state = named(p->webrtc, "ice-gathering-state");
    g_object_get(p->webrtc, "local-description", &offer, NULL);
    if (offer && strcmp(state, "complete") == 0) {
        char *text = gst_sdp_message_as_text(offer->sdp);
        tell(json_pack("{s:i, s:s}", "publisher", p->number, "offer", text));
        p->offered = true;
        g_free(text);
    }
    if (offer)
        g_boxed_free(DESCRIPTION_TYPE, offer);
    g_free(state);
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
    SessionDescription *offer = NULL;

    gst_structure_get(gst_promise_get_reply(promise), "offer", DESCRIPTION_TYPE, &offer, NULL);
    gst_promise_unref(promise);
    g_signal_emit_by_name(webrtc, "set-local-description", offer, NULL);
    g_boxed_free(DESCRIPTION_TYPE, offer);
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
    GObject *transceiver;

    /* Janus knows the tracks by it */
    gst_caps_set_simple(caps, "ssrc", G_TYPE_UINT, recording->ssrc[track], NULL);
    g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "is-live", TRUE, NULL);
    gst_caps_unref(caps);
    gst_bin_add(GST_BIN(p->pipeline), source);
    GstPad *from = gst_element_get_static_pad(source, "src");
    GstPad *to = gst_element_request_pad_simple(p->webrtc, "sink_%u");
    gst_pad_link(from, to);
    g_object_get(to, "transceiver", &transceiver, NULL);
    gst_util_set_object_arg(transceiver, "direction", "sendonly");
    g_object_set(transceiver, "do-nack", track == RTP_VIDEO, NULL); /* with RTX, as browsers */
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

/* libnice asks the network's router for a port (UPnP). There is none in the network of a test, and
 * the HTTP servers that it opens for this take each other's ports if several publishers open at
 * once. */
static void ask_no_router(GstElement *webrtc)
{
    GObject *ice = NULL, *agent = NULL;

    g_object_get(webrtc, "ice-agent", &ice, NULL);
    g_object_get(ice, "agent", &agent, NULL);
    g_object_set(agent, "upnp", FALSE, NULL);
    g_object_unref(agent);
    g_object_unref(ice);
}

static void open_publisher(int number, bool silent)
{
    Publisher *p = g_new0(Publisher, 1);
    RtpFaultsParams params = rtp_faults_none();

    close_publisher(number);
    publishers[number] = p;
    p->number = number;
    p->silent = silent;
    params.seed = (uint64_t)number;
    params.duration_us = ROUNDS_US;
    params.no_reports[RTP_AUDIO] = params.no_reports[RTP_VIDEO] = true; /* webrtcbin's own */
    for (RtpTrack track = RTP_VIDEO + 1; track < RTP_TRACKS; track++)
        params.leave_out[track] = true; /* it publishes one size */
    p->packets = rtp_faults_create(recording, &params);
    rtp_faults_next(p->packets, &p->next);
    p->pipeline = gst_pipeline_new(NULL);
    p->webrtc = gst_element_factory_make("webrtcbin", NULL);
    gst_util_set_object_arg(G_OBJECT(p->webrtc), "bundle-policy", "max-bundle");
    ask_no_router(p->webrtc);
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

/* A buffer's time is when its media was captured, however late a busy machine sends: sender reports
 * say so. */
static void send_next(Publisher *p)
{
    const RtpOutgoing *next = &p->next;
    GstBuffer *buffer = gst_buffer_new_memdup(next->data, next->len);
    int64_t captured_us =
        capture_time_us(&times, next->track, next->data, next->len, next->when_us);

    GST_BUFFER_PTS(buffer) = p->start_ns + (GstClockTime)(captured_us * (int64_t)GST_USECOND);
    gst_app_src_push_buffer(p->source[next->track], buffer);
}

static void send_due(Publisher *p, int64_t now_us)
{
    while (p->start_us > 0 && p->start_us + p->next.when_us <= now_us) {
        if (!p->next.is_rtcp)
            send_next(p);
        if (!rtp_faults_next(p->packets, &p->next))
            p->start_us = 0;
    }
}

static gboolean send_all(void *user)
{
    int64_t now_us = clock_us(CLOCK_MONOTONIC);

    (void)user;
    for (int i = 0; i < PUBLISHERS_MAX; i++)
        if (publishers[i])
            send_due(publishers[i], now_us);
    return G_SOURCE_CONTINUE;
}

/* ---- what we are told ---- */

static void take_answer(Publisher *p, const char *text)
{
    SessionDescription answer = {.type = SDP_ANSWER};

    if (gst_sdp_message_new_from_text(text, &answer.sdp) != GST_SDP_OK)
        return;
    g_signal_emit_by_name(p->webrtc, "set-remote-description", &answer, NULL); /* copies it */
    gst_sdp_message_free(answer.sdp);
}

/* Whether `message` has a publisher's number under `key`. */
static bool names(json_t *message, const char *key, int *number)
{
    return json_unpack(message, "{s:i}", key, number) == 0 && *number >= 0 &&
           *number < PUBLISHERS_MAX;
}

/* Returns -1 if it is none of those above. */
static int take_message(json_t *message)
{
    int number = -1, mline = 0, silent = 0;
    const char *answer = NULL, *candidate = NULL;

    if (json_unpack(message, "{s?b, s?s, s?s, s?i}", "silent", &silent, "answer", &answer,
                    "candidate", &candidate, "mline", &mline) < 0)
        return -1;
    if (names(message, "open", &number)) {
        open_publisher(number, silent);
    } else if (names(message, "close", &number)) {
        close_publisher(number);
    } else if (names(message, "speak", &number) && publishers[number]) {
        publishers[number]->silent = false;
        begin_to_send(publishers[number]);
    } else if (names(message, "publisher", &number) && publishers[number]) {
        if (answer)
            take_answer(publishers[number], answer);
        if (candidate)
            g_signal_emit_by_name(publishers[number]->webrtc, "add-ice-candidate", mline,
                                  candidate);
    } else {
        return -1;
    }
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

    if (argc != 2 && argc != 3) {
        fputs(
            "Usage: webrtc-publishers RECORDING.pcap [SECONDS]\n"
            "SECONDS: a round has no more of the recording\n",
            stderr);
        return 2;
    }
    char *missing = gst_plugins_load();
    if (missing) {
        fprintf(stderr, "webrtc-publishers: %s\n", missing);
        g_free(missing);
        return 2;
    }
    recording = rtp_recording_read(argv[1], error);
    if (recording)
        wrong = rtp_recording_trim(recording, argc == 3 ? atoi(argv[2]) * US_PER_S : 0);
    if (!recording || wrong) {
        fprintf(stderr, "webrtc-publishers: %s: %s\n", argv[1], wrong ? wrong : error);
        return 2;
    }
    times = capture_times_of(recording);
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
    gst_deinit();
    return 0;
}
