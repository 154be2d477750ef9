/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control_api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_log.h"
#include "status_json.h"

#define STREAMS         "/streams"
#define CONNECTIONS_MAX 256
#define IDLE_TIMEOUT_S  5u /* of a client that is stuck; others are on this machine, and quick */
#define DETAIL_SIZE     320

struct ControlApi {
    StreamTable *table;
    struct MHD_Daemon *daemon;
};

/* A request whose body is still coming. */
typedef struct Upload {
    char *body;
    size_t len;
    bool too_long;
} Upload;

/* ---- answers ---- */

/* Takes over `text`, which was malloc()ed. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              char *text, size_t len, const char *location)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);

    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (location)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Takes over `object`. */
static enum MHD_Result answer_json(struct MHD_Connection *connection, unsigned status,
                                   const char *type, json_t *object)
{
    char *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(13));

    json_decref(object);
    return text ? answer(connection, status, type, text, strlen(text), NULL) : MHD_NO;
}

/* problem+json, RFC 9457. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status,
                              const char *detail)
{
    json_t *problem =
        json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title",
                  MHD_get_reason_phrase_for(status), "status", (int)status, "detail", detail);

    return answer_json(connection, status, "application/problem+json", problem);
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, const char *type,
                                   const char *text)
{
    char *copy = strdup(text);

    return copy ? answer(connection, MHD_HTTP_OK, type, copy, strlen(copy), NULL) : MHD_NO;
}

/* ---- publishers ---- */

static enum MHD_Result refuse_publisher(struct MHD_Connection *connection, PublishResult result,
                                        const char *name, uint16_t failed_port)
{
    char detail[DETAIL_SIZE];
    int error = errno;

    if (result == PUBLISH_LIMIT)
        return refuse(connection, MHD_HTTP_CONFLICT,
                      "there are as many live streams as this bridge takes (sources.max)");
    if (result == PUBLISH_NO_ROOM)
        return refuse(connection, MHD_HTTP_CONFLICT,
                      "the live streams leave no room for another (sources.bandwidth)");
    if (result == PUBLISH_CROWDED)
        return refuse(
            connection, MHD_HTTP_CONFLICT,
            "there are too many streams that publishers have left, and room is being made; "
            "try again in a moment (sources.held, sources.ended)");
    if (result == PUBLISH_BARRED)
        return refuse(connection, MHD_HTTP_FORBIDDEN,
                      "the stream has sent far more than one may (sources.bitrate)");
    if (failed_port)
        snprintf(detail, sizeof(detail), "UDP port %u cannot be opened: %s", failed_port,
                 strerror(error));
    else
        snprintf(detail, sizeof(detail), "the stream cannot be opened: %s", strerror(error));
    log_error("%s: %s", name, detail);
    return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, detail);
}

static enum MHD_Result put_stream(const ControlApi *api, struct MHD_Connection *connection,
                                  const char *name, const Upload *upload)
{
    char location[STREAM_NAME_MAX + sizeof(STREAMS) + 1];
    uint16_t ports[STREAM_TRACKS_MAX], failed_port;
    SourceSdp *sdp = malloc(sizeof(*sdp));
    char *text = malloc(SOURCE_ANSWER_SIZE);
    enum MHD_Result status;

    if (!sdp || !text) {
        free(sdp);
        free(text);
        return MHD_NO;
    }
    const char *wrong = upload->too_long
                            ? "the body is longer than 64 KiB"
                            : source_sdp_read(upload->body ? upload->body : "", upload->len, sdp);
    if (wrong) {
        status = refuse(connection, MHD_HTTP_BAD_REQUEST, wrong);
        goto done;
    }
    PublishResult result = stream_table_publish(api->table, name, sdp, false, ports, &failed_port);
    if (result != PUBLISH_CREATED && result != PUBLISH_REPLACED) {
        status = refuse_publisher(connection, result, name, failed_port);
        goto done;
    }
    size_t len = source_sdp_answer(sdp, "127.0.0.1", ports, text);
    snprintf(location, sizeof(location), STREAMS "/%s", name);
    status = answer(connection, result == PUBLISH_CREATED ? MHD_HTTP_CREATED : MHD_HTTP_OK,
                    "application/sdp", text, len, location);
    text = NULL;
done:
    free(sdp);
    free(text);
    return status;
}

static enum MHD_Result delete_stream(const ControlApi *api, struct MHD_Connection *connection,
                                     const char *name)
{
    if (stream_table_unpublish(api->table, name) < 0)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "nobody publishes under this name");
    return answer(connection, MHD_HTTP_NO_CONTENT, "text/plain", NULL, 0, NULL);
}

