/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugin_play.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fibers.h"
#include "stub_bridge.h"

typedef struct Play {
    const char *settings, *streams;
    void (*act)(void);
} Play;

static void run_play(void *data)
{
    const Play *play = data;

    stub_keep_events(true);
    stub_plis = stub_rembs = stub_notified = stub_logged = 0;
    fibers_require(stub_start_streams(play->settings, play->streams) == 0);
    play->act();
    stub_stop();
    stub_gathering = NULL;
    stub_keep_events(false);
}

void play_streams(const char *settings, const char *streams, void (*act)(void))
{
    fibers_run(1, run_play, &(Play){settings, streams, act});
}

void play_ask(StubHandle *handle, const char *body, const char *offer)
{
    json_t *reply = stub_send(handle, body, offer);

    fibers_require(!reply);
    fibers_settle();
}

json_t *play_question(StubHandle *handle, const char *body)
{
    json_t *reply = stub_send(handle, body, NULL);

    fibers_require(reply);
    return reply;
}

void play_leave(StubHandle *handle)
{
    stub_detach(handle);
    fibers_settle();
    stub_bridge_release();
    fibers_require(handle->freed);
    stub_free(handle);
}

StubHandle *play_prepare(const char *publish)
{
    StubHandle *handle = stub_attach();

    play_ask(handle, publish, OFFER_BOTH);
    fibers_require(handle->answers == 1);
    return handle;
}

StubHandle *play_live(const char *publish)
{
    StubHandle *handle = play_prepare(publish);

    stub_setup(handle);
    fibers_settle();
    return handle;
}

int64_t play_number(StubHandle *handle, const char *path)
{
    json_t *info = stub_query(handle);
    const json_t *at = info;
    char step[32];

    for (int len; *path; path += len + (path[len] == '.')) {
        len = (int)strcspn(path, ".");
        fibers_require((size_t)len < sizeof(step));
        snprintf(step, sizeof(step), "%.*s", len, path);
        at = json_is_array(at) ? json_array_get(at, strtoul(step, NULL, 10))
                               : json_object_get(at, step);
    }
    int64_t number = (int64_t)json_number_value(at);
    json_decref(info);
    return number;
}

bool play_says(const json_t *event, const char *field, const char *text)
{
    const char *value = json_string_value(json_object_get(event, field));

    if (value && strcmp(value, text) == 0)
        return true;
    fprintf(stderr, "%s is \"%s\", not \"%s\"\n", field, value ? value : "(not there)", text);
    return false;
}

void play_require_ended(const StubHandle *handle, const char *code)
{
    const json_t *event = stub_last_event(handle, "unpublished");

    fibers_require(stub_count_events(handle, "unpublished") == 1);
    fibers_require(play_says(event, "code", code) && play_says(event, "stream", "shop"));
    fibers_require(json_string_value(json_object_get(event, "reason")));
}

void play_require_state(StubHandle *handle, const char *state)
{
    json_t *info = stub_query(handle);

    fibers_require(play_says(info, "state", state));
    json_decref(info);
}

int play_try(StubHandle *handle, const char *body)
{
    handle->last_error = 0;
    play_ask(handle, body, strstr(body, "publish") ? OFFER_BOTH : NULL);
    if (handle->close_pc)
        stub_hangup(handle);
    return handle->last_error;
}

int play_try_once(const char *body)
{
    StubHandle *handle = stub_attach();
    int error = play_try(handle, body);

    play_leave(handle);
    return error;
}

json_int_t play_figure(const char *group, const char *name)
{
    json_t *reply = stub_admin("{\"request\":\"list\"}");
    const json_t *value = json_object_get(json_object_get(reply, group), name);
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value))
        fprintf(stderr, "there is no %s.%s\n", group, name);
    fibers_require(json_is_integer(value));
    json_decref(reply);
    return number;
}

PlayReceiver play_receiver(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    fibers_require(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
                   getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    return (PlayReceiver){fd, ntohs(address.sin_port)};
}

size_t play_receive(const PlayReceiver *receiver, void *packet, size_t size, uint16_t *from)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof(address);
    ssize_t n = recvfrom(receiver->fd, packet, size, 0, (struct sockaddr *)&address, &len);

    if (from)
        *from = ntohs(address.sin_port);
    return n > 0 ? (size_t)n : 0;
}

uint16_t play_closed_port(void)
{
    PlayReceiver receiver = play_receiver();

    close(receiver.fd);
    return receiver.port;
}
