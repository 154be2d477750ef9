/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/serve/ll_request.h"

/* The input is what comes on a connection. What is found of it lies within it, and what is read
 * whole is the same however much comes behind. */
static int try_input(const uint8_t *data, size_t size)
{
    HttpRequest http, again;
    LlRequest request = {0};
    LlReply reply = {0};
    char *text = malloc(size + 1);

    REQUIRE(text);
    if (size > 0)
        memcpy(text, data, size);
    HttpRequestState state = http_request_read(text, size, &http);
    if (state == HTTP_REQUEST_WHOLE) {
        REQUIRE(http.len <= size && http.path >= text && *http.path == '/');
        REQUIRE(http.path + http.path_len <= text + http.len);
        REQUIRE(http.query_len == 0 || http.query + http.query_len <= text + http.len);
        REQUIRE(http_request_read(text, http.len, &again) == HTTP_REQUEST_WHOLE);
        REQUIRE(again.len == http.len && again.accepts_gzip == http.accepts_gzip);
        REQUIRE(http_request_read(text, http.len - 1, &again) == HTTP_REQUEST_PART);
        if (ll_request_read(&request, &http, &reply)) {
            REQUIRE(stream_name_valid(request.stream) && !strchr(request.file, '/'));
            REQUIRE(request.directives.msn >= -1 && request.directives.part >= -1);
            REQUIRE(!request.is_list ||
                    strncmp(request.file, request.list, strlen(request.list)) == 0);
            REQUIRE(!request.is_list || request.file[strlen(request.list)] == '.');
        } else {
            REQUIRE(reply.status >= 400 && reply.len == strlen(reply.body));
        }
    }
    ll_reply_end(&reply);
    free(text);
    return 0;
}

FUZZ_TARGET(ll_request, try_input);
