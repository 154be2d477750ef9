/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "common/rtcp_packet.h"
#include "hls-bridge/clock/timeline.h"

#define MS           1000ll
#define NTP_EPOCH_US 1700000000000000ll /* the sender's wall clock when its media clocks were 0 */

/* An audio track that leads and a video track. The sender captures both on one clock; its audio
 * clock began at AUDIO_BASE, its video clock at VIDEO_BASE. */
#define AUDIO_BASE 1000000
#define VIDEO_BASE 3000000000ll

enum { AUDIO, VIDEO };

static Timeline *timeline;
static int64_t audio_delay_us, video_delay_us; /* from capture to arrival */
static int64_t audio_base;
static double audio_rate; /* of the sender's audio clock against time */

static int setup(void **state)
{
    const uint32_t clocks[] = {48000, 90000};

    (void)state;
    audio_delay_us = 30 * MS;
    video_delay_us = 50 * MS;
    audio_rate = 1;
    audio_base = AUDIO_BASE;
    timeline = timeline_create(clocks, 2);
    timeline_set_offset(timeline, AUDIO_BASE, 0);
    return timeline ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    timeline_destroy(&timeline);
    return 0;
}

static int64_t audio_ts(int64_t at_us)
{
    return audio_base + (int64_t)((double)at_us * audio_rate * 48 / 1000);
}

static int64_t video_ts(int64_t at_us)
{
    return VIDEO_BASE + at_us * 9 / 100;
}

static void arrive(int64_t at_us)
{
    timeline_arrival(timeline, AUDIO, audio_ts(at_us), at_us + audio_delay_us);
    timeline_arrival(timeline, VIDEO, video_ts(at_us), at_us + video_delay_us);
}

static void report(size_t track, int64_t at_us)
{
    timeline_report(timeline, track, rtcp_ntp_from_unix_us(NTP_EPOCH_US + at_us),
                    track == AUDIO ? audio_ts(at_us) : video_ts(at_us));
}

/* How far a picture captured at `at_us` is placed from the sound that was captured then, in us. */
static int64_t skew_us(int64_t at_us)
{
    int64_t sound = timeline_place(timeline, AUDIO, audio_ts(at_us));
    int64_t picture = timeline_place(timeline, VIDEO, video_ts(at_us));

    return (picture - sound) * 100 / 9;
}

/* Runs from `from_us` to `to_us` with reports of the tracks in `mask` once a second; returns the
 * skew at the end. */
static int64_t run(int64_t from_us, int64_t to_us, unsigned mask)
{
    int64_t skew = 0;

    for (int64_t t = from_us; t < to_us; t += 20 * MS) {
        arrive(t);
        for (size_t k = 0; k < 2; k++)
            if (mask & 1u << k && t % US_PER_S == 0)
                report(k, t);
        skew = skew_us(t);
    }
    return skew;
}

static void assert_within(int64_t value, int64_t expected, int64_t tolerance)
{
    if (llabs(value - expected) > tolerance)
        print_error("%lld is not within %lld of %lld\n", (long long)value, (long long)tolerance,
                    (long long)expected);
    assert_true(llabs(value - expected) <= tolerance);
}

static void starts_by_arrival(void **state)
{
    (void)state;
    /* what arrives together is taken to belong together: the picture is 20 ms late */
    assert_within(run(0, US_PER_S, 0), 20 * MS, 100);
}

static void goes_over_to_reports_soon_and_smoothly(void **state)
{
    int64_t last = 20 * MS;

    (void)state;
    run(0, 900 * MS, 0);
    for (int64_t t = 900 * MS; t < 3 * US_PER_S; t += 20 * MS) {
        arrive(t);
        if (t == US_PER_S) {
            report(AUDIO, t);
            report(VIDEO, t);
        }
        int64_t now = skew_us(t);
        assert_within(now, last, 20 * MS * 50 / 1000 + 50); /* 50 ms per second at the most */
        last = now;
    }
    assert_within(last, 0, 2100);
    assert_true(timeline_stats(timeline).by_reports);
}

