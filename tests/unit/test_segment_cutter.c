/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/segment/segment_cutter.h"

#define MS(n)  ((n)*TICKS_PER_S / 1000)
#define TARGET MS(2000)
#define FRAME  MS(33)
#define WAIT   MS(300) /* for a picture */

static SegmentCutter cutter;

static int setup(void **state)
{
    const SegmentCutterParams params = {TARGET, segment_limit_90k(2)};

    (void)state;
    segment_cutter_init(&cutter, &params);
    segment_cutter_begin(&cutter, -10 * TARGET, true);
    segment_cutter_begin(&cutter, 0, false);
    return 0;
}

/* A publisher: it sends a picture every `frame`, an IDR `answer` after it was asked (negative:
 * never), and one every `period` by itself (0: none). */
typedef struct Publisher {
    int64_t frame, answer, period;
} Publisher;

typedef struct Run {
    int segments;
    int64_t shortest, longest;
    int starting_with_idr;
} Run;

/* Runs for `seconds` as pipeline.c does: pictures when they come, the clock in between. */
static Run run(const Publisher *p, int seconds)
{
    Run r = {.shortest = INT64_MAX};
    int64_t due = INT64_MAX, start = 0, next_natural = p->period;
    bool idr_pending = true;

    for (int64_t now = 0; now < seconds * TICKS_PER_S; now += MS(1)) {
        int64_t cut = -1;
        bool cuts = false, idr = false;
        if (segment_cutter_ask(&cutter, now) && p->answer >= 0 && due == INT64_MAX)
            due = now + p->answer;
        if (p->frame && now % p->frame < MS(1)) {
            idr = now >= due || (p->period && now >= next_natural) || idr_pending;
            idr_pending = false;
            if (idr)
                due = INT64_MAX;
            if (p->period && now >= next_natural)
                next_natural += p->period;
            cuts = segment_cutter_picture(&cutter, now, idr, false, &cut);
        }
        if (!cuts)
            cuts = segment_cutter_time(&cutter, p->frame ? now - WAIT : now, p->frame > 0, &cut);
        if (!cuts)
            continue;
        assert_true(cut > start && cut <= now);
        int64_t length = cut - start;
        r.shortest = length < r.shortest ? length : r.shortest;
        r.longest = length > r.longest ? length : r.longest;
        r.segments++;
        r.starting_with_idr += idr && cut == now;
        start = cut;
        segment_cutter_begin(&cutter, cut, false);
    }
    return r;
}

