/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A request to the control API: method, path, Host, Origin, Authorization and body, with NULs
 * between, the first three at least. The streams behind it are those of this file, so that nothing
 * is opened. */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/control/control_handler.h"
#include "hls-bridge/transcode/named_ladders.h"

#define TOKEN "0123456789abcdef"

/* ---- a table of streams that only says what it was asked ---- */

static unsigned asked; /* how often, in this input; what it answers follows from that */
static bool changed;

PublishResult stream_table_publish(StreamTable *table, const char *name, const SourceSdp *sdp,
                                   bool fixed_ports, uint16_t *ports, uint16_t *failed_port)
{
    (void)table;
    REQUIRE(stream_name_valid(name) && !fixed_ports);
    REQUIRE(sdp->count > 0 && sdp->count <= STREAM_TRACKS_MAX);
    for (size_t i = 0; i < sdp->count; i++)
        ports[i] = (uint16_t)(40000 + i);
    changed = true;
    errno = EMFILE;
    *failed_port = (uint16_t)(strlen(name) % 2 * 40000);
    return (PublishResult)(strlen(name) % (PUBLISH_FAILED + 1));
}

int stream_table_unpublish(StreamTable *table, const char *name)
{
    (void)table;
    REQUIRE(stream_name_valid(name));
    changed = true;
    return strlen(name) % 2 ? 0 : -1;
}

int stream_table_kick(StreamTable *table, const char *name)
{
    return stream_table_unpublish(table, name);
}

static void describe(StreamStatus *out, const char *name)
{
    static StreamStatus status;

    status.bitrate = -1;
    status.has_source = strlen(name) % 2;
    snprintf(status.name, sizeof(status.name), "%s", name);
    snprintf(status.title, sizeof(status.title), "\xff%s", name);
    *out = status;
}

bool stream_table_status(StreamTable *table, const char *name, StreamStatus *out)
{
    (void)table;
    REQUIRE(stream_name_valid(name));
    asked++;
    describe(out, name);
    return strlen(name) % 2;
}

static bool troubled;

bool stream_table_has_class(const StreamTable *table)
{
    (void)table;
    return true;
}

ClassResult stream_table_look(StreamTable *table, const char *name, StreamStatus *out)
{
    (void)table;
    REQUIRE(stream_name_valid(name));
    asked++;
    describe(out, name);
    out->source.media.tracks = strlen(name) % (STREAM_TRACKS_MAX + 1);
    return (ClassResult)(strlen(name) % (CLASS_TOO_OFTEN + 1));
}

ClassResult stream_table_trouble(StreamTable *table, const char *name, const TroubleOrder *order)
{
    (void)table;
    REQUIRE(stream_name_valid(name));
    REQUIRE(order->lose_percent <= TROUBLE_PERCENT_MAX);
    REQUIRE(order->lose_percent > 0 || order->holds_back);
    REQUIRE(order->for_us > 0 && order->for_us <= TROUBLE_SECONDS_MAX * US_PER_S);
    troubled = true;
    return (ClassResult)(strlen(name) % (CLASS_TOO_OFTEN + 1));
}

StreamStatus *stream_table_list(StreamTable *table, size_t *count)
{
    StreamStatus *list = calloc(1, sizeof(*list));

    (void)table;
    asked++;
    *count = list ? 1 : 0;
    if (list)
        describe(list, "one");
    return list;
}

StreamLoad stream_table_load(StreamTable *table)
{
    (void)table;
    return (StreamLoad){.streams = 1};
}

LlHubStats stream_table_requests(const StreamTable *table)
{
    (void)table;
    return (LlHubStats){0};
}

EventStats stream_table_events(const StreamTable *table)
{
    (void)table;
    return (EventStats){.emitted = 1, .sinks = 1, .sink = {{.name = "file"}}};
}

/* ---- the request ---- */

