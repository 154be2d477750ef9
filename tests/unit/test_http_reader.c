/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "instruments/hls-viewers/http_reader.h"

#define OK   "HTTP/1.1 200 OK\r\n"
#define TEXT "Content-Type: text/plain\r\n"

/* Reads `answer`, whose end is that of the connection if `ends`. `body` gets what was in it. */
static void read_answer(HttpReader *reader, const char *answer, bool ends, char *body)
{
    size_t len = strlen(answer), n;
    char *copy = (char *)guarded_copy(answer, len), *at = copy;
    HttpBytes piece;

    http_reader_start(reader);
    for (size_t left = len; (n = http_reader_take(reader, at, left, &piece)) > 0; left -= n) {
        memcpy(body, piece.data, piece.len);
        body += piece.len;
        at += n;
    }
    *body = '\0';
    if (ends)
        http_reader_end(reader);
    guarded_free((uint8_t *)copy, len);
}

static void reads_answers(void **state)
{
    static const struct {
        const char *name, *answer;
        bool ends;
        HttpState state;
        int status;
        bool keep_alive;
        const char *body;
    } rows[] = {
        {"length", OK "Content-Length: 5\r\n\r\nhello", false, HTTP_DONE, 200, true, "hello"},
        {"case and blanks", OK "content-length:5  \r\n\r\nhello", false, HTTP_DONE, 200, true,
         "hello"},
        {"more than it", OK "Content-Length: 2\r\n\r\nhello", false, HTTP_DONE, 200, true, "he"},
        {"not yet whole", OK "Content-Length: 9\r\n\r\nhello", false, HTTP_BODY, 200, true,
         "hello"},
        {"cut off", OK "Content-Length: 9\r\n\r\nhello", true, HTTP_WRONG, 200, true, "hello"},
        {"nothing in it", OK "Content-Length: 0\r\n\r\n", false, HTTP_DONE, 200, true, ""},
        {"to the end", OK TEXT "\r\nhello", true, HTTP_DONE, 200, false, "hello"},
        {"chunks", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
         false, HTTP_DONE, 200, true, "hello"},
        {"a trailer", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\nA: b\r\n\r\n", false,
         HTTP_DONE, 200, true, "h"},
        {"chunks and a length",
         OK "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n\r\n", false,
         HTTP_DONE, 200, false, "h"},
        {"closes", OK "Content-Length: 1\r\nConnection: close\r\n\r\nh", false, HTTP_DONE, 200,
         false, "h"},
        {"HTTP/1.0", "HTTP/1.0 404 Not Found\r\nContent-Length: 1\r\n\r\nh", false, HTTP_DONE, 404,
         false, "h"},
        {"no reason", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", false, HTTP_DONE, 503, true, ""},
        {"no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false, HTTP_DONE, 304,
         true, ""},
        {"an interim one", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nh", false,
         HTTP_DONE, 200, true, "h"},
        {"newlines alone", "HTTP/1.1 200 OK\nContent-Length: 1\n\nh", false, HTTP_DONE, 200, true,
         "h"},
        {"the same length twice", OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\nh", false,
         HTTP_DONE, 200, true, "h"},
        {"two lengths", OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nhe", false, HTTP_WRONG,
         200, true, ""},
        {"a length below 0", OK "Content-Length: -1\r\n\r\n", false, HTTP_WRONG, 200, true, ""},
        {"a huge length", OK "Content-Length: 1000000000000000\r\n\r\n", false, HTTP_WRONG, 200,
         true, ""},
        {"a folded line", OK "A: b\r\n c\r\n\r\n", false, HTTP_WRONG, 200, true, ""},
        {"another encoding", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", false, HTTP_WRONG, 200,
         true, ""},
        {"gzip", OK "content-encoding: GZIP\r\nContent-Length: 1\r\n\r\nh", false, HTTP_DONE, 200,
         true, "h"},
        {"another coding", OK "Content-Encoding: br\r\nContent-Length: 1\r\n\r\nh", false,
         HTTP_WRONG, 200, true, ""},
        {"two codings", OK "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n", false,
         HTTP_WRONG, 200, true, ""},
        {"no size of a chunk", OK "Transfer-Encoding: chunked\r\n\r\nhello\r\n", false, HTTP_WRONG,
         200, true, ""},
        {"a chunk that goes on", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n", false,
         HTTP_WRONG, 200, true, "h"},
        {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", false, HTTP_WRONG, 0, false, ""},
        {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", false, HTTP_WRONG, 0, false, ""},
        {"no answer at all", "", true, HTTP_WRONG, 0, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        HttpReader reader;
        char body[64];
        read_answer(&reader, rows[i].answer, rows[i].ends, body);
        assert_row(reader.state == rows[i].state, rows[i].name, "%d, not %d", reader.state,
                   rows[i].state);
        assert_row(reader.status == rows[i].status, rows[i].name, "%d", reader.status);
        assert_row(reader.keep_alive == rows[i].keep_alive, rows[i].name, "%d", reader.keep_alive);
        assert_row(strcmp(body, rows[i].body) == 0, rows[i].name, "\"%s\"", body);
    }
}

static void says_what_is_compressed(void **state)
{
    HttpReader reader;
    char body[64];

    (void)state;
    read_answer(&reader, OK "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nh", false, body);
    assert_true(reader.gzip);
    read_answer(&reader, OK "Content-Length: 1\r\n\r\nh", false, body);
    assert_false(reader.gzip);
}

static void a_line_may_be_too_long(void **state)
{
    char line[HTTP_LINE_SIZE];
    HttpReader reader;
    HttpBytes body;

    (void)state;
    memset(line, 'x', sizeof(line));
    http_reader_start(&reader);
    assert_false(http_reader_begun(&reader));
    assert_int_equal(http_reader_take(&reader, line, sizeof(line) - 1, &body), sizeof(line) - 1);
    assert_true(http_reader_begun(&reader));
    assert_int_equal(http_reader_take(&reader, line, 1, &body), 0);
    assert_int_equal(reader.state, HTTP_WRONG);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_answers),
    cmocka_unit_test(says_what_is_compressed),
    cmocka_unit_test(a_line_may_be_too_long),
};

TEST_GROUP(http_reader, tests);