/* ---- status ---- */

static enum MHD_Result get_stream(const ControlApi *api, struct MHD_Connection *connection,
                                  const char *name)
{
    StreamStatus status;

    if (!stream_table_status(api->table, name, &status))
        return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such stream");
    return answer_json(connection, MHD_HTTP_OK, "application/json", status_json(&status));
}

static enum MHD_Result get_streams(const ControlApi *api, struct MHD_Connection *connection)
{
    size_t count;
    StreamStatus *list = stream_table_list(api->table, &count);
    json_t *streams = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(streams, status_json(&list[i]));
    free(list);
    StreamLoad load = stream_table_load(api->table);
    return answer_json(connection, MHD_HTTP_OK, "application/json",
                       json_pack("{s:o, s:o*, s:o}", "load", load_json(&load), "process",
                                 process_json(), "streams", streams));
}

static enum MHD_Result get_metrics(const ControlApi *api, struct MHD_Connection *connection)
{
    size_t count;
    StreamStatus *list = stream_table_list(api->table, &count);
    LlHubStats requests = stream_table_requests(api->table);
    StreamLoad load = stream_table_load(api->table);
    char *text = status_metrics(list, count, &load, &requests);

    free(list);
    return text ? answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4", text, strlen(text),
                         NULL)
                : MHD_NO;
}

/* ---- requests ---- */

/* The stream's name in "/streams/NAME", or NULL. */
static const char *name_in(const char *url)
{
    size_t len = strlen(STREAMS);

    return strncmp(url, STREAMS "/", len + 1) == 0 ? url + len + 1 : NULL;
}

static enum MHD_Result handle_stream(const ControlApi *api, struct MHD_Connection *connection,
                                     const char *method, const char *name, const Upload *upload)
{
    if (!stream_name_valid(name))
        return refuse(connection, MHD_HTTP_BAD_REQUEST, STREAM_NAME_RULE);
    if (strcmp(method, MHD_HTTP_METHOD_PUT) == 0)
        return put_stream(api, connection, name, upload);
    if (strcmp(method, MHD_HTTP_METHOD_DELETE) == 0)
        return delete_stream(api, connection, name);
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0)
        return get_stream(api, connection, name);
    return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "a stream takes GET, PUT and DELETE");
}

static enum MHD_Result handle(const ControlApi *api, struct MHD_Connection *connection,
                              const char *url, const char *method, const Upload *upload)
{
    const char *name = name_in(url);

    if (name)
        return handle_stream(api, connection, method, name, upload);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "this takes GET alone");
    if (strcmp(url, STREAMS) == 0)
        return get_streams(api, connection);
    if (strcmp(url, "/metrics") == 0)
        return get_metrics(api, connection);
    if (strcmp(url, "/healthz") == 0)
        return answer_text(connection, "text/plain", "ok\n");
    return refuse(connection, MHD_HTTP_NOT_FOUND,
                  "there are /streams, /streams/NAME, /metrics and /healthz");
}

static void collect(Upload *upload, const char *data, size_t len)
{
    if (upload->len + len > SDP_MAX_BYTES) {
        upload->too_long = true;
        return;
    }
    char *grown = realloc(upload->body, upload->len + len);
    if (!grown) {
        upload->too_long = true;
        return;
    }
    memcpy(grown + upload->len, data, len);
    upload->body = grown;
    upload->len += len;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    Upload *upload = *state;

    (void)version;
    if (!upload) { /* the headers have come */
        *state = calloc(1, sizeof(Upload));
        return *state ? MHD_YES : MHD_NO;
    }
    if (*data_len > 0) {
        collect(upload, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    }
    return handle(cls, connection, url, method, upload);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    Upload *upload = *state;

    (void)cls;
    (void)connection;
    (void)code;
    if (upload)
        free(upload->body);
    free(upload);
    *state = NULL;
}

ControlApi *control_api_create(const char *address, uint16_t port, StreamTable *table)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port)};
    ControlApi *api = calloc(1, sizeof(*api));

    if (!api)
        return NULL;
    api->table = table;
    inet_pton(AF_INET, address, &local.sin_addr);
    errno = 0;
    api->daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, port, NULL, NULL,
        on_request, api, MHD_OPTION_EXTERNAL_LOGGER, log_debug_of, "control API",
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&local, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, MHD_OPTION_END);
    if (api->daemon)
        return api;
    free(api);
    errno = errno ? errno : EADDRINUSE;
    return NULL;
}

void control_api_destroy(ControlApi **api)
{
    if (!*api)
        return;
    MHD_stop_daemon((*api)->daemon);
    free(*api);
    *api = NULL;
}
