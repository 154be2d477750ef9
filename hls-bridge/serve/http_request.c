/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/http_request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define END "\r\n"

typedef struct Text {
    const char *at;
    size_t len;
} Text;

/* Cuts off the text of `rest` before `mark`. Returns false if `mark` is not in it. */
static bool take(Text *rest, const char *mark, Text *out)
{
    size_t n = strlen(mark);
    const char *end = memmem(rest->at, rest->len, mark, n);

    if (!end)
        return false;
    *out = (Text){rest->at, (size_t)(end - rest->at)};
    rest->len -= out->len + n;
    rest->at = end + n;
    return true;
}

static bool is(Text text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

/* Whether there are only visible ASCII characters, and at least one. */
static bool is_visible(Text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    return text.len > 0;
}

static bool read_first_line(Text line, HttpRequest *out)
{
    Text method, target, path;

    if (!take(&line, " ", &method) || !take(&line, " ", &target) || !is_visible(method) ||
        !is_visible(target) || target.at[0] != '/')
        return false;
    if (!is(line, "HTTP/1.1") && !is(line, "HTTP/1.0"))
        return false;
    out->is_get = method.len == 3 && memcmp(method.at, "GET", 3) == 0;
    out->is_head = method.len == 4 && memcmp(method.at, "HEAD", 4) == 0;
    out->keep_alive = is(line, "HTTP/1.1");
    if (!take(&target, "?", &path)) {
        path = target;
        target.len = 0;
    }
    out->path = path.at;
    out->path_len = path.len;
    out->query = target.at;
    out->query_len = target.len;
    return true;
}

static Text trim(Text text)
{
    while (text.len > 0 && (*text.at == ' ' || *text.at == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* ---- codings ---- */

/* The weight that Accept-Encoding gives each, 0 to 1000; -1: it names no such coding. */
typedef struct Weights {
    int gzip, identity, any;
} Weights;

/* The weight in "q=0.5", in thousandths; 0 (not acceptable) if it is not valid. */
static int read_weight(Text text)
{
    int weight = 0, unit = 1000;

    if (text.len < 3 || text.len > 7 || strncasecmp(text.at, "q=", 2) != 0)
        return 0;
    for (size_t i = 2; i < text.len; i++) {
        if (i == 3 ? text.at[i] != '.' : !isdigit((unsigned char)text.at[i]))
            return 0;
        if (i == 3)
            continue;
        weight += unit * (text.at[i] - '0');
        unit /= 10;
    }
    return weight <= 1000 ? weight : 0;
}

static void read_codings(Text list, Weights *out)
{
    Text item, name;

    while (list.len > 0) {
        if (!take(&list, ",", &item)) {
            item = list;
            list.len = 0;
        }
        bool weighed = take(&item, ";", &name);
        int weight = weighed ? read_weight(trim(item)) : 1000;
        name = trim(weighed ? name : item);
        if (is(name, "gzip") || is(name, "x-gzip"))
            out->gzip = weight;
        else if (is(name, "identity"))
            out->identity = weight;
        else if (is(name, "*"))
            out->any = weight;
    }
}

static bool prefers_gzip(const Weights *w)
{
    int gzip = w->gzip >= 0 ? w->gzip : w->any;

    return gzip > 0 && gzip >= w->identity;
}

/* ---- fields ---- */

static bool read_field(Text line, HttpRequest *out, Weights *weights)
{
    Text name;

    if (!take(&line, ":", &name) || !is_visible(name))
        return false;
    Text value = trim(line);
    if (is(name, "Connection") && !is(value, "keep-alive"))
        out->keep_alive = false;
    else if (is(name, "Transfer-Encoding") || (is(name, "Content-Length") && !is(value, "0")))
        out->has_body = true;
    else if (is(name, "Accept-Encoding"))
        read_codings(value, weights);
    return true;
}

HttpRequestState http_request_read(const char *data, size_t len, HttpRequest *out)
{
    Text rest = {data, len}, head, line;
    Weights weights = {-1, -1, -1};

    *out = (HttpRequest){0};
    if (!take(&rest, END END, &head))
        return HTTP_REQUEST_PART;
    out->len = head.len + strlen(END END);
    head.len += strlen(END); /* the last line's */
    if (!take(&head, END, &line) || !read_first_line(line, out))
        return HTTP_REQUEST_WRONG;
    while (take(&head, END, &line))
        if (!read_field(line, out, &weights))
            return HTTP_REQUEST_WRONG;
    out->accepts_gzip = prefers_gzip(&weights);
    return HTTP_REQUEST_WHOLE;
}

static int digit(char c)
{
    if (!isxdigit((unsigned char)c))
        return -1;
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static bool decode(Text text, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '%') {
            int high = text.len - i > 2 ? digit(text.at[i + 1]) : -1;
            int low = text.len - i > 2 ? digit(text.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || n + 1 >= size)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

bool http_request_path(const HttpRequest *request, char *out, size_t size)
{
    return decode((Text){request->path, request->path_len}, out, size);
}

const char *http_request_argument(const HttpRequest *request, const char *name, char *out,
                                  size_t size)
{
    Text rest = {request->query, request->query_len}, argument, key;

    while (rest.len > 0) {
        if (!take(&rest, "&", &argument)) {
            argument = rest;
            rest.len = 0;
        }
        if (!take(&argument, "=", &key) || key.len != strlen(name) ||
            memcmp(key.at, name, key.len) != 0)
            continue;
        if (!decode(argument, out, size))
            *out = '\0';
        return out;
    }
    return NULL;
}