static void publishers_of_all_sorts(void **state)
{
    static const struct {
        const char *name;
        Publisher publisher;
        int64_t shortest, longest;
        int idr_percent; /* segments that begin with one, at least */
    } rows[] = {
        {"a browser", {FRAME, MS(40), 0}, MS(1850), MS(2100), 100},
        {"a slow network", {FRAME, MS(400), 0}, MS(1800), MS(2450), 99},
        {"15 pictures a second", {MS(66), MS(60), 0}, MS(1850), MS(2150), 100},
        {"a still screen", {MS(1000), MS(100), 0}, MS(1900), MS(2470), 0},
        {"key frames every second, deaf", {FRAME, -1, MS(1000)}, MS(1900), MS(2100), 100},
        {"key frames every half second, deaf", {FRAME, -1, MS(500)}, MS(1900), MS(2100), 100},
        {"key frames every 1.5 s, deaf", {FRAME, -1, MS(1500)}, MS(590), MS(2470), 98},
        {"key frames every 2 s, deaf", {FRAME, -1, MS(2000)}, MS(1900), MS(2100), 100},
        {"key frames every 10 s, deaf", {FRAME, -1, MS(10000)}, MS(100), MS(2470), 15},
        {"no key frames ever", {FRAME, -1, 0}, MS(2350), MS(2470), 0},
        {"no pictures", {0, -1, 0}, MS(2000), MS(2001), 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(NULL);
        Run r = run(&rows[i].publisher, 120);
        assert_row(r.segments > 45, rows[i].name, "%d segments in 120 s", r.segments);
        assert_row(r.shortest >= rows[i].shortest, rows[i].name, "shortest %lld ms",
                   (long long)(r.shortest / 90));
        assert_row(r.longest <= rows[i].longest, rows[i].name, "longest %lld ms",
                   (long long)(r.longest / 90));
        assert_row(r.starting_with_idr * 100 >= rows[i].idr_percent * (r.segments - 1),
                   rows[i].name, "%d of %d begin with an IDR", r.starting_with_idr, r.segments);
    }
}

/* RFC 8216 section 4.3.3.1, for any target and any publisher. */
static void the_promise_is_kept(void **state)
{
    (void)state;
    for (int64_t target_s = 1; target_s <= 10; target_s++) {
        int64_t limit = segment_limit_90k(target_s);
        assert_true(limit > target_s * TICKS_PER_S);
        assert_true((limit + 1920 + TICKS_PER_S / 2) / TICKS_PER_S <= target_s);
    }
}

static void asks_in_time_and_again(void **state)
{
    int64_t first = 0;

    (void)state;
    while (!segment_cutter_ask(&cutter, first))
        first += MS(1);
    assert_in_range(first, MS(1850), MS(1950));
    assert_false(segment_cutter_ask(&cutter, first + MS(159)));
    assert_true(segment_cutter_ask(&cutter, first + MS(160)));
    assert_int_equal(cutter.stats.asked, 2);
}

static void asks_a_fast_publisher_more_often(void **state)
{
    const struct {
        const char *name;
        int64_t lead, again;
    } rows[] = {
        {"at once", MS(-20), MS(100)}, {"fast", MS(60), MS(120)}, {"slow", MS(500), MS(250)}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        segment_cutter_begin(&cutter, 0, false);
        cutter.lead_90k = rows[i].lead;
        int64_t first = MS(2000) - rows[i].lead;
        assert_true(segment_cutter_ask(&cutter, first));
        assert_row(!segment_cutter_ask(&cutter, first + rows[i].again - 1), rows[i].name,
                   "too soon");
        assert_row(segment_cutter_ask(&cutter, first + rows[i].again), rows[i].name, "too late");
    }
}

static void learns_how_long_an_answer_takes(void **state)
{
    const Publisher slow = {MS(10), MS(300), 0};

    (void)state;
    Run r = run(&slow, 60);
    assert_in_range(cutter.stats.lead_90k, MS(290), MS(320));
    assert_in_range(r.longest, MS(1990), MS(2450));
    setup(NULL);
    run(&slow, 20);
    SegmentCutter settled = cutter;
    segment_cutter_begin(&settled, settled.last_idr_90k, false);
    int64_t ask = settled.start_90k;
    while (!segment_cutter_ask(&settled, ask))
        ask += MS(1);
    assert_in_range(ask - settled.start_90k, MS(1680), MS(1720));
}

static void a_restart_cuts_at_once(void **state)
{
    int64_t cut;

    (void)state;
    assert_false(segment_cutter_picture(&cutter, MS(300), true, false, &cut));
    assert_true(segment_cutter_picture(&cutter, MS(333), true, true, &cut));
    assert_int_equal(cut, MS(333));
}

static void an_idr_at_the_very_start_is_the_segments_own(void **state)
{
    int64_t cut;

    (void)state;
    assert_false(segment_cutter_picture(&cutter, 0, true, true, &cut));
}

/* A picture that comes long after the limit does not stretch the segment before it. */
static void a_late_picture_does_not_stretch_the_segment(void **state)
{
    int64_t cut, limit = segment_limit_90k(2);

    (void)state;
    assert_false(segment_cutter_picture(&cutter, MS(1900), false, false, &cut));
    assert_true(segment_cutter_picture(&cutter, MS(5000), true, false, &cut));
    assert_int_equal(cut, limit);
}

static void the_first_segments_are_short(void **state)
{
    static const int64_t lengths[] = {MS(500), MS(500), MS(1000), MS(2000), MS(2000)};
    int64_t ask = 0, start = 0, cut;

    (void)state;
    segment_cutter_begin(&cutter, 0, true);
    while (!segment_cutter_ask(&cutter, ask))
        ask += MS(1);
    assert_in_range(ask, MS(350), MS(450));
    assert_false(segment_cutter_picture(&cutter, ask, false, false, &cut));
    assert_true(segment_cutter_picture(&cutter, ask + MS(60), true, false, &cut));
    /* a publisher who does not answer has the usual time */
    segment_cutter_begin(&cutter, 0, true);
    assert_false(segment_cutter_picture(&cutter, MS(2000), false, false, &cut));
    assert_false(segment_cutter_time(&cutter, MS(2400), true, &cut));
    /* sound alone needs no answer */
    assert_true(segment_cutter_time(&cutter, MS(500), false, &cut));
    assert_int_equal(cut, MS(500));
    for (size_t i = 0; i < COUNT(lengths); i++) {
        segment_cutter_begin(&cutter, start, i == 0);
        assert_false(segment_cutter_time(&cutter, start + lengths[i] - 1, false, &cut));
        start += lengths[i];
        assert_true(segment_cutter_time(&cutter, start, false, &cut));
        assert_int_equal(cut, start);
    }
}

static void says_when_it_wants_to_be_called(void **state)
{
    int64_t ask = segment_cutter_ask_at_90k(&cutter), cut;

    (void)state;
    assert_false(segment_cutter_ask(&cutter, ask - 1));
    assert_true(segment_cutter_ask(&cutter, ask));
    for (int video = 0; video < 2; video++) {
        int64_t end = segment_cutter_end_90k(&cutter, video);
        assert_false(segment_cutter_time(&cutter, end - 1, video, &cut));
        assert_true(segment_cutter_time(&cutter, end, video, &cut));
        assert_int_equal(cut, video ? segment_limit_90k(2) : TARGET);
    }
}

/* Nothing but an IDR picture ends the asking, and it ends the segment too. */
static void a_segment_without_an_idr_is_ended_at_the_next_one(void **state)
{
    int64_t cut, limit = segment_limit_90k(2), start = limit - MS(10);

    (void)state;
    assert_true(segment_cutter_picture(&cutter, start, false, false, &cut));
    assert_true(segment_cutter_ask(&cutter, start)); /* though the cut is still under way */
    assert_false(segment_cutter_ask(&cutter, start + MS(99)));
    segment_cutter_begin(&cutter, cut, false);
    assert_true(segment_cutter_ask(&cutter, start + MS(100)));
    cutter.unresponsive = false;
    assert_true(segment_cutter_ask(&cutter, start + MS(260)));
    assert_false(segment_cutter_picture(&cutter, start + MS(300), false, false, &cut));
    assert_true(segment_cutter_picture(&cutter, start + MS(333), true, false, &cut));
    assert_int_equal(cut, start + MS(333));
    segment_cutter_begin(&cutter, cut, false);
    assert_false(segment_cutter_ask(&cutter, cut + MS(1000)));
    assert_false(segment_cutter_picture(&cutter, cut + MS(1000), true, false, &cut));
}

/* It needs sound of its own: what comes at once is in it, and the next IDR picture ends it. */
static void no_segment_is_of_a_few_pictures(void **state)
{
    int64_t cut, start = segment_limit_90k(2) - MS(10);

    (void)state;
    segment_cutter_picture(&cutter, start, false, false, &cut);
    segment_cutter_begin(&cutter, cut, false);
    assert_false(segment_cutter_picture(&cutter, start + MS(66), true, false, &cut));
    assert_true(segment_cutter_ask(&cutter, start + MS(66)));
    assert_true(segment_cutter_picture(&cutter, start + MS(166), true, false, &cut));
}

/* The first picture after a pause: the segment that time has begun begins with it. */
static void an_idr_that_comes_first_is_the_segments_own(void **state)
{
    int64_t cut, limit = segment_limit_90k(2);

    (void)state;
    for (int early = 0; early < 2; early++) {
        setup(NULL);
        assert_true(segment_cutter_time(&cutter, limit, true, &cut));
        if (early)
            segment_cutter_next_picture(&cutter, true);
        segment_cutter_begin(&cutter, cut, false);
        if (!early)
            assert_false(segment_cutter_picture(&cutter, limit + MS(500), true, false, &cut));
        assert_false(segment_cutter_ask(&cutter, limit + MS(600)));
        assert_false(segment_cutter_picture(&cutter, limit + MS(900), true, false, &cut));
    }
}

/* The clock may have been put back by seconds; who does not answer is asked less often. */
static void asks_whatever_the_clock_does(void **state)
{
    int64_t cut, start = segment_limit_90k(2) - MS(10);

    (void)state;
    segment_cutter_picture(&cutter, start, false, false, &cut);
    segment_cutter_begin(&cutter, cut, false);
    assert_true(segment_cutter_ask(&cutter, start + MS(4500)));
    assert_false(segment_cutter_ask(&cutter, start + MS(4450)));
    assert_true(segment_cutter_ask(&cutter, start + MS(20)));
    cutter.unresponsive = true;
    assert_false(segment_cutter_ask(&cutter, start + MS(419)));
    assert_true(segment_cutter_ask(&cutter, start + MS(420)));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(publishers_of_all_sorts),
    TEST(the_promise_is_kept),
    TEST(asks_in_time_and_again),
    TEST(asks_a_fast_publisher_more_often),
    TEST(learns_how_long_an_answer_takes),
    TEST(a_restart_cuts_at_once),
    TEST(an_idr_at_the_very_start_is_the_segments_own),
    TEST(a_late_picture_does_not_stretch_the_segment),
    TEST(the_first_segments_are_short),
    TEST(says_when_it_wants_to_be_called),
    TEST(a_segment_without_an_idr_is_ended_at_the_next_one),
    TEST(no_segment_is_of_a_few_pictures),
    TEST(an_idr_that_comes_first_is_the_segments_own),
    TEST(asks_whatever_the_clock_does),
};

TEST_GROUP(segment_cutter, tests);
