/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "instruments/hls-viewers/http_reader.h"

/* What came of an answer. */
typedef struct Outcome {
    HttpState state;
    int status;
    size_t taken, body;
    uint32_t sum; /* of the body's bytes, in order */
} Outcome;

/* Reads an answer in pieces of `step` bytes, each in memory of its own. */
static Outcome read_in_steps(const uint8_t *data, size_t size, size_t step)
{
    HttpReader reader;
    Outcome o = {0};

    http_reader_start(&reader);
    while (o.taken < size && reader.state != HTTP_DONE && reader.state != HTTP_WRONG) {
        size_t n = size - o.taken < step ? size - o.taken : step;
        char *piece = malloc(n);
        HttpBytes body;
        REQUIRE(piece);
        memcpy(piece, data + o.taken, n);
        size_t taken = http_reader_take(&reader, piece, n, &body);
        REQUIRE(taken <= n && (taken > 0 || reader.state == HTTP_WRONG));
        REQUIRE(body.len == 0 || (body.data >= piece && body.data + body.len <= piece + taken));
        for (size_t i = 0; i < body.len; i++)
            o.sum = o.sum * 31 + (uint8_t)body.data[i];
        o.body += body.len;
        o.taken += taken;
        free(piece);
    }
    if (o.taken == size)
        http_reader_end(&reader);
    REQUIRE(reader.state == HTTP_DONE || reader.state == HTTP_WRONG);
    o.state = reader.state;
    o.status = reader.status;
    return o;
}

/* The input is an answer; in whatever pieces it comes, it is the same one. */
static int try_input(const uint8_t *data, size_t size)
{
    Outcome whole = read_in_steps(data, size, size ? size : 1),
            bytes = read_in_steps(data, size, 1);

    REQUIRE(whole.state == bytes.state);
    if (whole.state == HTTP_DONE) {
        REQUIRE(whole.status >= 200 && whole.status <= 999);
        REQUIRE(whole.status == bytes.status && whole.taken == bytes.taken);
        REQUIRE(whole.body == bytes.body && whole.sum == bytes.sum);
    }
    return 0;
}

FUZZ_TARGET(http_reader, try_input);
