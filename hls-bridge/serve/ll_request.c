/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_request.h"

#include <stdio.h>
#include <string.h>

#define LIVE       "/live/"
#define PATH_SIZE  (sizeof(LIVE) + STREAM_NAME_MAX + 1 + LL_FILE_NAME_SIZE)
#define VALUE_SIZE 32 /* bytes of a delivery directive's value; a longer one is wrong */

#define WAIT_FILE "wait.json"
#define WAIT_TYPE "application/json"
#define LIVE_BODY "{\"live\":true}\n"

#define PLAYLIST_TYPE "application/vnd.apple.mpegurl"
#define PART_TYPE     "video/mp4"

/* ---- replies ---- */

void ll_reply_refuse(LlReply *reply, int status, const char *why)
{
    *reply = (LlReply){.status = status, .type = "text/plain", .body = why};
    reply->len = strlen(why);
}

static void refuse_for(LlReply *reply, LlAnswer why)
{
    if (why == LL_ANSWER_BAD)
        ll_reply_refuse(reply, 400, "that is too far ahead\n");
    else if (why == LL_ANSWER_TOO_LONG)
        ll_reply_refuse(reply, 503, "nothing new has come\n");
    else
        ll_reply_refuse(reply, 404, "there is no such thing\n");
}

void ll_reply_end(LlReply *reply)
{
    ll_text_release(reply->text);
    *reply = (LlReply){0};
}

static void give_text(LlReply *reply, const LlRequest *r, LlText *text)
{
    const LlText *packed = r->gzip ? ll_text_gzip(text) : NULL;
    const LlText *given = packed ? packed : text;

    *reply = (LlReply){.status = 200,
                       .type = PLAYLIST_TYPE,
                       .named = r->directives.msn >= 0,
                       .is_list = true,
                       .gzip = packed,
                       .body = given->bytes,
                       .len = given->len,
                       .text = text};
}

/* The answer to wait.json: the stream has begun, or has not for as long as the request was held. */
static void give_word(LlReply *reply, bool live)
{
    *reply = (LlReply){.status = live ? 200 : 204,
                       .type = live ? WAIT_TYPE : NULL,
                       .body = LIVE_BODY,
                       .len = live ? strlen(LIVE_BODY) : 0};
}

static void give_part(LlReply *reply, LlText *bytes)
{
    *reply = (LlReply){.status = 200,
                       .type = PART_TYPE,
                       .is_part = true,
                       .body = bytes->bytes,
                       .len = bytes->len,
                       .text = bytes};
}

/* ---- requests ---- */

/* Splits "/live/NAME/FILE". */
static bool read_path(LlRequest *r, const HttpRequest *http)
{
    char path[PATH_SIZE];

    if (!http_request_path(http, path, sizeof(path)) || strncmp(path, LIVE, strlen(LIVE)) != 0)
        return false;
    const char *name = path + strlen(LIVE), *slash = strchr(name, '/');
    if (!slash || slash - name > STREAM_NAME_MAX || strlen(slash + 1) >= sizeof(r->file) ||
        strchr(slash + 1, '/'))
        return false;
    snprintf(r->stream, sizeof(r->stream), "%.*s", (int)(slash - name), name);
    strcpy(r->file, slash + 1);
    return stream_name_valid(r->stream);
}

bool ll_request_read(LlRequest *r, const HttpRequest *http, LlReply *reply)
{
    char msn[VALUE_SIZE], part[VALUE_SIZE], skip[VALUE_SIZE];

    if (!http->is_get && !http->is_head) {
        ll_reply_refuse(reply, 405, "this takes GET alone\n");
        return false;
    }
    if (!read_path(r, http)) {
        refuse_for(reply, LL_ANSWER_NOT_FOUND);
        return false;
    }
    r->is_list = ll_names_list(r->file, r->list);
    r->is_wait = strcmp(r->file, WAIT_FILE) == 0;
    r->gzip = http->accepts_gzip;
    r->ticket.at_once = http->is_head;
    if (!r->is_list)
        return true;
    const char *wrong = ll_directives_read(
        http_request_argument(http, "_HLS_msn", msn, sizeof(msn)),
        http_request_argument(http, "_HLS_part", part, sizeof(part)),
        http_request_argument(http, "_HLS_skip", skip, sizeof(skip)), &r->directives);
    if (wrong)
        ll_reply_refuse(reply, 400, wrong);
    return !wrong;
}

bool ll_request_ask(LlRequest *r, LlHub *hub, int64_t now_us, LlReply *reply)
{
    LlText *text = NULL;
    LlAnswer answer;

    if (r->is_list)
        answer =
            ll_hub_playlist(hub, r->stream, r->list, &r->directives, now_us, &r->ticket, &text);
    else if (r->is_wait)
        answer = ll_hub_wait(hub, r->stream, now_us, &r->ticket);
    else
        answer = ll_hub_part(hub, r->stream, r->file, now_us, &r->ticket, &text);
    if (answer == LL_ANSWER_HELD)
        return false;
    if (r->is_wait && (answer == LL_ANSWER_READY || r->ticket.expired))
        give_word(reply, answer == LL_ANSWER_READY);
    else if (answer != LL_ANSWER_READY)
        refuse_for(reply, answer);
    else if (r->is_list)
        give_text(reply, r, text);
    else
        give_part(reply, text);
    return true;
}
