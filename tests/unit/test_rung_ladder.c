/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/rung_ladder.h"

static void reads_rungs_and_sound(void **state)
{
    static const struct {
        const char *text;
        RungLadder is;
    } rows[] = {
        {"", {0}},
        {"  ", {0}},
        {"720p:2500k, 480p:900k, 240p:250k, audio:48k",
         {.count = 3,
          .rung = {{720, 2500000, false}, {480, 900000, false}, {240, 250000, false}},
          .audio_bitrate = 48000}},
        {"audio:48k,1080p:4.5M,180p:120k/2",
         {.count = 2,
          .rung = {{1080, 4500000, false}, {180, 120000, true}},
          .audio_bitrate = 48000}},
        {"\t480p:0.9M\t", {.count = 1, .rung = {{480, 900000, false}}}},
        {"480p:900.125k", {.count = 1, .rung = {{480, 900125, false}}}},
        {"96p:60k,95p:59k,94p:58k,93p:57k,92p:56k,91p:55k",
         {.count = 6,
          .rung = {{96, 60000, false},
                   {95, 59000, false},
                   {94, 58000, false},
                   {93, 57000, false},
                   {92, 56000, false},
                   {91, 55000, false}}}},
    };
    char error[RUNG_LADDER_ERROR_SIZE];
    RungLadder l;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = rung_ladder_read(rows[i].text, &l, error);
        assert_row(status == 0, rows[i].text, "%s", error);
        assert_row(l.count == rows[i].is.count, rows[i].text, "%zu", l.count);
        assert_row(l.audio_bitrate == rows[i].is.audio_bitrate, rows[i].text, "%lld",
                   (long long)l.audio_bitrate);
        for (size_t r = 0; r < l.count; r++) {
            const Rung *a = &l.rung[r], *b = &rows[i].is.rung[r];
            assert_row(a->side == b->side && a->bitrate == b->bitrate && a->halved == b->halved,
                       rows[i].text, "%dp:%lld%s", a->side, (long long)a->bitrate,
                       a->halved ? "/2" : "");
        }
    }
}

static void says_what_is_wrong_and_what_to_do(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"480:900k", "\"480:900k\" in the ladder: write a rung as \"480p:900k\""},
        {"x", "write a rung as"},
        {"99999p:900k", "write a rung as"},
        {"480p", "write a rung as"},
        {"480p:", "the rate is a number with k or M"},
        {"480p:900", "the rate is a number with k or M"},
        {"480p:900000000k", "the rate is a number with k or M"},
        {"480p:900kbit", "behind the rate may stand"},
        {"480p:900k;240p:100k", "behind the rate may stand"},
        {"480p:900k,", "a rung is missing"},
        {",480p:900k", "a rung is missing"},
        {"480p:900k,,240p:100k", "a rung is missing"},
        {"80p:900k", "90p to 2160p"},
        {"2161p:900k", "90p to 2160p"},
        {"480p:49k", "50k to 50M"},
        {"480p:51M", "50k to 50M"},
        {"240p:250k/2", "leave out the \"/2\""},
        {"240p:250k,480p:900k", "put the largest first"},
        {"480p:900k,480p:800k", "put the largest first"},
        {"480p:900k,240p:900k", "give it a lower one"},
        {"96p:60k,95p:59k,94p:58k,93p:57k,92p:56k,91p:55k,90p:54k", "room for six rungs"},
        {"audio:48k", "has no rung of pictures"},
        {"480p:900k,audio:16k", "of 24k to 128k"},
        {"480p:900k,audio:129k", "of 24k to 128k"},
        {"480p:900k,audio:48k,audio:64k", "one second sound"},
        {"480p:900k\n", "\"480p:900k?\""},
        {"a very long entry that is longer than what an error can show of one", "write a rung"},
    };
    char error[RUNG_LADDER_ERROR_SIZE];
    RungLadder l;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = rung_ladder_read(rows[i].text, &l, error);
        assert_row(status == -1 && l.count == 0, rows[i].text, "%d, %zu rungs", status, l.count);
        assert_row(strstr(error, rows[i].error), rows[i].text, "%s", error);
    }
}

