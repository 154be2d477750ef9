/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/serve/http_request.h"

#define GET_X "GET /x HTTP/1.1\r\n"

/* A copy that nobody may read past. */
static HttpRequestState read_text(const char *text, HttpRequest *out, uint8_t **copy)
{
    *copy = guarded_copy(text, strlen(text));
    return http_request_read((const char *)*copy, strlen(text), out);
}

static void reads_heads(void **state)
{
    static const struct {
        const char *text;
        HttpRequestState state;
        bool get, head, keep_alive, body;
    } rows[] = {
        {GET_X "\r\n", HTTP_REQUEST_WHOLE, true, false, true, false},
        {GET_X "Host: a\r\nAccept:\r\n\r\nGET", HTTP_REQUEST_WHOLE, true, false, true, false},
        {"HEAD /x?a=b HTTP/1.1\r\n\r\n", HTTP_REQUEST_WHOLE, false, true, true, false},
        {"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", HTTP_REQUEST_WHOLE, false, false, true,
         true},
        {GET_X "content-length: 0\r\n\r\n", HTTP_REQUEST_WHOLE, true, false, true, false},
        {GET_X "Transfer-Encoding: chunked\r\n\r\n", HTTP_REQUEST_WHOLE, true, false, true, true},
        {GET_X "Connection: close\r\n\r\n", HTTP_REQUEST_WHOLE, true, false, false, false},
        {GET_X "Connection:  Keep-Alive \r\n\r\n", HTTP_REQUEST_WHOLE, true, false, true, false},
        {"GET /x HTTP/1.0\r\n\r\n", HTTP_REQUEST_WHOLE, true, false, false, false},
        {"", HTTP_REQUEST_PART, false, false, false, false},
        {GET_X "Host: a\r\n", HTTP_REQUEST_PART, false, false, false, false},
        {"GET /x HTTP/2.0\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {"GET  /x HTTP/1.1\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {"GET x HTTP/1.1\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {"GET /\x01 HTTP/1.1\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {"GET /x\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {"\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {GET_X "no colon\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {GET_X "a name: with a space\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
        {GET_X ": nameless\r\n\r\n", HTTP_REQUEST_WRONG, false, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        HttpRequest r;
        uint8_t *copy;
        HttpRequestState got = read_text(rows[i].text, &r, &copy);

        assert_row(got == rows[i].state, rows[i].text, "%d", got);
        if (got == HTTP_REQUEST_WHOLE) {
            assert_row(r.is_get == rows[i].get, rows[i].text, "%d", r.is_get);
            assert_row(r.is_head == rows[i].head, rows[i].text, "%d", r.is_head);
            assert_row(r.keep_alive == rows[i].keep_alive, rows[i].text, "%d", r.keep_alive);
            assert_row(r.has_body == rows[i].body, rows[i].text, "%d", r.has_body);
        }
        guarded_free(copy, strlen(rows[i].text));
    }
}

static void knows_which_requests_accept_gzip(void **state)
{
    static const struct {
        const char *fields;
        bool gzip;
    } rows[] = {
        {"", false},
        {"Accept-Encoding:\r\n", false},
        {"Accept-Encoding: gzip\r\n", true},
        {"accept-encoding: GZIP\r\n", true},
        {"Accept-Encoding: gzip, deflate, br, zstd\r\n", true},
        {"Accept-Encoding: br ,x-gzip\r\n", true},
        {"Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n", true},
        {"Accept-Encoding: br, deflate\r\n", false},
        {"Accept-Encoding: gzipped\r\n", false},
        {"Accept-Encoding: *\r\n", true},
        {"Accept-Encoding: *;q=0\r\n", false},
        {"Accept-Encoding: *;q=0, gzip\r\n", true},
        {"Accept-Encoding: gzip;q=0, *\r\n", false},
        {"Accept-Encoding: gzip;q=0\r\n", false},
        {"Accept-Encoding: gzip ; q=0.000\r\n", false},
        {"Accept-Encoding: gzip;q=0.001\r\n", true},
        {"Accept-Encoding: gzip;Q=1.000\r\n", true},
        {"Accept-Encoding: gzip;q=1.\r\n", true},
        {"Accept-Encoding: identity\r\n", false},
        {"Accept-Encoding: identity;q=1, *;q=0\r\n", false},
        {"Accept-Encoding: identity;q=0.5, gzip;q=0.4\r\n", false},
        {"Accept-Encoding: identity;q=0.5, gzip;q=0.5\r\n", true},
        {"Accept-Encoding: gzip;q=1.001\r\n", false},
        {"Accept-Encoding: gzip;q=0.0001\r\n", false},
        {"Accept-Encoding: gzip;q=\r\n", false},
        {"Accept-Encoding: gzip;q=,\r\n", false},
        {"Accept-Encoding: gzip;q=0x1\r\n", false},
        {"Accept-Encoding: gzip;level=1\r\n", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128];
        HttpRequest r;
        uint8_t *copy;
        snprintf(text, sizeof(text), GET_X "%s\r\n", rows[i].fields);
        assert_int_equal(read_text(text, &r, &copy), HTTP_REQUEST_WHOLE);
        assert_row(r.accepts_gzip == rows[i].gzip, rows[i].fields, "%d", r.accepts_gzip);
        guarded_free(copy, strlen(text));
    }
}

static void says_where_the_head_ends(void **state)
{
    HttpRequest r;

    (void)state;
    assert_int_equal(http_request_read(GET_X "\r\nGET /y", 25, &r), HTTP_REQUEST_WHOLE);
    assert_int_equal(r.len, strlen(GET_X "\r\n"));
}

static void decodes_paths(void **state)
{
    static const struct {
        const char *target, *path; /* NULL: it is none, or does not fit */
    } rows[] = {
        {"/live/a/video.m3u8", "/live/a/video.m3u8"},
        {"/live/a/video%2em3u8?b", "/live/a/video.m3u8"},
        {"/%2E%2e/x", "/../x"},
        {"/a%00b", NULL},
        {"/a%", NULL},
        {"/a%2", NULL},
        {"/a%2g", NULL},
        {"/01234567890123456789", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128], path[20];
        HttpRequest r;
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n\r\n", rows[i].target);
        assert_int_equal(http_request_read(text, strlen(text), &r), HTTP_REQUEST_WHOLE);
        bool good = http_request_path(&r, path, sizeof(path));
        assert_row(good == (rows[i].path != NULL), rows[i].target, "%d", good);
        if (good)
            assert_string_equal(path, rows[i].path);
    }
}

static void finds_arguments(void **state)
{
    static const struct {
        const char *query, *value; /* NULL: there is none */
    } rows[] = {
        {"", NULL},
        {"?_HLS_msn=12", "12"},
        {"?a=1&_HLS_msn=12&b=2", "12"},
        {"?_HLS_msn=1&_HLS_msn=2", "1"},
        {"?_HLS_msn=%31%32", "12"},
        {"?_HLS_msn=", ""},
        {"?_HLS_msn=%zz", ""},
        {"?_HLS_msn=12345678901", ""}, /* longer than there is room for */
        {"?_HLS_msn", NULL},
        {"?_hls_msn=1", NULL},
        {"?x_HLS_msn=1&&", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128], value[8];
        HttpRequest r;
        snprintf(text, sizeof(text), "GET /x%s HTTP/1.1\r\n\r\n", rows[i].query);
        assert_int_equal(http_request_read(text, strlen(text), &r), HTTP_REQUEST_WHOLE);
        const char *got = http_request_argument(&r, "_HLS_msn", value, sizeof(value));
        assert_row((got != NULL) == (rows[i].value != NULL), rows[i].query, "%s", got ? got : "-");
        if (got)
            assert_string_equal(got, rows[i].value);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_heads),
    cmocka_unit_test(knows_which_requests_accept_gzip),
    cmocka_unit_test(says_where_the_head_ends),
    cmocka_unit_test(decodes_paths),
    cmocka_unit_test(finds_arguments),
};

TEST_GROUP(http_request, tests);
