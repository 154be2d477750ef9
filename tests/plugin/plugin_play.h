/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_PLUGIN_PLAY_H
#define TEST_PLUGIN_PLAY_H

/* What several tests of the plugin do: lives of it with some settings, publishers, offers, packets,
 * and a bridge that takes them. */

#include "stub_gateway.h"

/* Runs `act` among fibers (seed 1), with a plugin that has these settings (group "general") and
 * streams (as "shop: { key = \"a long key\" }"). All events are kept, and all counters begin at 0.
 */
void play_streams(const char *settings, const char *streams, void (*act)(void));

/* A test that is played: PLAY(name_of_test, settings) { what it does } */
#define PLAY(name, settings) PLAY_STREAMS(name, settings, "")
#define PLAY_STREAMS(name, settings, streams)                                                      \
    static void play_##name(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        play_streams(settings, streams, play_##name);                                              \
    }                                                                                              \
    static void play_##name(void)

/* Sends a request that an event answers, and waits for that. */
void play_ask(StubHandle *handle, const char *body, const char *offer);

/* Makes a request, with an offer if it is to publish. A handle whose connection is to be closed is
 * hung up. Returns the error code, 0: none. play_try_once() does it on a handle of its own, which
 * leaves at once. */
int play_try(StubHandle *handle, const char *body);
int play_try_once(const char *body);

/* A figure in the `list` of the Admin API, as ("refused", "wrong-key"). These count as long as the
 * plugin is loaded. */
json_int_t play_figure(const char *group, const char *name);

/* Sends a request that is answered at once. The caller owns the reply. */
json_t *play_question(StubHandle *handle, const char *body);

/* Detaches a handle, and frees it. */
void play_leave(StubHandle *handle);

#define PUBLISH(name) "{\"request\":\"publish\",\"stream\":\"" name "\",\"key\":\"a long key\"}"

/* A handle that publishes sound and pictures; live: whose media flows, too. */
StubHandle *play_prepare(const char *publish);
StubHandle *play_live(const char *publish);

/* Fields of the figures of a handle, in the tests' own time; 0 or "" if it is not there. `path` as
 * "tracks.1.packets". */
int64_t play_number(StubHandle *handle, const char *path);

/* The state of a handle is `state`; its publisher was told once that it, "shop", has ended, with
 * `code` and a reason. Each ends the program if it is not so. */
void play_require_state(StubHandle *handle, const char *state);
void play_require_ended(const StubHandle *handle, const char *code);

/* Whether a field of a kept event is `text`. */
bool play_says(const json_t *event, const char *field, const char *text);

/* Where the bridge listens: a socket on a port of its own. */
typedef struct PlayReceiver {
    int fd;
    uint16_t port;
} PlayReceiver;

PlayReceiver play_receiver(void);

/* The next packet that has come, 0: none; `from` takes the port that it comes from. */
size_t play_receive(const PlayReceiver *receiver, void *packet, size_t size, uint16_t *from);

/* A port at which nobody listens. */
uint16_t play_closed_port(void);

/* Sound is section 0, pictures are section 1. */
#define OFFER_HEAD                                                                                 \
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"                                          \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\n"                        \
    "a=rtpmap:111 opus/48000/2\r\n"
#define OFFER_SOUND OFFER_HEAD
#define OFFER_BOTH                                                                                 \
    OFFER_HEAD                                                                                     \
    "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\n"                        \
    "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 nack pli\r\n"                                        \
    "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n"

/* The same tracks, but what is lost is sent again. */
#define OFFER_NACK OFFER_BOTH "a=rtcp-fb:102 nack\r\n"

/* Pictures in layers of these rids, which header extension 10 names. */
#define OFFER_RID(rid) "a=rid:" rid " send\r\n"
#define OFFER_IN_LAYERS(rids)                                                                      \
    OFFER_BOTH                                                                                     \
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"                                           \
    "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" rids
#define OFFER_LAYERS OFFER_IN_LAYERS(OFFER_RID("high") OFFER_RID("mid") OFFER_RID("low"))
#define OFFER_TWO    OFFER_IN_LAYERS(OFFER_RID("high") OFFER_RID("low"))

/* An RTP packet; an empty receiver report, a sender report and a PLI. */
#define RTP_PACKET  "\x80\x66\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\x41\x42"
#define RTCP_REPORT "\x80\xc9\x00\x01\x00\x00\x00\x01"
#define RTCP_SENDER                                                                                \
    "\x80\xc8\x00\x06\x00\x00\x00\x01\xe0\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00" \
    "\x09\x00\x00\x01"                                                                             \
    "\x00"
#define RTCP_PLI "\x81\xce\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02"

#endif
