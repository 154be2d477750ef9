/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plugin's requests and the state of its sessions: the input is a seed for whose turn it is,
 * and then what clients, Janus and the bridge do, one after the other, with bodies, offers and
 * packets of any bytes. */

#include <string.h>

#include "fuzz.h"

#include "tests/plugin/fibers.h"
#include "tests/plugin/plugin_play.h"
#include "tests/plugin/plugin_rules.h"
#include "tests/plugin/stub_bridge.h"

#define HANDLES   3
#define TEXT_SIZE 1024
#define ACTS_MAX  64 /* of one input */

typedef struct Input {
    const uint8_t *at;
    size_t left;
} Input;

static StubHandle *handles[HANDLES];

static unsigned next(Input *input, unsigned below)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++ % below;
}

/* Copies a string of up to 255 bytes, its length in front, and adds it to `text`. */
static size_t next_text(Input *input, const char *head, char *text)
{
    size_t len = next(input, 256), head_len = strlen(head);

    if (len > input->left)
        len = input->left;
    memcpy(text, head, head_len);
    memcpy(text + head_len, input->at, len);
    text[head_len + len] = '\0';
    input->at += len;
    input->left -= len;
    return head_len + len;
}

static const char *const bodies[] = {
    "{\"request\":\"publish\",\"stream\":\"a\",\"key\":\"a long key\"}",
    "{\"request\":\"publish\",\"stream\":\"a\",\"key\":\"another key\"}",
    "{\"request\":\"publish\",\"stream\":\"b\",\"title\":\"t\",\"bitrate\":100000}",
    "{\"request\":\"configure\",\"bitrate\":100000,\"video\":false}",
    "{\"request\":\"configure\",\"video\":true,\"keyframe\":true}",
    "{\"request\":\"unpublish\"}",
    "{\"request\":\"report\",\"round_trip_ms\":12}",
    "{\"request\":\"list\"}",
    "{\"request\":\"info\",\"stream\":\"a\"}",
};

/* The head of a packet that names its layer, with no byte 0. */
#define LAYER_PACKET "\x90\x66\1\1\1\1\1\1\1\1\1"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const offers[] = {OFFER_BOTH, OFFER_SOUND, OFFER_LAYERS, OFFER_TWO};

/* Janus hands on objects alone. */
static void send_body(StubHandle *handle, const char *body, const char *offer)
{
    json_t *message = json_loads(body, 0, NULL);

    if (json_is_object(message))
        json_decref(stub_send(handle, body, offer));
    json_decref(message);
}

static void send_any(StubHandle *handle, Input *input)
{
    char body[TEXT_SIZE], offer[TEXT_SIZE];

    switch (next(input, 4)) {
    case 0: /* an offer of any bytes */
        next_text(input, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", offer);
        send_body(handle, bodies[next(input, 3)], offer);
        return;
    case 1: /* a body of any bytes */
        next_text(input, "{\"request\":", body);
        send_body(handle, body, next(input, 2) ? OFFER_BOTH : NULL);
        return;
    case 2:
        send_body(handle, bodies[next(input, 3)], offers[next(input, COUNT(offers))]);
        return;
    default:
        send_body(handle, bodies[next(input, COUNT(bodies))], next(input, 4) ? NULL : OFFER_BOTH);
    }
}

static void ask_as_operator(Input *input)
{
    char body[TEXT_SIZE];

    next_text(input, "{\"request\":", body);
    json_t *message = json_loads(body, 0, NULL);
    if (message)
        json_decref(stub_admin(body));
    json_decref(message);
}

/* What Janus does with a handle. */
static void act_on_handle(StubHandle *handle, unsigned act, Input *input)
{
    char packet[TEXT_SIZE];

    if (act < 4)
        send_any(handle, input);
    else if (act == 4)
        stub_setup(handle);
    else if (act == 5)
        stub_rtp(handle, (int)next(input, 3), packet,
                 next_text(input, next(input, 2) ? LAYER_PACKET : "\x80", packet));
    else if (act == 6)
        stub_rtcp(handle, (int)next(input, 3), packet, next_text(input, "\x80\xc9", packet));
    else if (act == 7)
        stub_slow_link(handle);
    else if (act == 8)
        stub_hangup(handle);
    else if (act == 9)
        stub_detach(handle);
    else
        json_decref(stub_query(handle));
    if (handle->close_pc)
        stub_hangup(handle);
}

static void act(Input *input)
{
    unsigned what = next(input, 18), which = next(input, HANDLES);

    switch (what) {
    case 11:
        stub_bridge_accept(which, (uint16_t)(20000 + which));
        break;
    case 12:
        stub_bridge_refuse(which);
        break;
    case 13:
        stub_bridge_lose(which);
        break;
    case 14:
        stub_bridge_regain(which);
        break;
    case 15:
        stub_bridge_release();
        break;
    case 16:
        ask_as_operator(input);
        break;
    case 17:
        fibers_settle();
        plugin_check_ports(handles, HANDLES);
        break;
    default:
        act_on_handle(handles[which], what, input);
    }
}

static void run_input(void *data)
{
    Input *input = data;

    REQUIRE(stub_start("open = true; tries = 1000; workers = 2; requests = 5;") == 0);
    stub_has_handlers = next(input, 2) == 0;
    fibers_set_ticks(next(input, 8));
    for (int i = 0; i < HANDLES; i++)
        handles[i] = stub_attach();
    for (int i = 0; i < ACTS_MAX && input->left > 0; i++)
        act(input);
    fibers_settle();
    plugin_check_ports(handles, HANDLES);
    for (int i = 0; i < HANDLES; i++)
        stub_detach(handles[i]);
    fibers_settle();
    plugin_check_nothing_is_left();
    for (int i = 0; i < HANDLES; i++)
        stub_free(handles[i]);
    stub_stop();
}

static int try_input(const uint8_t *data, size_t size)
{
    Input input = {data, size};
    uint64_t seed = next(&input, 256);

    stub_pause = fibers_yield;
    fibers_run(seed + 1, run_input, &input);
    return 0;
}

FUZZ_TARGET(plugin_session, try_input);
