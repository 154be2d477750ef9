/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HTTP_POST_H
#define HTTP_POST_H

/* POSTs to one URL, one after the other, over a connection that is kept. Redirections are not
 * followed, and what is answered is read and thrown away.
 *
 * Thread-safety: one thread at a time, but for http_post_hurry(), which any may call. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_POST_WHY_SIZE 256

typedef struct HttpPost HttpPost;

typedef struct HttpAnswer {
    long status;            /* 0: nothing was answered */
    int64_t retry_after_us; /* as the receiver asks for it; 0: it does not */
} HttpAnswer;

/* `url` (http or https, which no log shows: it may have a password) is copied. To be called before
 * other threads are made, since libcurl is set up. Returns NULL if there is no memory. */
HttpPost *http_post_create(const char *url, int64_t timeout_us);

/* Accepts NULL, leaves NULL. */
void http_post_destroy(HttpPost **post);

/* Sends `body`, which is borrowed, with fields "Name: value", up to a NULL. Returns what was
 * answered, with a sentence in `why` (HTTP_POST_WHY_SIZE bytes) if that is not 2xx. */
HttpAnswer http_post_send(HttpPost *post, const char *const *fields, const char *body, size_t len,
                          char *why);

/* The POST that is under way, and each one after it, must end within a quarter of a second. */
void http_post_hurry(HttpPost *post);

#endif
