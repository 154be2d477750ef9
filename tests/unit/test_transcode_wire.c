/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/transcode_wire.h"

static const uint8_t bytes[] = {0, 0, 0, 1, 9, 0x10};

/* One of each kind, and the side that it goes to. */
static const struct {
    const char *name;
    WireSide side;
    WireMessage message;
} each[] = {
    {"configure",
     WIRE_TO_TRANSCODER,
     {WIRE_CONFIGURE,
      .configure = {.codec = CODEC_VP9,
                    .ladder = {.count = 2, .rung = {{720, 2500000, false}, {180, 120000, true}}},
                    .encoder = "libx264",
                    .threads = 2,
                    .memory_mib = 512,
                    .fault = TRANSCODE_OPENS_FILE}}},
    {"picture",
     WIRE_TO_TRANSCODER,
     {WIRE_PICTURE, .picture = {7, -90000, true, bytes, sizeof(bytes)}}},
    {"want", WIRE_TO_TRANSCODER, {WIRE_WANT, .want = 5}},
    {"ready", WIRE_FROM_TRANSCODER, {.kind = WIRE_READY}},
    {"refused", WIRE_FROM_TRANSCODER, {WIRE_REFUSED, .refused = "there is no such encoder"}},
    {"rung", WIRE_FROM_TRANSCODER, {WIRE_RUNG, .rung = {1, 854, 480, false}}},
    {"a rung that stands still", WIRE_FROM_TRANSCODER, {WIRE_RUNG, .rung = {1, 0, 0, true}}},
    {"unit", WIRE_FROM_TRANSCODER, {WIRE_UNIT, .unit = {2, 1ll << 40, true, bytes, sizeof(bytes)}}},
    {"took", WIRE_FROM_TRANSCODER, {WIRE_TOOK, .took = {7, 100, 2, 3, 12000, 33000}}},
    {"show",
     WIRE_TO_TRANSCODER,
     {WIRE_SHOW, .show = {CODEC_AV1, TRANSCODE_HANGS, bytes, sizeof(bytes)}}},
    {"shown", WIRE_FROM_TRANSCODER, {WIRE_SHOWN, .shown = {SHOWN_WHOLE, bytes, sizeof(bytes)}}},
    {"nothing to be shown", WIRE_FROM_TRANSCODER, {WIRE_SHOWN, .shown = {.how = SHOWN_ENDED}}},
};

/* A message as it is written; the caller frees it. */
static ByteBuffer written(const WireMessage *message)
{
    ByteBuffer out = {0};

    assert_int_equal(transcode_wire_write(message, &out), 0);
    return out;
}

static void every_message_comes_out_as_it_went_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(each); i++) {
        ByteBuffer first = written(&each[i].message);
        WireMessage m = {0};

        uint8_t *copy = guarded_copy(first.data, first.len);
        long len = transcode_wire_read(each[i].side, copy, first.len, &m);
        assert_row(len == (long)first.len, each[i].name, "%ld of %zu bytes", len, first.len);
        assert_row(m.kind == each[i].message.kind, each[i].name, "kind %d", m.kind);
        ByteBuffer second = written(&m);
        assert_row(second.len == first.len && memcmp(second.data, first.data, first.len) == 0,
                   each[i].name, "its values are others");
        guarded_free(copy, first.len);
        byte_buffer_free(&first);
        byte_buffer_free(&second);
    }
}

static void a_part_of_a_message_waits_for_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(each); i++) {
        ByteBuffer whole = written(&each[i].message);
        WireMessage m;

        for (size_t len = 0; len < whole.len; len++) {
            uint8_t *copy = guarded_copy(whole.data, len);
            long is = transcode_wire_read(each[i].side, copy, len, &m);
            assert_row(is == 0, each[i].name, "%ld with %zu bytes", is, len);
            guarded_free(copy, len);
        }
        byte_buffer_free(&whole);
    }
}

static void the_other_side_may_not_say_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(each); i++) {
        ByteBuffer whole = written(&each[i].message);
        WireMessage m;

        long is = transcode_wire_read(each[i].side == WIRE_TO_TRANSCODER ? WIRE_FROM_TRANSCODER
                                                                         : WIRE_TO_TRANSCODER,
                                      whole.data, whole.len, &m);
        assert_row(is == -1, each[i].name, "%ld", is);
        byte_buffer_free(&whole);
    }
}

/* Each row is a byte of the message of this index that is changed. */
static void what_is_out_of_range_is_no_message(void **state)
{
    static const struct {
        const char *name;
        size_t of, at;
        uint8_t value;
    } rows[] = {
        {"no mark", 0, 0, 0xA6},
        {"no such kind", 0, 1, 99},
        {"not zero", 0, 2, 1},
        {"far too long", 0, 4, 1},
        {"no such codec", 0, 8, 9},
        {"no thread", 0, 9, 0},
        {"too many threads", 0, 9, 17},
        {"no such fault", 0, 10, 77},
        {"more rungs than bytes", 0, 11, 3},
        {"too much memory", 0, 12, 1},
        {"an encoder of other letters", 0, 16, '/'},
        {"an encoder without a name", 0, 16, 0},
        {"bytes behind the name", 0, 47, 'x'},
        {"a rung too large", 0, 48, 0xFF},
        {"neither halved nor not", 0, 51, 2},
        {"a rate too high", 0, 52, 0xFF},
        {"a picture of no time", 1, 12, 0x7F},
        {"neither a key nor not", 1, 20, 2},
        {"a rung beyond the last", 2, 11, 0x40},
        {"a sentence with a newline", 4, 9, '\n'},
        {"a rung of an odd width", 5, 10, 0x57},
        {"a rung without height", 6, 10, 2},
        {"a picture of no rung", 7, 8, RUNGS_MAX},
        {"neither an IDR nor not", 7, 17, 2},
        {"a picture of no codec", 9, 8, CODECS_MAX},
        {"no fault there is", 9, 9, TRANSCODE_FAULTS},
        {"shown in no way", 10, 8, SHOWN_HOWS},
        {"damaged, and with a picture", 10, 8, SHOWN_DAMAGED},
        {"whole, and without one", 11, 8, SHOWN_WHOLE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ByteBuffer whole = written(&each[rows[i].of].message);
        WireMessage m;

        assert_true(rows[i].at < whole.len && whole.data[rows[i].at] != rows[i].value);
        whole.data[rows[i].at] = rows[i].value;
        long is = transcode_wire_read(each[rows[i].of].side, whole.data, whole.len, &m);
        assert_row(is == -1, rows[i].name, "%ld", is);
        byte_buffer_free(&whole);
    }
}

static void a_sentence_that_is_too_long_is_cut(void **state)
{
    WireMessage said = {.kind = WIRE_REFUSED}, heard;
    ByteBuffer whole = {0};

    (void)state;
    memset(said.refused, 'x', sizeof(said.refused));
    assert_int_equal(transcode_wire_write(&said, &whole), 0);
    assert_int_equal(transcode_wire_read(WIRE_FROM_TRANSCODER, whole.data, whole.len, &heard),
                     whole.len);
    assert_int_equal(strlen(heard.refused), WIRE_TEXT_MAX);
    byte_buffer_free(&whole);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_message_comes_out_as_it_went_in),
    cmocka_unit_test(a_part_of_a_message_waits_for_the_rest),
    cmocka_unit_test(the_other_side_may_not_say_it),
    cmocka_unit_test(what_is_out_of_range_is_no_message),
    cmocka_unit_test(a_sentence_that_is_too_long_is_cut),
};

TEST_GROUP(transcode_wire, tests);
