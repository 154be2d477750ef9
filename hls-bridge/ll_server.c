/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ll_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge_log.h"
#include "clock.h"
#include "media.h"

#define LIVE              "/live/"
#define NAME_SIZE         64    /* of a file below a stream */
#define CONNECTIONS_MAX   60000 /* nginx's, which come to two for a viewer */
#define CONNECTION_MEMORY 4096u /* bytes; requests are of nginx and short */
#define IDLE_TIMEOUT_S    75u   /* longer than nginx keeps its own */
#define CACHED_TARGETS    6     /* target durations that an answer to a blocking request is kept */

#define PLAYLIST_TYPE "application/vnd.apple.mpegurl"
#define PART_TYPE     "video/mp4"
#define IMMUTABLE     "public, max-age=31536000, immutable"

struct LlServer {
    LlServerParams params;
    struct MHD_Daemon *daemon;
    char cached[48]; /* Cache-Control of what names its part */
};

/* One request, from its first line to its end. */
typedef struct Request {
    LlTicket ticket;
    struct MHD_Connection *connection;
    char stream[STREAM_NAME_MAX + 1];
    char file[NAME_SIZE];
} Request;

static void pause_request(void *user)
{
    MHD_suspend_connection(((Request *)user)->connection);
}

static void wake_request(void *user)
{
    MHD_resume_connection(((Request *)user)->connection);
}

/* ---- answers ---- */

/* Takes over `response`, which may be NULL. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status,
                              struct MHD_Response *response, const char *type, const char *lifetime)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, lifetime);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(why), (void *)(uintptr_t)why, MHD_RESPMEM_PERSISTENT);

    return answer(connection, status, response, "text/plain", "no-store");
}

static enum MHD_Result refuse_for(struct MHD_Connection *connection, LlAnswer why)
{
    if (why == LL_ANSWER_BAD)
        return refuse(connection, MHD_HTTP_BAD_REQUEST, "that is too far ahead\n");
    if (why == LL_ANSWER_TOO_LONG)
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "nothing new has come\n");
    return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such thing\n");
}

static void release_text(void *text)
{
    ll_text_release(text);
}

static enum MHD_Result answer_text(const LlServer *s, Request *r, LlText *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        text->len, text->bytes, release_text, text);

    if (!response)
        ll_text_release(text);
    return answer(r->connection, MHD_HTTP_OK, response, PLAYLIST_TYPE,
                  r->ticket.msn >= 0 ? s->cached : "public, max-age=1");
}

static enum MHD_Result answer_file(const LlServer *s, Request *r)
{
    char path[4096];
    struct stat file;

    if (snprintf(path, sizeof(path), "%s/%s/%s", s->params.directory, r->stream, r->file) >=
        (int)sizeof(path))
        return MHD_NO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return refuse_for(r->connection, LL_ANSWER_NOT_FOUND);
    struct MHD_Response *response = fstat(fd, &file) == 0 && S_ISREG(file.st_mode)
                                        ? MHD_create_response_from_fd((uint64_t)file.st_size, fd)
                                        : NULL;
    if (!response)
        close(fd);
    return answer(r->connection, MHD_HTTP_OK, response, PART_TYPE, IMMUTABLE);
}

/* ---- requests ---- */

/* Splits "/live/NAME/FILE". */
static bool read_path(const char *url, Request *r)
{
    size_t prefix = strlen(LIVE);

    if (strncmp(url, LIVE, prefix) != 0)
        return false;
    const char *name = url + prefix, *slash = strchr(name, '/');
    if (!slash || slash - name > STREAM_NAME_MAX || strlen(slash + 1) >= sizeof(r->file) ||
        strchr(slash + 1, '/'))
        return false;
    memcpy(r->stream, name, (size_t)(slash - name));
    strcpy(r->file, slash + 1);
    return stream_name_valid(r->stream);
}

static const char *argument(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static enum MHD_Result handle_playlist(const LlServer *s, Request *r, LlRendition rendition)
{
    struct MHD_Connection *c = r->connection;
    LlDirectives directives;
    LlText *text = NULL;
    const char *wrong = ll_directives_read(argument(c, "_HLS_msn"), argument(c, "_HLS_part"),
                                           argument(c, "_HLS_skip"), &directives);

    if (wrong)
        return refuse(c, MHD_HTTP_BAD_REQUEST, wrong);
    LlAnswer status = ll_hub_playlist(s->params.hub, r->stream, rendition, &directives,
                                      clock_us(CLOCK_MONOTONIC), &r->ticket, &text);
    if (status == LL_ANSWER_HELD)
        return MHD_YES;
    return status == LL_ANSWER_READY ? answer_text(s, r, text) : refuse_for(c, status);
}

static enum MHD_Result handle(const LlServer *s, Request *r)
{
    if (strcmp(r->file, "video.m3u8") == 0)
        return handle_playlist(s, r, LL_VIDEO);
    if (strcmp(r->file, "audio.m3u8") == 0)
        return handle_playlist(s, r, LL_AUDIO);
    LlAnswer status =
        ll_hub_part(s->params.hub, r->stream, r->file, clock_us(CLOCK_MONOTONIC), &r->ticket);
    if (status == LL_ANSWER_HELD)
        return MHD_YES;
    return status == LL_ANSWER_READY ? answer_file(s, r) : refuse_for(r->connection, status);
}

static Request *new_request(struct MHD_Connection *connection)
{
    Request *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->ticket = (LlTicket){.pause = pause_request, .wake = wake_request, .user = r};
    r->connection = connection;
    return r;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    (void)version;
    (void)data;
    if (!*state) { /* the headers have come */
        *state = new_request(connection);
        return *state ? MHD_YES : MHD_NO;
    }
    Request *r = *state;
    if (*data_len > 0)
        return MHD_NO; /* nobody has anything to tell us */
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "this takes GET alone\n");
    if (r->file[0] == '\0' && !read_path(url, r))
        return refuse_for(connection, LL_ANSWER_NOT_FOUND);
    return handle(cls, r);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    const LlServer *s = cls;
    Request *r = *state;

    (void)connection;
    (void)code;
    if (r)
        ll_hub_forget(s->params.hub, &r->ticket);
    free(r);
    *state = NULL;
}

/* Each request that is held is a connection, and each connection a descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

LlServer *ll_server_create(const LlServerParams *params)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(params->port)};
    LlServer *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->params = *params;
    /* for caches that many share; a player that asks again wants to know what is new */
    snprintf(s->cached, sizeof(s->cached), "public, max-age=0, s-maxage=%lld",
             (long long)(CACHED_TARGETS * params->target_us / US_PER_S));
    inet_pton(AF_INET, params->address, &local.sin_addr);
    raise_descriptor_limit();
    errno = 0;
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, params->port,
        NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, log_debug_of, "low-latency server",
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&local, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
        MHD_OPTION_END);
    if (s->daemon)
        return s;
    free(s);
    errno = errno ? errno : EADDRINUSE;
    return NULL;
}

void ll_server_destroy(LlServer **server)
{
    if (!*server)
        return;
    ll_hub_close((*server)->params.hub);
    MHD_stop_daemon((*server)->daemon);
    free(*server);
    *server = NULL;
}