static void later_corrections_are_slow(void **state)
{
    int64_t from = run(0, 5 * US_PER_S, 3);

    (void)state;
    assert_within(from, 0, 2100);
    /* the sender's idea of its audio clock moves by 30 ms: no jump, but its pictures must follow */
    for (int64_t t = 5 * US_PER_S; t < 7 * US_PER_S; t += 20 * MS) {
        arrive(t);
        if (t % US_PER_S == 0)
            timeline_report(timeline, AUDIO, rtcp_ntp_from_unix_us(NTP_EPOCH_US + t + 30 * MS),
                            audio_ts(t));
        if (t % US_PER_S == 0)
            report(VIDEO, t);
        int64_t now = skew_us(t);
        assert_true(now <= 0 || llabs(now - from) < 3 * MS);
        assert_within(now, from, (t - 5 * US_PER_S) * 5 / 1000 + 20 * MS * 5 / 1000 + 100);
    }
}

static void reports_of_one_track_alone_change_nothing(void **state)
{
    (void)state;
    assert_within(run(0, 5 * US_PER_S, 1 << AUDIO), 20 * MS, 100);
    assert_within(run(5 * US_PER_S, 10 * US_PER_S, 1 << AUDIO), 20 * MS, 100);
}

static void impossible_reports_are_ignored(void **state)
{
    static const uint64_t ntps[] = {0, UINT64_MAX, 0xFFFFFFFF00000000ull};

    (void)state;
    run(0, 5 * US_PER_S, 3);
    for (size_t i = 0; i < COUNT(ntps); i++)
        timeline_report(timeline, VIDEO, ntps[i], video_ts(5 * US_PER_S));
    assert_int_equal(timeline_stats(timeline).implausible, COUNT(ntps));
    assert_within(run(5 * US_PER_S, 8 * US_PER_S, 0), 0, 2100);
}

static void one_report_that_jumps_is_ignored(void **state)
{
    (void)state;
    run(0, 5 * US_PER_S, 3);
    timeline_report(timeline, VIDEO, rtcp_ntp_from_unix_us(NTP_EPOCH_US + 999 * US_PER_S),
                    video_ts(5 * US_PER_S));
    assert_within(run(5 * US_PER_S, 8 * US_PER_S, 3), 0, 2100);
    assert_int_equal(timeline_stats(timeline).implausible, 1);
}

/* The sender's wall clock is set: reports of both tracks jump, though not at the same moment. */
static void a_step_of_the_senders_clock_moves_nothing(void **state)
{
    (void)state;
    run(0, 5 * US_PER_S, 3);
    for (int64_t t = 5 * US_PER_S; t < 20 * US_PER_S; t += 20 * MS) {
        arrive(t);
        if (t % US_PER_S == 0)
            timeline_report(timeline, VIDEO,
                            rtcp_ntp_from_unix_us(NTP_EPOCH_US + t - 3600 * US_PER_S), video_ts(t));
        if (t % (5 * US_PER_S) == 0)
            timeline_report(timeline, AUDIO,
                            rtcp_ntp_from_unix_us(NTP_EPOCH_US + t - 3600 * US_PER_S), audio_ts(t));
        assert_within(skew_us(t), 0, 21 * MS); /* at the worst it goes back to arrival meanwhile */
    }
    assert_within(skew_us(20 * US_PER_S), 0, 2100);
}

static void reports_that_contradict_arrival_are_not_believed(void **state)
{
    (void)state;
    run(0, US_PER_S, 0);
    report(AUDIO, US_PER_S);
    timeline_report(timeline, VIDEO, rtcp_ntp_from_unix_us(NTP_EPOCH_US + 3 * US_PER_S),
                    video_ts(US_PER_S)); /* two seconds off what arrival says */
    assert_within(run(US_PER_S, 4 * US_PER_S, 0), 20 * MS, 100);
    assert_false(timeline_stats(timeline).by_reports);
}

static void a_sound_clock_that_is_off_is_followed_for_hours(void **state)
{
    (void)state;
    audio_rate = 1 + 200e-6;
    int64_t worst = 0;
    run(0, 10 * US_PER_S, 3);
    for (int64_t t = 10 * US_PER_S; t < 4 * 3600 * US_PER_S; t += US_PER_S) {
        arrive(t);
        report(AUDIO, t);
        report(VIDEO, t);
        int64_t skew = llabs(skew_us(t));
        worst = skew > worst ? skew : worst;
    }
    assert_within(worst, 0, 3 * MS);
}

