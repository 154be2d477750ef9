/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/control_handler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "control/class_calls.h"
#include "control/status_json.h"
#include "stream/own_ladder.h"

#define STREAMS     "/streams"
#define DETAIL_SIZE 320

/* ---- publishers ---- */

static bool refuse_publisher(ControlAnswer *out, PublishResult result, const char *name,
                             uint16_t failed_port)
{
    char detail[DETAIL_SIZE];
    int error = errno;

    if (result == PUBLISH_LIMIT)
        return control_refuse(out, CONFLICT,
                              "there are as many live streams as this bridge takes (sources.max)");
    if (result == PUBLISH_NO_ROOM)
        return control_refuse(out, CONFLICT,
                              "the live streams leave no room for another (sources.bandwidth)");
    if (result == PUBLISH_CROWDED)
        return control_refuse(
            out, CONFLICT,
            "there are too many streams that publishers have left, and room is being made; "
            "try again in a moment (sources.held, sources.ended)");
    if (result == PUBLISH_BARRED)
        return control_refuse(out, FORBIDDEN,
                              "the stream has sent far more than one may (sources.bitrate)");
    if (failed_port)
        snprintf(detail, sizeof(detail), "UDP port %u cannot be opened: %s", failed_port,
                 strerror(error));
    else
        snprintf(detail, sizeof(detail), "the stream cannot be opened: %s", strerror(error));
    log_error("%s: %s", name, detail);
    return control_refuse(out, UNAVAILABLE, detail);
}

static bool announce(StreamTable *table, const char *name, const SourceSdp *sdp, ControlAnswer *out)
{
    uint16_t ports[STREAM_TRACKS_MAX], failed_port;
    char *text = malloc(SOURCE_ANSWER_SIZE);

    if (!text)
        return false;
    PublishResult result = stream_table_publish(table, name, sdp, false, ports, &failed_port);
    if (result != PUBLISH_CREATED && result != PUBLISH_REPLACED) {
        int error = errno;
        free(text);
        errno = error;
        return refuse_publisher(out, result, name, failed_port);
    }
    source_sdp_answer(sdp, "127.0.0.1", ports, text);
    control_answer(out, result == PUBLISH_CREATED ? CREATED : OK, "application/sdp", text);
    snprintf(out->location, sizeof(out->location), STREAMS "/%s", name);
    return true;
}

static bool put_stream(StreamTable *table, const char *name, const ControlRequest *request,
                       ControlAnswer *out)
{
    if (request->too_long)
        return control_refuse(out, BAD_REQUEST, "the body is longer than 64 KiB");
    SourceSdp *sdp = malloc(sizeof(*sdp));
    if (!sdp)
        return false;
    const char *wrong = source_sdp_read(request->body ? request->body : "", request->body_len, sdp);
    char error[DETAIL_SIZE];
    if (!wrong && !own_ladder_check(sdp, error, sizeof(error)))
        wrong = error;
    bool good = wrong ? control_refuse(out, BAD_REQUEST, wrong) : announce(table, name, sdp, out);
    free(sdp);
    return good;
}

static bool delete_stream(StreamTable *table, const char *name, const ControlRequest *request,
                          ControlAnswer *out)
{
    bool kicked = request->reason && strcmp(request->reason, "kicked") == 0;

    if ((kicked ? stream_table_kick(table, name) : stream_table_unpublish(table, name)) < 0)
        return control_refuse(out, NOT_FOUND, "nobody publishes under this name");
    *out = (ControlAnswer){.status = NO_CONTENT, .type = "text/plain"};
    return true;
}

/* ---- status ---- */

static bool get_stream(StreamTable *table, const char *name, ControlAnswer *out)
{
    StreamStatus *status = malloc(sizeof(*status));

    if (!status)
        return false;
    bool good = stream_table_status(table, name, status)
                    ? control_answer_json(out, OK, "application/json", status_json(status))
                    : control_refuse(out, NOT_FOUND, "there is no such stream");
    free(status);
    return good;
}

static bool get_streams(StreamTable *table, ControlAnswer *out)
{
    size_t count;
    StreamStatus *list = stream_table_list(table, &count);
    json_t *streams = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(streams, status_json(&list[i]));
    free(list);
    StreamLoad load = stream_table_load(table);
    EventStats events = stream_table_events(table);
    return control_answer_json(out, OK, "application/json",
                               json_pack("{s:o, s:o*, s:o, s:o}", "load", load_json(&load),
                                         "process", process_json(), "events", events_json(&events),
                                         "streams", streams));
}

static bool get_metrics(StreamTable *table, const PlaybackStats *playback, ControlAnswer *out)
{
    size_t count;
    StreamStatus *list = stream_table_list(table, &count);
    LlHubStats requests = stream_table_requests(table);
    StreamLoad load = stream_table_load(table);
    EventStats events = stream_table_events(table);
    char *text = status_metrics(&(StatusMetrics){list, count, &load, &requests, &events, playback});

    free(list);
    return control_answer(out, OK, "text/plain; version=0.0.4", text);
}

/* ---- requests ---- */

static bool handle_stream(StreamTable *table, const char *name, const ControlRequest *request,
                          ControlAnswer *out)
{
    bool good;

    if (class_calls_answer(table, name, request, out, &good))
        return good;
    if (!stream_name_valid(name))
        return control_refuse(out, BAD_REQUEST, STREAM_NAME_RULE);
    if (strcmp(request->method, "PUT") == 0)
        return put_stream(table, name, request, out);
    if (strcmp(request->method, "DELETE") == 0)
        return delete_stream(table, name, request, out);
    if (strcmp(request->method, "GET") == 0)
        return get_stream(table, name, out);
    return control_refuse(out, METHOD_NOT_ALLOWED, "a stream takes GET, PUT and DELETE");
}

bool control_handler_refuse(const ControlAccess *access, const ControlRequest *request,
                            ControlAnswer *out)
{
    ControlVerdict verdict = control_access_check(access, &request->head, request->path);

    if (verdict == CONTROL_ALLOWED)
        return false;
    control_refuse(out, verdict == CONTROL_NO_TOKEN ? UNAUTHORIZED : FORBIDDEN,
                   control_access_reason(verdict));
    return true;
}

bool control_handler_answer(StreamTable *table, const ControlAccess *access,
                            const ControlRequest *request, ControlAnswer *out)
{
    const char *path = request->path;
    size_t len = strlen(STREAMS "/");

    if (control_handler_refuse(access, request, out))
        return out->text;
    if (strncmp(path, STREAMS "/", len) == 0)
        return handle_stream(table, path + len, request, out);
    if (strcmp(request->method, "GET") != 0)
        return control_refuse(out, METHOD_NOT_ALLOWED, "this takes GET alone");
    if (strcmp(path, STREAMS) == 0)
        return get_streams(table, out);
    if (strcmp(path, "/metrics") == 0)
        return get_metrics(table, request->playback, out);
    if (strcmp(path, "/healthz") == 0)
        return control_answer(out, OK, "text/plain", strdup("ok\n"));
    return control_refuse(out, NOT_FOUND,
                          "there are /streams, /streams/NAME, /metrics and /healthz");
}
