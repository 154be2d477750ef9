/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_REQUEST_H
#define LL_REQUEST_H

/* One request of low-latency HLS: how it is parsed, put to the hub and answered.
 *
 *   GET /live/NAME/LIST.m3u8                  with _HLS_msn, _HLS_part, _HLS_skip
 *   GET /live/NAME/LIST-EPOCH-MSN.PART.m4s    one of the newest, or the next
 *   GET /live/NAME/wait.json                  held until the stream begins
 *
 * LIST is the name of a rendition's playlist, as ll_names.h has it.
 *
 * Every answer comes from memory, so no request waits for a disk.
 *
 * Thread-safety: a request belongs to one thread. */

#include "serve/http_request.h"
#include "serve/ll_hub.h"

typedef struct LlRequest {
    LlTicket ticket; /* the caller sets its pause, wake and user */
    bool is_list, is_wait;
    char list[LL_LIST_NAME_SIZE]; /* which, if it is for a list */
    LlDirectives directives;
    char stream[STREAM_NAME_MAX + 1];
    char file[LL_FILE_NAME_SIZE];
    bool gzip; /* a playlist may be compressed */
} LlRequest;

/* An answer. Free it with ll_reply_end(). */
typedef struct LlReply {
    int status;
    const char *type; /* Content-Type; NULL: no body, and no header fields about one */
    bool named;       /* the request names its part: caches may keep this playlist for longer */
    bool is_part, is_list;
    bool gzip;        /* the body is compressed */
    const char *body; /* borrowed, or inside `text` */
    size_t len;
    LlText *text; /* held; NULL: none */
} LlReply;

/* Parses a request. Returns false if it cannot be answered: `reply` says why. */
bool ll_request_read(LlRequest *request, const HttpRequest *http, LlReply *reply);

/* Puts the request to the hub. Returns false if it is held: call again when the ticket is woken. */
bool ll_request_ask(LlRequest *request, LlHub *hub, int64_t now_us, LlReply *reply);

/* Fills in an error reply with `status` and the sentence `why`, which is borrowed. */
void ll_reply_refuse(LlReply *reply, int status, const char *why);

/* Releases what the reply holds. May be called again. */
void ll_reply_end(LlReply *reply);

#endif
