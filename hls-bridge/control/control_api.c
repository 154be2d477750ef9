/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/control_api.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "control/control_handler.h"
#include "control/control_listener.h"
#include "serve/ll_listener.h"

#define CONNECTIONS_MAX 256
#define IDLE_TIMEOUT_S  5u /* of a client that is stuck; others are on this machine, and quick */

struct ControlApi {
    StreamTable *table;
    PlaybackGate *playback; /* NULL: nobody is asked about viewers */
    ControlAccess access;
    char *socket;              /* path to be removed; NULL: none */
    int listener;              /* the daemon's once there is one */
    struct MHD_Daemon *daemon; /* NULL: nobody is answered yet */
};

/* A request whose body is still coming. */
typedef struct Upload {
    char *body;
    size_t len;
    bool too_long;
} Upload;

/* Takes over the text of `answer`. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, const ControlAnswer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->len, answer->text, MHD_RESPMEM_MUST_FREE);

    if (!response) {
        free(answer->text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer->location[0])
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, answer->location);
    if (answer->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
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

static ControlRequest read_head(struct MHD_Connection *connection, const char *method,
                                const char *path)
{
    return (ControlRequest){
        .method = method,
        .path = path,
        .reason = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "reason"),
        .lose = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "lose"),
        .hold = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "hold"),
        .seconds = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "seconds"),
        .head = {
            .host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host"),
            .origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin"),
            .authorization =
                MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"),
        }};
}

/* The head has come: a client that may not ask need not send the body. */
static enum MHD_Result begin(const ControlApi *api, struct MHD_Connection *connection,
                             const ControlRequest *request, void **state)
{
    ControlAnswer refusal;

    if (control_handler_refuse(&api->access, request, &refusal))
        return refusal.text ? send_answer(connection, &refusal) : MHD_NO;
    *state = calloc(1, sizeof(Upload));
    return *state ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    const ControlApi *api = cls;
    Upload *upload = *state;
    ControlRequest request = read_head(connection, method, url);
    ControlAnswer answer;
    PlaybackStats playback;

    (void)version;
    if (!upload)
        return begin(api, connection, &request, state);
    if (*data_len > 0) {
        collect(upload, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    }
    request.body = upload->body;
    request.body_len = upload->len;
    request.too_long = upload->too_long;
    if (api->playback) {
        playback = playback_gate_stats(api->playback);
        request.playback = &playback;
    }
    return control_handler_answer(api->table, &api->access, &request, &answer)
               ? send_answer(connection, &answer)
               : MHD_NO;
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

ControlApi *control_api_create(const ControlApiParams *params)
{
    ControlApi *api = calloc(1, sizeof(*api));

    if (!api)
        return NULL;
    api->table = params->table;
    api->playback = params->playback;
    api->access = params->access;
    api->listener = *params->socket ? control_listener_unix(params->socket)
                                    : ll_listener_tcp(params->address, params->port);
    if (api->listener >= 0 && *params->socket)
        api->socket = strdup(params->socket);
    if (api->listener >= 0)
        return api;
    int error = errno;
    free(api);
    errno = error;
    return NULL;
}

int control_api_serve(ControlApi *api)
{
    errno = 0;
    api->daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        on_request, api, MHD_OPTION_EXTERNAL_LOGGER, log_debug_of, "control API",
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_LISTEN_SOCKET, api->listener,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
        MHD_OPTION_END);
    errno = errno ? errno : ENOMEM;
    return api->daemon ? 0 : -1;
}

void control_api_destroy(ControlApi **api)
{
    ControlApi *a = *api;

    if (!a)
        return;
    if (a->daemon)
        MHD_stop_daemon(a->daemon);
    else
        close(a->listener);
    if (a->socket)
        unlink(a->socket);
    free(a->socket);
    free(a);
    *api = NULL;
}
