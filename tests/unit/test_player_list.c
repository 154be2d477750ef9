/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "instruments/hls-viewers/delays.h"
#include "instruments/hls-viewers/player_list.h"
#include "instruments/hls-viewers/shared_list.h"

static PlayerList *read_list(const char *text)
{
    const char *wrong;
    PlayerList *list = player_list_read(text, strlen(text), &wrong);

    if (!list)
        print_error("%s\n", wrong);
    assert_non_null(list);
    return list;
}

static void assert_place(PlayerPlace at, int64_t msn, int64_t part)
{
    assert_int_equal(at.msn, msn);
    assert_int_equal(at.part, part);
}

static void a_low_latency_list(void **state)
{
    PlayerList *l = read_list(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:41\n"
        "#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=0.6,CAN-BLOCK-RELOAD=YES\n"
        "#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MAP:URI=\"i.mp4\"\n"
        "#EXTINF:2.0,\na.m4s\n"
        "#EXT-X-PART:DURATION=0.19,INDEPENDENT=YES,URI=\"b,0.m4s\"\n"
        "#EXT-X-PART:DURATION=0.19,URI=\"b.1.m4s\",GAP=YES\n#EXTINF:0.4,\nb.m4s\n"
        "#EXT-X-PART:URI=\"c.0.m4s\",DURATION=0.19\n"
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"c.1.m4s\"\n");

    (void)state;
    assert_true(l->can_block);
    assert_false(l->multivariant || l->ended);
    assert_int_equal(l->target_us, 2000000);
    assert_int_equal(l->part_target_us, 200000);
    assert_string_equal(l->map, "i.mp4");
    assert_int_equal(l->segments, 2);
    assert_int_equal(l->parts, 3);
    assert_string_equal(player_list_segment(l, 42)->uri, "b.m4s");
    assert_null(player_list_segment(l, 43));
    assert_null(player_list_segment(l, 40));
    assert_string_equal(player_list_part(l, (PlayerPlace){42, 0})->uri, "b,0.m4s");
    assert_false(player_list_part(l, (PlayerPlace){42, 0})->gap);
    assert_true(player_list_part(l, (PlayerPlace){42, 1})->gap);
    assert_null(player_list_part(l, (PlayerPlace){42, 2}));
    assert_string_equal(player_list_part(l, (PlayerPlace){43, 0})->uri, "c.0.m4s");
    assert_string_equal(l->hint.uri, "c.1.m4s");
    assert_place(l->hint.at, 43, 1);
    assert_place(l->end, 43, 1);
    player_list_destroy(&l);
    assert_null(l);
}

static void a_delta_update(void **state)
{
    PlayerList *l = read_list(
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0\n"
        "#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MEDIA-SEQUENCE:41\n"
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:2,\na.m4s\n"
        "#EXT-X-PART:DURATION=0.19,URI=\"b.0.m4s\"\n");

    (void)state;
    assert_true(l->can_skip);
    assert_int_equal(l->skipped, 3);
    assert_null(player_list_segment(l, 43));
    assert_string_equal(player_list_segment(l, 44)->uri, "a.m4s");
    assert_string_equal(player_list_part(l, (PlayerPlace){45, 0})->uri, "b.0.m4s");
    assert_place(l->end, 45, 1);
    player_list_destroy(&l);
}

static void a_classic_list(void **state)
{
    PlayerList *l = read_list(
        "#EXTM3U\r\n#EXT-X-TARGETDURATION:6\r\n#EXT-X-MEDIA-SEQUENCE:7\r\n#EXTINF:6,x\r\n"
        "a.ts\r\n#EXT-X-GAP\r\n#EXTINF:6,\r\nb.ts\r\n#EXT-X-ENDLIST\r\n");

    (void)state;
    assert_true(l->ended);
    assert_false(l->can_block || l->can_skip);
    assert_string_equal(player_list_segment(l, 7)->uri, "a.ts");
    assert_true(player_list_segment(l, 8)->gap);
    assert_place(l->end, 9, 0);
    assert_null(l->hint.uri);
    player_list_destroy(&l);
}

static void a_multivariant_list(void **state)
{
    PlayerList *l = read_list(
        "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",URI=\"audio.m3u8\",DEFAULT=YES\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a,b\"\nvideo.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2\nother.m3u8\n");

    (void)state;
    assert_true(l->multivariant);
    assert_string_equal(l->video, "video.m3u8");
    assert_string_equal(l->audio, "audio.m3u8");
    player_list_destroy(&l);
}

static void what_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "<html>",
        "#EXTM3U\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:x\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1e30\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:-1\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-MEDIA-SEQUENCE:5\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART:DURATION=1\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-SKIP:SKIPPED-SEGMENTS=0\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-SKIP:\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *wrong;
        assert_row(!player_list_read(rows[i], strlen(rows[i]), &wrong), rows[i], "it is read");
        assert_non_null(wrong);
    }
}

static const PlayerList *share(SharedList *shared, const char *text)
{
    const char *wrong;

    return shared_list_read(shared, text, strlen(text), false, &wrong);
}

/* Viewers who are given the same version share it; one that is late does not take the latest away.
 */
static void a_version_is_read_once(void **state)
{
    static const char head[] = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:";
    SharedList *shared = shared_list_create();
    char old[128], new[128];

    (void)state;
    assert_non_null(shared);
    assert_null(shared_list_latest(shared));
    snprintf(old, sizeof(old), "%s1\n#EXTINF:2,\na.ts\n", head);
    snprintf(new, sizeof(new), "%s2\n#EXTINF:2,\nb.ts\n", head);
    const PlayerList *first = share(shared, old);
    assert_ptr_equal(share(shared, old), first);
    const PlayerList *second = share(shared, new);
    assert_ptr_not_equal(second, first);
    assert_ptr_equal(share(shared, old), first);
    assert_ptr_equal(shared_list_latest(shared), second);
    assert_null(share(shared, "no playlist"));
    assert_ptr_equal(shared_list_latest(shared), second);
    shared_list_destroy(&shared);
    assert_null(shared);
}

/* Each is told as the end of its step of a tenth of a millisecond, and the longest as it is. */
static void delays_are_counted(void **state)
{
    Delays *d = delays_create();

    (void)state;
    assert_non_null(d);
    assert_int_equal(delays_quantile_us(d, 0.5), 0);
    for (int i = 1; i <= 100; i++)
        delays_add(d, i * 1000);
    delays_add(d, 3600ll * 1000000);
    assert_int_equal(delays_count(d), 101);
    assert_int_equal(delays_quantile_us(d, 0.5), 51100);
    assert_int_equal(delays_quantile_us(d, 0.95), 96100);
    assert_int_equal(delays_quantile_us(d, 1), 3600ll * 1000000);
    assert_int_equal(delays_max_us(d), 3600ll * 1000000);
    delays_destroy(&d);
    assert_null(d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_delta_update),     cmocka_unit_test(a_low_latency_list),
    cmocka_unit_test(a_classic_list),     cmocka_unit_test(a_multivariant_list),
    cmocka_unit_test(what_is_refused),    cmocka_unit_test(a_version_is_read_once),
    cmocka_unit_test(delays_are_counted),
};

TEST_GROUP(player_list, tests);