static void jitter_does_not_shake_the_picture(void **state)
{
    uint32_t random = 1;
    int64_t low = INT64_MAX, high = INT64_MIN;

    (void)state;
    run(0, 10 * US_PER_S, 0);
    for (int64_t t = 10 * US_PER_S; t < 60 * US_PER_S; t += 20 * MS) {
        random = random * 1664525u + 1013904223u;
        audio_delay_us = 30 * MS + (random >> 8) % (40 * MS);
        video_delay_us = 50 * MS + (random >> 16) % (40 * MS);
        arrive(t);
        int64_t skew = skew_us(t);
        low = skew < low ? skew : low;
        high = skew > high ? skew : high;
    }
    assert_within(low, 20 * MS, 4 * MS);
    assert_within(high, 20 * MS, 4 * MS);
}

static void the_leads_new_clock_moves_nothing(void **state)
{
    (void)state;
    run(0, 3 * US_PER_S, 0);
    int64_t sound = timeline_place(timeline, AUDIO, audio_ts(3 * US_PER_S));
    int64_t picture = timeline_place(timeline, VIDEO, video_ts(3 * US_PER_S));
    timeline_lead_jumped(timeline, audio_ts(3 * US_PER_S), 77);
    assert_within(timeline_place(timeline, AUDIO, 77), sound, 1);
    assert_within(timeline_place(timeline, VIDEO, video_ts(3 * US_PER_S)), picture, 1);
}

/* The sender's sound clock stands still for 300 ms: found from what arrives, and put right, it
 * leaves the picture where it was, and reports go on to be believed. */
static void a_lead_that_stood_still_does_not_move_the_picture(void **state)
{
    int64_t lost_us = 300 * MS;

    (void)state;
    run(0, 10 * US_PER_S, 3);
    assert_int_equal(timeline_lead_slip_us(timeline), 0);
    int64_t before = timeline_place(timeline, VIDEO, video_ts(10 * US_PER_S));
    audio_base -= lost_us * 48 / 1000;
    run(10 * US_PER_S, 11 * US_PER_S + 100 * MS, 0);
    assert_within(timeline_lead_slip_us(timeline), lost_us, MS);
    int64_t ts = audio_ts(11 * US_PER_S);
    timeline_lead_slipped(timeline, ts + lost_us * 48 / 1000, ts);
    assert_int_equal(timeline_lead_slip_us(timeline), 0);
    assert_within(timeline_place(timeline, VIDEO, video_ts(11 * US_PER_S)) - before, TICKS_PER_S,
                  9);
    assert_within(run(11 * US_PER_S, 20 * US_PER_S, 3), 0, 3 * MS);
    assert_true(timeline_stats(timeline).by_reports);
    assert_int_equal(timeline_stats(timeline).implausible, 0);
}

/* The sender puts its sound elsewhere by so much. Returns when a step is due, or 0. */
static int64_t wait_for_step(int64_t by_us, int64_t for_us)
{
    run(0, 5 * US_PER_S, 3);
    for (int64_t t = 5 * US_PER_S; t < 5 * US_PER_S + for_us; t += 20 * MS) {
        arrive(t);
        if (t % US_PER_S == 0) {
            timeline_report(timeline, AUDIO, rtcp_ntp_from_unix_us(NTP_EPOCH_US + t + by_us),
                            audio_ts(t));
            report(VIDEO, t);
        }
        skew_us(t);
        if (timeline_step_us(timeline, VIDEO) != 0)
            return t;
    }
    return 0;
}

static void a_large_correction_is_one_step(void **state)
{
    const int64_t by_us[] = {450 * MS, -450 * MS};

    for (size_t i = 0; i < COUNT(by_us); i++) {
        teardown(state);
        setup(state);
        int64_t at_us = wait_for_step(by_us[i], 5 * US_PER_S);
        /* two reports say it, and it is so for a second */
        assert_int_equal(at_us, 7 * US_PER_S);
        assert_within(timeline_step_us(timeline, VIDEO), -by_us[i], 2 * MS);
        assert_int_equal(timeline_stats(timeline).corrected_us, 0);
        int64_t before = skew_us(at_us);
        timeline_step(timeline, VIDEO);
        assert_within(skew_us(at_us) - before, -by_us[i], 2 * MS);
        assert_int_equal(timeline_step_us(timeline, VIDEO), 0);
        assert_int_equal(timeline_stats(timeline).steps, 1);
    }
}

