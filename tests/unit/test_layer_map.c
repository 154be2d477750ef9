/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "janus-plugin/rtp/layer_map.h"

#define SECTION   1
#define PT        96
#define EXTENSION 10

static const MediaTracks layers = {
    {{.kind = MEDIA_AUDIO, .mindex = 0},
     {.kind = MEDIA_VIDEO, .mindex = 1, .payload_type = PT, .rid = "high", .rid_extension = 10},
     {.kind = MEDIA_VIDEO, .mindex = 1, .payload_type = PT, .rid = "mid", .rid_extension = 10},
     {.kind = MEDIA_VIDEO, .mindex = 1, .payload_type = PT, .rid = "low", .rid_extension = 10}},
    4};
enum { HIGH = 1, MID = 2, LOW = 3 };

/* Places a packet, with the rid in a header extension if it is not NULL. */
static int place_of_type(LayerMap *map, int mindex, uint32_t ssrc, const char *rid, uint8_t type)
{
    uint8_t packet[64] = {0x80, type, 0, 1, 0, 0, 0, 2};
    size_t len = 12;
    RtpPacket rtp;

    for (int i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    if (rid) {
        size_t words = (strlen(rid) + 1 + 3) / 4;
        packet[0] |= 0x10;
        memcpy(packet + 12, "\xbe\xde\0", 3);
        packet[15] = (uint8_t)words;
        packet[16] = (uint8_t)(EXTENSION << 4 | (strlen(rid) - 1));
        memcpy(packet + 17, rid, strlen(rid));
        len = 16 + 4 * words;
    }
    packet[len++] = 0x41;
    assert_int_equal(rtp_packet_parse(packet, len, &rtp), 0);
    return layer_map_place(map, &layers, mindex, packet, &rtp);
}

static int place(LayerMap *map, uint32_t ssrc, const char *rid)
{
    return place_of_type(map, SECTION, ssrc, rid, PT);
}

static void learns_the_ssrc_of_a_layer_by_its_rid(void **state)
{
    LayerMap map = {0};

    (void)state;
    assert_int_equal(place(&map, 7, NULL), -1);
    assert_int_equal(place(&map, 7, "mid"), MID);
    assert_int_equal(place(&map, 7, NULL), MID);
    assert_int_equal(place(&map, 8, "high"), HIGH);
    assert_int_equal(place(&map, 9, "low"), LOW);
    assert_int_equal(place(&map, 8, NULL), HIGH);
    assert_int_equal(map.unknown, 1);
    assert_int_equal(layer_map_find(&map, &layers, SECTION, 9), LOW);
    assert_int_equal(layer_map_find(&map, &layers, SECTION, 10), -1);
    assert_int_equal(map.unknown, 2);
}

static void goes_on_under_another_ssrc(void **state)
{
    LayerMap map = {0};

    (void)state;
    assert_int_equal(place(&map, 7, "mid"), MID);
    assert_int_equal(place(&map, 8, "mid"), MID);
    assert_int_equal(place(&map, 8, NULL), MID);
    assert_int_equal(place(&map, 7, NULL), -1); /* the old one is nobody's */
    assert_int_equal(place(&map, 8, "low"), LOW);
    assert_int_equal(place(&map, 8, NULL), LOW); /* an SSRC is of one layer */
}

static void what_is_of_no_layer_is_counted(void **state)
{
    LayerMap map = {0};

    (void)state;
    assert_int_equal(place(&map, 7, "high"), HIGH);
    for (uint32_t i = 0; i < 100; i++) {
        char rid[8];
        snprintf(rid, sizeof(rid), "r%u", i);
        assert_int_equal(place(&map, 100 + i, rid), -1);
        assert_int_equal(place(&map, 100 + i, NULL), -1);
    }
    assert_int_equal(place(&map, 7, "highest"), -1); /* begins as one that is known */
    assert_int_equal(place(&map, 7, "hig"), -1);
    assert_int_equal(place_of_type(&map, SECTION, 7, NULL, 97), -1); /* RTX that Janus left so */
    assert_int_equal(map.unknown, 203);
    assert_int_equal(place(&map, 7, NULL), HIGH);
    assert_int_equal(place_of_type(&map, 5, 7, NULL, PT), -1); /* no such section: not counted */
    assert_int_equal(map.unknown, 203);
}

/* Without simulcast the section alone decides. */
static void a_section_without_layers_takes_all(void **state)
{
    LayerMap map = {0};

    (void)state;
    assert_int_equal(place_of_type(&map, 0, 1, NULL, 111), 0);
    assert_int_equal(place_of_type(&map, 0, 2, "x", 0), 0);
    assert_int_equal(map.unknown, 0);
}

static void what_goes_on_after_an_offer_is_known(void **state)
{
    static const MediaTracks after = {
        {{.kind = MEDIA_VIDEO, .mindex = 1, .payload_type = PT, .rid = "low", .rid_extension = 10},
         {.kind = MEDIA_VIDEO, .mindex = 1, .payload_type = PT, .rid = "new", .rid_extension = 10},
         {.kind = MEDIA_VIDEO,
          .mindex = 1,
          .payload_type = PT,
          .rid = "high",
          .rid_extension = 10}},
        3};
    LayerMap map = {0};

    (void)state;
    place(&map, 7, "high");
    place(&map, 8, "mid");
    place(&map, 9, "low");
    layer_map_renew(&map, &layers, &after);
    assert_int_equal(layer_map_find(&map, &after, SECTION, 9), 0);
    assert_int_equal(layer_map_find(&map, &after, SECTION, 8), -1);
    assert_int_equal(layer_map_find(&map, &after, SECTION, 7), 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(learns_the_ssrc_of_a_layer_by_its_rid),
    cmocka_unit_test(goes_on_under_another_ssrc),
    cmocka_unit_test(what_is_of_no_layer_is_counted),
    cmocka_unit_test(a_section_without_layers_takes_all),
    cmocka_unit_test(what_goes_on_after_an_offer_is_known),
};

TEST_GROUP(layer_map, tests);