/* Takes what stands before the next NUL; NULL where there is no more. */
static const char *take(const char **rest, size_t *left)
{
    const char *text = *rest, *end = *left ? memchr(*rest, '\0', *left) : NULL;

    if (!end)
        return NULL;
    *left -= (size_t)(end + 1 - text);
    *rest = end + 1;
    return text;
}

/* Takes the arguments off a path, as the server does: "lose=VALUE", "hold=VALUE" and
 * "seconds=VALUE" behind a '?', with '&' between. `path` is changed. */
static void take_arguments(char *path, ControlRequest *r)
{
    char *query = strchr(path, '?'), *state = NULL;

    if (!query)
        return;
    *query++ = '\0';
    for (char *each = strtok_r(query, "&", &state); each; each = strtok_r(NULL, "&", &state)) {
        if (strncmp(each, "lose=", 5) == 0)
            r->lose = each + 5;
        else if (strncmp(each, "hold=", 5) == 0)
            r->hold = each + 5;
        else if (strncmp(each, "seconds=", 8) == 0)
            r->seconds = each + 8;
    }
}

/* What is refused says so, and does nothing. */
static void check_refusal(const ControlRequest *r, const ControlAnswer *a)
{
    json_t *problem = json_loadb(a->text, a->len, 0, NULL);

    REQUIRE(strcmp(a->type, "application/problem+json") == 0);
    REQUIRE(problem && json_integer_value(json_object_get(problem, "status")) == a->status);
    REQUIRE(json_string_length(json_object_get(problem, "detail")) > 0);
    json_decref(problem);
    REQUIRE(a->location[0] == '\0');
    if (a->status == 401)
        REQUIRE(!asked && !changed && !troubled);
    REQUIRE(a->status != 405 || strcmp(r->method, "GET") != 0);
}

static void check_answer(const ControlAccess *access, const ControlRequest *r,
                         const ControlAnswer *a)
{
    bool shown = r->head.authorization && strlen(r->head.authorization) >= 7 &&
                 strcmp(r->head.authorization + 7, TOKEN) == 0;

    REQUIRE(a->status >= 200 && a->status < 600 && a->type);
    REQUIRE(a->text ? a->len == strlen(a->text) : a->len == 0);
    if (a->status >= 400)
        check_refusal(r, a);
    if (changed || asked || troubled) {
        REQUIRE(r->head.host && (!r->head.origin || access->origins[0]));
        REQUIRE(!access->token[0] || shown);
    }
    REQUIRE(!changed || strcmp(r->method, "PUT") == 0 || strcmp(r->method, "DELETE") == 0);
    REQUIRE(!troubled || strcmp(r->method, "POST") == 0);
}

static void ask(const ControlAccess *access, const ControlRequest *request)
{
    ControlAnswer answer = {0};

    asked = 0;
    changed = troubled = false;
    if (control_handler_answer(NULL, access, request, &answer))
        check_answer(access, request, &answer);
    free(answer.text);
}

static int try_input(const uint8_t *data, size_t size)
{
    const ControlAccess open = {.hosts = "bridge.example", .origins = "https://admin.example"};
    const ControlAccess closed = {.token = TOKEN};
    const char *rest = (const char *)data;
    ControlRequest r = {.method = take(&rest, &size)};

    const char *whole = take(&rest, &size);
    if (!whole)
        return 0;
    char *path = strdup(whole);
    REQUIRE(path);
    take_arguments(path, &r);
    r.path = path;
    r.head.host = take(&rest, &size);
    if (!r.head.host) {
        free(path);
        return 0;
    }
    r.head.origin = take(&rest, &size);
    r.head.authorization = take(&rest, &size);
    if (r.head.origin && !*r.head.origin)
        r.head.origin = NULL;
    r.body = size ? rest : NULL;
    r.body_len = size;
    r.too_long = size > SDP_MAX_BYTES;
    ask(&open, &r);
    ask(&closed, &r);
    free(path);
    return 0;
}

FUZZ_TARGET(control_api, try_input);
