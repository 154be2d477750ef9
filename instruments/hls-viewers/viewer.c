/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "viewer.h"

#include <stdio.h>
#include <string.h>

void viewer_get(const Track *t, HttpConnection *connection, const char *path, bool keep_body)
{
    char with_token[sizeof("/p/") + TOKEN_LIST_LONGEST + VIEWER_PATH_SIZE];
    const char *token = t->viewer->token;

    if (token)
        snprintf(with_token, sizeof(with_token), "/p/%s%s", token, path);
    http_connection_get(connection, token ? with_token : path, keep_body);
}

void viewer_trouble(Track *t, Trouble kind)
{
    t->viewer->audience->tally->trouble[kind]++;
}

bool viewer_resolve(const Audience *a, const char *uri, char *path)
{
    const char *base = http_loop_path(a->loop), *query = strchr(base, '?');
    size_t folder = query ? (size_t)(query - base) : strlen(base);

    if (strstr(uri, "://"))
        return false;
    while (*uri != '/' && folder > 0 && base[folder - 1] != '/')
        folder--;
    if (*uri == '/')
        folder = 0;
    return snprintf(path, HTTP_PATH_SIZE, "%.*s%s", (int)folder, base, uri) < HTTP_PATH_SIZE;
}

bool viewer_count(Track *t, const HttpReply *a)
{
    static const Trouble of_outcome[] = {[HTTP_NO_CONNECTION] = TROUBLE_CONNECT,
                                         [HTTP_BROKEN] = TROUBLE_BROKEN,
                                         [HTTP_MALFORMED] = TROUBLE_MALFORMED,
                                         [HTTP_NO_ANSWER] = TROUBLE_NO_ANSWER};
    ViewerTally *tally = t->viewer->audience->tally;

    tally->requests++;
    tally->bytes += (int64_t)a->len;
    if (a->outcome == HTTP_ANSWERED && a->status == 200)
        return true;
    if (a->outcome != HTTP_ANSWERED)
        viewer_trouble(t, of_outcome[a->outcome]);
    else if (a->status == 503)
        viewer_trouble(t, TROUBLE_UNAVAILABLE);
    else
        viewer_trouble(t, a->status >= 400 && a->status < 500 ? TROUBLE_REFUSED : TROUBLE_FAILED);
    return false;
}

void viewer_measure(Audience *a, Wait wait, int64_t from_us, const HttpReply *answer)
{
    if (a->measuring)
        delays_add(a->tally->wait[wait], answer->done_us - from_us);
}