/* No IDR picture comes to make it at, and meanwhile it becomes a small one: that is as slow as any.
 */
static void a_large_correction_that_becomes_small_is_no_jump(void **state)
{
    const int64_t small_us = 27 * US_PER_S, end_us = 32 * US_PER_S;
    int64_t from_us = wait_for_step(450 * MS, 5 * US_PER_S);
    int64_t first = skew_us(from_us), last = first;

    (void)state;
    assert_in_range(from_us, 5 * US_PER_S, small_us);
    for (int64_t t = from_us; t < end_us; t += 20 * MS) {
        arrive(t);
        if (t % US_PER_S == 0) {
            int64_t by_us = (t < small_us ? 450 : 150) * MS;
            timeline_report(timeline, AUDIO, rtcp_ntp_from_unix_us(NTP_EPOCH_US + t + by_us),
                            audio_ts(t));
            report(VIDEO, t);
        }
        int64_t now = skew_us(t);
        assert_within(now, last, 20 * MS * 5 / 1000 + 50);
        last = now;
    }
    assert_within(last - first, -20 * MS, 5 * MS);
    assert_int_equal(timeline_stats(timeline).steps, 0);
}

static void a_small_correction_is_no_step(void **state)
{
    (void)state;
    assert_int_equal(wait_for_step(190 * MS, 5 * US_PER_S), 0);
    assert_true(timeline_stats(timeline).corrected_us > 0);
    assert_int_equal(timeline_stats(timeline).steps, 0);
}

/* For less than a second pictures are late: they come back to where they were. */
static void what_is_late_for_once_is_no_step(void **state)
{
    (void)state;
    run(0, 5 * US_PER_S, 0);
    timeline_lead_moved(timeline, audio_ts(5 * US_PER_S), audio_ts(5 * US_PER_S));
    for (int64_t t = 5 * US_PER_S; t < 8 * US_PER_S; t += 20 * MS) {
        video_delay_us = t < 5900 * MS ? 400 * MS : 50 * MS;
        arrive(t);
        skew_us(t);
        assert_int_equal(timeline_step_us(timeline, VIDEO), 0);
    }
}

/* Sound comes late, and so do pictures, but less. */
static void knows_how_late_each_track_comes(void **state)
{
    (void)state;
    run(0, 20 * US_PER_S, 3);
    audio_delay_us += 900 * MS;
    video_delay_us += 300 * MS;
    run(20 * US_PER_S, 23 * US_PER_S, 3);
    TimelineLateness late = timeline_lateness(timeline);
    assert_within(late.lead_us, 900 * MS, MS);
    assert_within(late.placed_us, 300 * MS, MS);
    /* nearly the same is the same */
    video_delay_us += 550 * MS;
    run(23 * US_PER_S, 26 * US_PER_S, 3);
    late = timeline_lateness(timeline);
    assert_int_equal(late.lead_us, late.placed_us);
    /* pictures that have not come for long say nothing */
    for (int64_t t = 26 * US_PER_S; t < 29 * US_PER_S; t += 20 * MS)
        timeline_arrival(timeline, AUDIO, audio_ts(t), t + audio_delay_us);
    assert_int_equal(timeline_lateness(timeline).placed_us, 0);
}

/* The sound alone is late for good: pictures stay where they are, and nothing is to be corrected.
 */
static void a_lead_that_moves_alone_does_not_move_the_picture(void **state)
{
    int64_t late_us = 2 * US_PER_S;

    (void)state;
    run(0, 20 * US_PER_S, 3);
    audio_delay_us += late_us;
    run(20 * US_PER_S, 25 * US_PER_S, 0);
    int64_t before = timeline_place(timeline, VIDEO, video_ts(25 * US_PER_S));
    timeline_lead_moved(timeline, audio_ts(25 * US_PER_S), audio_ts(25 * US_PER_S - late_us));
    timeline_set_offset(timeline, audio_ts(25 * US_PER_S - late_us), 25 * TICKS_PER_S);
    assert_within(timeline_place(timeline, VIDEO, video_ts(25 * US_PER_S)), before, 9);
    /* its reports may not hold any more: arrival is 20 ms off, as at the beginning */
    assert_within(timeline_stats(timeline).correction_us, 20 * MS, 3 * MS);
}

