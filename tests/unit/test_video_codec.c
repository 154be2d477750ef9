/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "common/sdp_reader.h"
#include "common/video_codec.h"

static SdpSlice slice(const char *text)
{
    return (SdpSlice){text, strlen(text)};
}

static void names_are_read_in_order(void **state)
{
    CodecList list;

    (void)state;
    assert_true(codec_list_read("h264", &list));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.codec[0], CODEC_H264);
    assert_true(codec_list_read(" AV1,vp9 , h264", &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.codec[0], CODEC_AV1);
    assert_int_equal(list.codec[1], CODEC_VP9);
    assert_true(codec_list_has(&list, CODEC_H264));
    assert_false(codec_list_has(&list, CODEC_VP8));
    assert_true(codec_list_read("vp8,h265,av1,vp9,h264", &list));
    assert_int_equal(list.count, CODECS_MAX);
}

static void other_lists_are_refused(void **state)
{
    static const char *const rows[] = {"",      " ",        "h264,",    ",h264",   "h266",
                                       "h2644", "h264 vp9", "vp9, vp9", "h264;vp9"};
    CodecList list;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(!codec_list_read(rows[i], &list), rows[i], "%u codecs were read", list.count);
}

static void what_is_packetized_otherwise_is_refused(void **state)
{
    static const struct {
        const char *name, *fmtp;
        uint32_t clock_hz;
        int codec; /* -1: refused */
    } rows[] = {
        {"H264", "packetization-mode=1;profile-level-id=42e01f", 90000, CODEC_H264},
        {"h264", "packetization-mode=0", 90000, CODEC_H264},
        {"H264", "", 90000, CODEC_H264},
        {"H264", "packetization-mode=2", 90000, -1},
        {"H264", "packetization-mode=1", 48000, -1},
        {"H265", "profile-id=1;tx-mode=SRST", 90000, CODEC_H265},
        {"H265", "tx-mode=MRST", 90000, -1},
        {"H265", "sprop-max-don-diff=2", 90000, -1},
        {"VP8", "", 90000, CODEC_VP8},
        {"VP9", "profile-id=0", 90000, CODEC_VP9},
        {"AV1", "level-idx=5;profile=0;tier=0", 90000, CODEC_AV1},
        {"H263", "", 90000, -1},
        {"rtx", "apt=96", 90000, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        SdpCodec sdp = {
            .name = slice(rows[i].name), .clock_hz = rows[i].clock_hz, .fmtp = slice(rows[i].fmtp)};
        Codec codec;
        int is = codec_of_sdp(&sdp, &codec) ? (int)codec : -1;
        assert_row(is == rows[i].codec, rows[i].name, "%s: %d", rows[i].fmtp, is);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_are_read_in_order),
    cmocka_unit_test(other_lists_are_refused),
    cmocka_unit_test(what_is_packetized_otherwise_is_refused),
};
TEST_GROUP(video_codec, tests);
