/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge/bridge_http.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bridge/bridge_registry.h"
#include "core/utf8_trim.h"

#define UNIX       "unix:"
#define CONNECT_MS 3000L /* the bridge is on this machine: the kernel connects at once */
#define ANSWER_MAX 65536 /* bytes of a response that are kept */

void bridge_http_init(BridgeHttp *http, const char *bridge, const char *token)
{
    bool socket = g_str_has_prefix(bridge, UNIX);

    *http = (BridgeHttp){
        .bridge = g_strdup(bridge),
        .url = g_strdup(socket ? "http://localhost" : bridge),
        .socket = socket ? g_strdup(bridge + strlen(UNIX)) : NULL,
        .offer_headers = curl_slist_append(NULL, "Content-Type: application/sdp"),
    };
    http->offer_headers = curl_slist_append(http->offer_headers, "Expect:");
    if (!token)
        return;
    char *header = g_strdup_printf("Authorization: Bearer %s", token);
    http->offer_headers = curl_slist_append(http->offer_headers, header);
    http->headers = curl_slist_append(NULL, header);
    g_free(header);
}

void bridge_http_clear(BridgeHttp *http)
{
    curl_slist_free_all(http->offer_headers);
    curl_slist_free_all(http->headers);
    g_free(http->bridge);
    g_free(http->url);
    g_free(http->socket);
}

static size_t keep_response(char *data, size_t size, size_t count, void *user)
{
    GString *response = user;

    if (response->len + size * count > ANSWER_MAX)
        return 0; /* makes the request fail */
    g_string_append_len(response, data, (gssize)(size * count));
    return size * count;
}

CURL *bridge_http_request(const BridgeHttp *http, const BridgeHttpCall *call, GString *response)
{
    char *url = g_strconcat(http->url, call->path, NULL);
    struct curl_slist *headers = call->offer ? http->offer_headers : http->headers;
    CURL *request = curl_easy_init();

    g_string_truncate(response, 0);
    if (request) {
        curl_easy_setopt(request, CURLOPT_URL, url);
        if (http->socket)
            curl_easy_setopt(request, CURLOPT_UNIX_SOCKET_PATH, http->socket);
        curl_easy_setopt(request, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(request, CURLOPT_NOPROXY, "*"); /* the environment has no say */
        curl_easy_setopt(request, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
        curl_easy_setopt(request, CURLOPT_TIMEOUT_MS, call->timeout_ms);
        curl_easy_setopt(request, CURLOPT_WRITEFUNCTION, keep_response);
        curl_easy_setopt(request, CURLOPT_WRITEDATA, response);
        curl_easy_setopt(request, CURLOPT_HTTPHEADER, headers);
        if (call->offer)
            curl_easy_setopt(request, CURLOPT_COPYPOSTFIELDS, call->offer);
        curl_easy_setopt(request, CURLOPT_CUSTOMREQUEST, call->method);
    }
    g_free(url);
    return request;
}

void bridge_http_problem(const GString *response, long status, char *reason)
{
    json_t *problem = json_loadb(response->str, response->len, 0, NULL);
    const char *detail = json_string_value(json_object_get(problem, "detail"));

    if (detail)
        snprintf(reason, BRIDGE_REASON_SIZE, "the bridge answers: %s", detail);
    else
        snprintf(reason, BRIDGE_REASON_SIZE, "the bridge answers with HTTP status %ld", status);
    utf8_trim(reason);
    json_decref(problem);
}
