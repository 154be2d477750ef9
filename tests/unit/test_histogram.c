/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/base/histogram.h"
#include "hls-bridge/base/metrics_text.h"

static const HistogramBounds bounds = {3, {10, 100, 1000}};

static void counts_by_upper_bound(void **state)
{
    static const struct {
        int64_t us;
        size_t bucket;
        int64_t sum_us;
    } rows[] = {{-5, 0, 0},
                {0, 0, 0},
                {10, 0, 10},
                {11, 1, 11},
                {1000, 2, 1000},
                {1001, 3, 1001},
                {INT64_MAX, 3, 3600 * US_PER_S}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Histogram h = {.bounds = &bounds};
        histogram_add(&h, rows[i].us);
        assert_int_equal(h.buckets[rows[i].bucket], 1);
        assert_int_equal(histogram_count(&h), 1);
        assert_int_equal(h.sum_us, rows[i].sum_us);
    }
}

static void merges(void **state)
{
    Histogram a = {.bounds = &bounds}, b = a;

    (void)state;
    histogram_add(&a, 5);
    histogram_add(&b, 50);
    histogram_add(&b, 5000);
    histogram_merge(&a, &b);
    assert_int_equal(histogram_count(&a), 3);
    assert_int_equal(a.sum_us, 5055);
    assert_int_equal(a.buckets[3], 1);
}

/* Each bucket has what is below it too, and the last one has all. */
static void is_written_as_prometheus_wants_it(void **state)
{
    Histogram h = {.bounds = &bounds};
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(out);
    histogram_add(&h, 5);
    histogram_add(&h, 50);
    histogram_add(&h, 5000);
    metrics_histogram(out, "x_seconds", "stream=\"a\"", &h);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text,
                        "x_seconds_bucket{stream=\"a\",le=\"1e-05\"} 1\n"
                        "x_seconds_bucket{stream=\"a\",le=\"0.0001\"} 2\n"
                        "x_seconds_bucket{stream=\"a\",le=\"0.001\"} 2\n"
                        "x_seconds_bucket{stream=\"a\",le=\"+Inf\"} 3\n"
                        "x_seconds_sum{stream=\"a\"} 0.005055\n"
                        "x_seconds_count{stream=\"a\"} 3\n");
    free(text);
}

static void bounds_rise(void **state)
{
    static const HistogramBounds *const all[] = {&histogram_of_segments, &histogram_of_lateness,
                                                 &histogram_of_latency, &histogram_of_writes};

    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_true(all[i]->count > 1);
        for (size_t k = 0; k < all[i]->count; k++)
            assert_true(all[i]->at_us[k] > (k ? all[i]->at_us[k - 1] : 0));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counts_by_upper_bound),
    cmocka_unit_test(merges),
    cmocka_unit_test(is_written_as_prometheus_wants_it),
    cmocka_unit_test(bounds_rise),
};

TEST_GROUP(histogram, tests);