/* 1080p 720p 480p 240p of sources of several sizes */
static void keeps_the_aspect_and_scales_nothing_up(void **state)
{
    static const struct {
        const char *name;
        int width, height;
        RungSize is[4];
    } rows[] = {
        {"HD", 1280, 720, {{0, 0}, {1280, 720}, {854, 480}, {426, 240}}},
        {"full HD", 1920, 1080, {{1920, 1080}, {1280, 720}, {854, 480}, {426, 240}}},
        {"upright", 720, 1280, {{0, 0}, {720, 1280}, {480, 854}, {240, 426}}},
        {"4:3", 640, 480, {{0, 0}, {0, 0}, {640, 480}, {320, 240}}},
        {"between two", 960, 540, {{0, 0}, {0, 0}, {854, 480}, {426, 240}}},
        {"odd", 641, 481, {{0, 0}, {0, 0}, {640, 480}, {320, 240}}},
        {"odd, at a rung", 1281, 720, {{0, 0}, {1280, 720}, {854, 480}, {428, 240}}},
        {"below all", 320, 180, {{0, 0}, {0, 0}, {0, 0}, {320, 180}}},
        {"tiny", 1, 1, {{0, 0}, {0, 0}, {0, 0}, {2, 2}}},
        {"a strip", 8192, 240, {{0, 0}, {0, 0}, {0, 0}, {8192, 240}}},
        {"nothing", 0, 720, {{0, 0}, {0, 0}, {0, 0}, {0, 0}}},
        {"too large", 8193, 720, {{0, 0}, {0, 0}, {0, 0}, {0, 0}}},
    };
    char error[RUNG_LADDER_ERROR_SIZE];
    RungLadder l;

    (void)state;
    assert_int_equal(rung_ladder_read("1080p:4M,720p:2M,480p:900k,240p:250k", &l, error), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        RungSize size[RUNGS_MAX];
        size_t made = rung_ladder_sizes(&l, rows[i].width, rows[i].height, size), there = 0;

        for (size_t r = 0; r < l.count; r++) {
            assert_row(size[r].width == rows[i].is[r].width &&
                           size[r].height == rows[i].is[r].height,
                       rows[i].name, "rung %zu is %dx%d", r, size[r].width, size[r].height);
            there += size[r].width > 0;
        }
        assert_row(made == there, rows[i].name, "%zu told, %zu there", made, there);
    }
}

/* What viewers cannot have as it is they have in all rungs, those above it in its size. */
static void all_rungs_are_there_of_what_is_not_copied(void **state)
{
    static const struct {
        const char *name;
        int width, height;
        RungSize is[3];
        int64_t bitrate[3];
    } rows[] = {
        {"HD", 1280, 720, {{1280, 720}, {854, 480}, {426, 240}}, {2000000, 900000, 250000}},
        {"between two", 640, 360, {{640, 360}, {640, 360}, {426, 240}}, {500000, 506250, 250000}},
        {"upright", 360, 640, {{360, 640}, {360, 640}, {240, 426}}, {500000, 506250, 250000}},
        {"below all", 160, 90, {{160, 90}, {160, 90}, {160, 90}}, {50000, 50000, 50000}},
        {"nothing", 0, 720, {{0, 0}, {0, 0}, {0, 0}}, {50000, 50000, 50000}},
    };
    char error[RUNG_LADDER_ERROR_SIZE];
    RungLadder l;

    (void)state;
    assert_int_equal(rung_ladder_read("720p:2M,480p:900k,240p:250k", &l, error), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        RungSize size[RUNGS_MAX];
        size_t made = rung_ladder_all_sizes(&l, rows[i].width, rows[i].height, size);

        assert_row(made == (rows[i].width > 0 ? 3 : 0), rows[i].name, "%zu", made);
        for (size_t r = 0; r < l.count; r++) {
            int64_t rate = rung_ladder_bitrate(&l.rung[r], &size[r]);
            assert_row(size[r].width == rows[i].is[r].width &&
                           size[r].height == rows[i].is[r].height,
                       rows[i].name, "rung %zu is %dx%d", r, size[r].width, size[r].height);
            assert_row(rate == rows[i].bitrate[r], rows[i].name, "rung %zu has %lld", r,
                       (long long)rate);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_rungs_and_sound),
    cmocka_unit_test(says_what_is_wrong_and_what_to_do),
    cmocka_unit_test(keeps_the_aspect_and_scales_nothing_up),
    cmocka_unit_test(all_rungs_are_there_of_what_is_not_copied),
};

TEST_GROUP(rung_ladder, tests);
