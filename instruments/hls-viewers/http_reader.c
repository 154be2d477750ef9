/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_reader.h"

#include <string.h>
#include <strings.h>

#define FIELDS_MAX 200
#define DIGITS_MAX 15 /* of a length, decimal or hexadecimal: far below 2^63 */

void http_reader_start(HttpReader *r)
{
    r->state = HTTP_STATUS_LINE;
    r->status = 0;
    r->keep_alive = false;
    r->gzip = false;
    r->chunked = false;
    r->length = -1;
    r->left = 0;
    r->fields = 0;
    r->line_len = 0;
}

bool http_reader_begun(const HttpReader *r)
{
    return r->state != HTTP_STATUS_LINE || r->line_len > 0;
}

/* ---- lines ---- */

static int digit(char c, int base)
{
    int value = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : base;

    return value < base ? value : -1;
}

/* The number that `text` begins with, and how many digits it has; -1 if there is none that can
 * be taken. */
static int64_t number(const char *text, int base, size_t *digits)
{
    int64_t value = 0;
    size_t n = 0;

    for (; digit(text[n], base) >= 0; n++) {
        if (n == DIGITS_MAX)
            return -1;
        value = value * base + digit(text[n], base);
    }
    *digits = n;
    return n > 0 ? value : -1;
}

static HttpState read_status(HttpReader *r)
{
    size_t digits;

    if (strncmp(r->line, "HTTP/1.", 7) != 0 || (r->line[7] != '0' && r->line[7] != '1') ||
        r->line[8] != ' ')
        return HTTP_WRONG;
    int64_t status = number(r->line + 9, 10, &digits);
    if (status < 100 || digits != 3 || (r->line[12] != ' ' && r->line[12] != '\0'))
        return HTTP_WRONG;
    r->status = (int)status;
    r->keep_alive = r->line[7] == '1';
    return HTTP_FIELDS;
}

/* The value of the field `name` where the line is one. */
static const char *value_of(const char *line, const char *name)
{
    size_t n = strlen(name);

    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    return line + n + 1 + strspn(line + n + 1, " \t");
}

static HttpState read_length(HttpReader *r, const char *value)
{
    size_t digits;
    int64_t length = number(value, 10, &digits);

    if (length < 0 || value[digits + strspn(value + digits, " \t")] != '\0' ||
        (r->length >= 0 && r->length != length))
        return HTTP_WRONG;
    r->length = length;
    return HTTP_FIELDS;
}

static HttpState read_coding(HttpReader *r, const char *value)
{
    bool again = r->gzip; /* one over the other */

    r->gzip = strcasecmp(value, "gzip") == 0;
    return r->gzip && !again ? HTTP_FIELDS : HTTP_WRONG;
}

static HttpState read_field(HttpReader *r)
{
    const char *value;

    if (++r->fields > FIELDS_MAX || *r->line == ' ' || *r->line == '\t')
        return HTTP_WRONG;
    if ((value = value_of(r->line, "Content-Length")))
        return read_length(r, value);
    if ((value = value_of(r->line, "Content-Encoding")))
        return read_coding(r, value);
    if ((value = value_of(r->line, "Transfer-Encoding"))) {
        r->chunked = true;
        return strcasecmp(value, "chunked") == 0 ? HTTP_FIELDS : HTTP_WRONG;
    }
    if ((value = value_of(r->line, "Connection")) && strcasecmp(value, "close") == 0)
        r->keep_alive = false;
    return HTTP_FIELDS;
}

/* What follows the head: RFC 9112, section 6.3. */
static HttpState after_head(HttpReader *r)
{
    if (r->status < 200) { /* the answer itself is still to come */
        http_reader_start(r);
        return HTTP_STATUS_LINE;
    }
    if (r->status == 204 || r->status == 304)
        return HTTP_DONE;
    if (r->chunked) {
        if (r->length >= 0)
            r->keep_alive = false;
        return HTTP_CHUNK_SIZE;
    }
    r->left = r->length;
    if (r->length < 0)
        r->keep_alive = false;
    return r->length < 0 ? HTTP_BODY_TO_END : r->length > 0 ? HTTP_BODY : HTTP_DONE;
}

static HttpState read_chunk_size(HttpReader *r)
{
    size_t digits;

    r->left = number(r->line, 16, &digits);
    if (r->left < 0 || (r->line[digits] != '\0' && !strchr("; \t", r->line[digits])))
        return HTTP_WRONG;
    return r->left > 0 ? HTTP_CHUNK : HTTP_TRAILERS;
}

static HttpState read_line(HttpReader *r)
{
    bool empty = *r->line == '\0';

    if (r->state == HTTP_STATUS_LINE)
        return read_status(r);
    if (r->state == HTTP_FIELDS)
        return empty ? after_head(r) : read_field(r);
    if (r->state == HTTP_CHUNK_SIZE)
        return read_chunk_size(r);
    if (r->state == HTTP_CHUNK_END)
        return empty ? HTTP_CHUNK_SIZE : HTTP_WRONG;
    if (empty)
        return HTTP_DONE;
    return ++r->fields > FIELDS_MAX ? HTTP_WRONG : HTTP_TRAILERS;
}

static size_t take_line(HttpReader *r, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len);
    size_t n = end ? (size_t)(end - data) : len;

    if (r->line_len + n >= sizeof(r->line) || memchr(data, '\0', n)) {
        r->state = HTTP_WRONG;
        return 0;
    }
    memcpy(r->line + r->line_len, data, n);
    r->line_len += n;
    if (!end)
        return n;
    if (r->line_len > 0 && r->line[r->line_len - 1] == '\r')
        r->line_len--;
    r->line[r->line_len] = '\0';
    r->line_len = 0;
    r->state = read_line(r);
    return n + 1;
}

/* ---- bodies ---- */

static size_t take_body(HttpReader *r, const char *data, size_t len, HttpBytes *body)
{
    size_t n = r->left < (int64_t)len ? (size_t)r->left : len;

    *body = (HttpBytes){data, n};
    r->left -= (int64_t)n;
    if (r->left == 0)
        r->state = r->state == HTTP_CHUNK ? HTTP_CHUNK_END : HTTP_DONE;
    return n;
}

size_t http_reader_take(HttpReader *r, const char *data, size_t len, HttpBytes *body)
{
    *body = (HttpBytes){data, 0};
    if (len == 0 || r->state == HTTP_DONE || r->state == HTTP_WRONG)
        return 0;
    if (r->state == HTTP_BODY || r->state == HTTP_CHUNK)
        return take_body(r, data, len, body);
    if (r->state == HTTP_BODY_TO_END) {
        body->len = len;
        return len;
    }
    return take_line(r, data, len);
}

void http_reader_end(HttpReader *r)
{
    if (r->state == HTTP_BODY_TO_END)
        r->state = HTTP_DONE;
    else if (r->state != HTTP_DONE)
        r->state = HTTP_WRONG;
}
