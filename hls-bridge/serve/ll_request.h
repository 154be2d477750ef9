/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_REQUEST_H
#define LL_REQUEST_H

/* One request of low-latency HLS: what it asks of the hub, and what it gets.
 *
 *   GET /live/NAME/video.m3u8, /live/NAME/audio.m3u8    with _HLS_msn, _HLS_part, _HLS_skip
 *   GET /live/NAME/KIND-EPOCH-MSN.PART.m4s              one of the newest, or the next
 *   GET /live/NAME/wait.json                            held until the stream begins
 *
 * All that is given is in memory: whoever asks here waits for no disk, nor does anybody else.
 *
 * Thread-safety: a request belongs to one thread. */

#include "serve/http_request.h"
#include "serve/ll_hub.h"

#define LL_FILE_NAME_SIZE 64 /* of a file below a stream */

typedef struct LlRequest {
    LlTicket ticket; /* its pause, wake and user are the caller's */
    bool is_list, is_wait;
    LlRendition rendition; /* of a list */
    LlDirectives directives;
    char stream[STREAM_NAME_MAX + 1];
    char file[LL_FILE_NAME_SIZE];
    bool gzip; /* a playlist may be compressed */
} LlRequest;

/* What is to be sent. Ended by ll_reply_end(). */
typedef struct LlReply {
    int status;
    const char *type; /* NULL: there is no body, nor what would tell of it */
    bool named;       /* the request names its part: a playlist that caches may keep for longer */
    bool is_part, is_list;
    bool gzip;        /* what the body is */
    const char *body; /* borrowed, or of `text` */
    size_t len;
    LlText *text; /* NULL: there is none to be held */
} LlReply;

/* Reads what is asked for into `request`. Returns false where that cannot be: the reply says why.
 */
bool ll_request_read(LlRequest *request, const HttpRequest *http, LlReply *reply);

/* Asks. Returns false where the request is held: to be asked again when the ticket is woken. */
bool ll_request_ask(LlRequest *request, LlHub *hub, int64_t now_us, LlReply *reply);

/* An answer of `status` that says why there is no other; borrows the sentence. */
void ll_reply_refuse(LlReply *reply, int status, const char *why);

/* Gives back what it holds. May be called again. */
void ll_reply_end(LlReply *reply);

#endif
