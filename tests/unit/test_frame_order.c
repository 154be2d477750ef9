/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/clock/frame_order.h"

/* Gives `pts` in decoding order; checks what must hold of any result; returns the dts as text. */
static const char *order(FrameOrder *o, const int64_t *pts, size_t n)
{
    static char text[256];
    int64_t last = INT64_MIN;

    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        int64_t shown = pts[i], dts = frame_order_dts(o, &shown);
        assert_true(dts <= shown);
        assert_true(dts > last);
        last = dts;
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lld", i ? " " : "",
                 (long long)dts);
    }
    return text;
}

static void without_b_frames_both_times_are_one(void **state)
{
    static const int64_t pts[] = {0, 3000, 6000, 9100, 12000};
    FrameOrder o = {0};

    (void)state;
    assert_string_equal(order(&o, pts, COUNT(pts)), "0 3000 6000 9100 12000");
}

static void b_frames_have_growing_decoding_times(void **state)
{
    static const int64_t one[] = {0, 6000, 3000, 12000, 9000, 18000, 15000};
    static const int64_t pyramid[] = {0, 12000, 6000, 3000, 9000, 24000, 18000, 15000, 21000};
    FrameOrder o = {0};

    (void)state;
    frame_order_idr(&o, 1);
    assert_string_equal(order(&o, one, COUNT(one)), "-1500 0 3000 6000 9000 12000 15000");
    o = (FrameOrder){0};
    frame_order_idr(&o, 2);
    assert_string_equal(order(&o, pyramid, COUNT(pyramid)),
                        "-3000 -1500 0 3000 6000 9000 12000 15000 18000");
}

/* The times that are shown stay what they were, where the depth is as promised. */
static void a_promised_depth_leaves_pts_alone(void **state)
{
    static const int64_t pts[] = {0, 12000, 6000, 3000, 9000};
    FrameOrder o = {0};

    (void)state;
    frame_order_idr(&o, 2);
    for (size_t i = 0; i < COUNT(pts); i++) {
        int64_t shown = pts[i];
        frame_order_dts(&o, &shown);
        assert_int_equal(shown, pts[i]);
    }
}

static void a_deeper_order_than_promised_still_holds(void **state)
{
    static const int64_t pts[] = {0, 12000, 6000, 3000, 9000, 24000, 18000, 15000, 21000};
    FrameOrder o = {0};

    (void)state;
    order(&o, pts, COUNT(pts)); /* depth 0; what must hold is checked there */
}

/* Of a set that says nothing: from the first pictures that need it on, the order is right. */
static void a_depth_that_is_not_said_is_learnt(void **state)
{
    static const int64_t first[] = {0, 9000, 3000, 6000, 18000, 12000, 15000};
    FrameOrder o = {0};

    (void)state;
    frame_order_idr(&o, -1);
    order(&o, first, COUNT(first));
    assert_int_equal(o.depth, 1);
    for (int64_t at = 18000; at < 180000; at += 9000) {
        if (at == 90000)
            frame_order_idr(&o, -1); /* the same: what was learnt holds */
        for (int i = 0; i < 3; i++) {
            int64_t pts = at + (i == 0 ? 9000 : i * 3000), shown = pts;
            frame_order_dts(&o, &shown);
            assert_int_equal(shown, pts);
        }
    }
}

/* A clock that is set back by seconds is no order of pictures. */
static void a_jump_is_no_order(void **state)
{
    static const int64_t pts[] = {900000, 903000, 906000, 700000, 703000};
    FrameOrder o = {0};

    (void)state;
    frame_order_idr(&o, -1);
    order(&o, pts, COUNT(pts));
    assert_int_equal(o.depth, 0);
}

static void a_new_depth_keeps_times_growing(void **state)
{
    static const int64_t first[] = {0, 3000, 6000};
    static const int64_t second[] = {9000, 15000, 12000, 21000, 18000};
    FrameOrder o = {0};

    (void)state;
    order(&o, first, COUNT(first));
    frame_order_idr(&o, 1);
    int64_t shown = second[0];
    assert_true(frame_order_dts(&o, &shown) > 6000);
    order(&o, second + 1, COUNT(second) - 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(without_b_frames_both_times_are_one),
    cmocka_unit_test(b_frames_have_growing_decoding_times),
    cmocka_unit_test(a_promised_depth_leaves_pts_alone),
    cmocka_unit_test(a_deeper_order_than_promised_still_holds),
    cmocka_unit_test(a_depth_that_is_not_said_is_learnt),
    cmocka_unit_test(a_jump_is_no_order),
    cmocka_unit_test(a_new_depth_keeps_times_growing),
};

TEST_GROUP(frame_order, tests);