/* A network becomes slower for good at `from_us`: the two tracks forget at different times how soon
 * they once came. */
static void watch_a_slower_network(int64_t from_us, int64_t pictures_from_us, int64_t every_us)
{
    for (int64_t t = 0; t < from_us + 45 * US_PER_S; t += 20 * MS) {
        int64_t late_us = t < from_us ? 0 : 200 * MS;
        timeline_arrival(timeline, AUDIO, audio_ts(t), t + audio_delay_us + late_us);
        if (t >= pictures_from_us && (t - pictures_from_us) % every_us == 0)
            timeline_arrival(timeline, VIDEO, video_ts(t), t + video_delay_us + late_us);
        assert_int_equal(timeline_lead_slip_us(timeline), 0);
    }
}

static void a_lead_that_is_late_with_the_picture_has_not_stood_still(void **state)
{
    static const int64_t every_us[] = {40 * MS, US_PER_S, 12 * US_PER_S};

    for (size_t i = 0; i < COUNT(every_us); i++)
        for (int64_t from_us = 40 * US_PER_S; from_us < 52 * US_PER_S; from_us += 500 * MS)
            for (int64_t begin_us = 0; begin_us < 10 * US_PER_S; begin_us += 2 * US_PER_S) {
                teardown(state);
                setup(state);
                watch_a_slower_network(from_us, begin_us, every_us[i]);
            }
}

static void a_video_clock_that_restarts_is_placed_again(void **state)
{
    (void)state;
    run(0, 3 * US_PER_S, 3);
    for (int64_t t = 3 * US_PER_S; t < 4 * US_PER_S; t += 20 * MS) {
        timeline_arrival(timeline, AUDIO, audio_ts(t), t + audio_delay_us);
        timeline_arrival(timeline, VIDEO, 5000 + t * 9 / 100, t + video_delay_us);
    }
    int64_t at = 4 * US_PER_S - 20 * MS;
    int64_t sound = timeline_place(timeline, AUDIO, audio_ts(at));
    int64_t picture = timeline_place(timeline, VIDEO, 5000 + at * 9 / 100);
    assert_within((picture - sound) * 100 / 9, 20 * MS, 100);
}

static void knows_where_the_clock_stands(void **state)
{
    int64_t now, ts;

    (void)state;
    assert_false(timeline_now(timeline, 0, &now));
    run(0, US_PER_S, 0);
    assert_true(timeline_now(timeline, 5 * US_PER_S + audio_delay_us, &now));
    assert_within(now, 5 * TICKS_PER_S, 2);
    assert_true(timeline_lead_now(timeline, 5 * US_PER_S + audio_delay_us, &ts));
    assert_within(ts, audio_ts(5 * US_PER_S), 1);
    assert_within(timeline_arrival_of(timeline, 5 * TICKS_PER_S), 5 * US_PER_S + audio_delay_us,
                  20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(starts_by_arrival),
    TEST(goes_over_to_reports_soon_and_smoothly),
    TEST(later_corrections_are_slow),
    TEST(reports_of_one_track_alone_change_nothing),
    TEST(impossible_reports_are_ignored),
    TEST(one_report_that_jumps_is_ignored),
    TEST(a_step_of_the_senders_clock_moves_nothing),
    TEST(reports_that_contradict_arrival_are_not_believed),
    TEST(a_sound_clock_that_is_off_is_followed_for_hours),
    TEST(jitter_does_not_shake_the_picture),
    TEST(the_leads_new_clock_moves_nothing),
    TEST(a_lead_that_stood_still_does_not_move_the_picture),
    TEST(a_large_correction_is_one_step),
    TEST(a_large_correction_that_becomes_small_is_no_jump),
    TEST(a_small_correction_is_no_step),
    TEST(what_is_late_for_once_is_no_step),
    TEST(knows_how_late_each_track_comes),
    TEST(a_lead_that_moves_alone_does_not_move_the_picture),
    TEST(a_lead_that_is_late_with_the_picture_has_not_stood_still),
    TEST(a_video_clock_that_restarts_is_placed_again),
    TEST(knows_where_the_clock_stands),
};

TEST_GROUP(timeline, tests);
