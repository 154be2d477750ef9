/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <math.h>

#include "instruments/hls-doctor/marks.h"

#define WIDTH        320
#define HEIGHT       180
#define CELLS        40
#define FPS          30
#define SECONDS      12
#define TICKS_PER_MS 90
#define START_90K    900000
#define SAMPLE_RATE  48000
#define FRAME        1024        /* samples */
#define CODE         4294967000u /* of the first picture: the code wraps within the run */
#define WITHIN_MS    1.0

/* A stream of the test card, and what has become of it. What happens to marks happens to those of
 * every third second. */
typedef struct Row {
    const char *name;
    int sound_late_ms, picture_late_ms;      /* all of it, against its own times */
    int drawn_late_ms;                       /* a flash's first picture, and its clock says so */
    int lost_pictures;                       /* the first of a flash */
    int shown_late_ms;                       /* a flash's first picture, and its clock does not */
    int beep_begins_late_ms, beep_ends_late; /* ms; below 0: it ends sooner */
    bool no_code;
    double median_ms, p95_ms;
    size_t pairs, cut;
} Row;

static const Row rows[] = {
    {.name = "all is well", .pairs = 12},
    {.name = "late sound", .sound_late_ms = 30, .median_ms = 30, .p95_ms = 30, .pairs = 12},
    {.name = "late pictures", .picture_late_ms = 20, .median_ms = -20, .p95_ms = 20, .pairs = 12},
    {.name = "flashes drawn late", .drawn_late_ms = 28, .pairs = 12},
    {.name = "flashes drawn late, no clock",
     .drawn_late_ms = 28,
     .no_code = true,
     .p95_ms = 28,
     .pairs = 12},
    {.name = "flashes whose first picture is lost", .lost_pictures = 1, .pairs = 12},
    {.name = "flashes shown late", .shown_late_ms = 25, .p95_ms = 25, .pairs = 12},
    {.name = "lost flashes", .lost_pictures = 4, .pairs = 8},
    {.name = "beeps that begin late", .beep_begins_late_ms = 20, .pairs = 8, .cut = 4},
    {.name = "beeps that end soon", .beep_ends_late = -20, .pairs = 8, .cut = 4},
    {.name = "beeps drawn out", .beep_ends_late = 20, .pairs = 8, .cut = 4},
    {.name = "late beeps that are whole",
     .beep_begins_late_ms = 30,
     .beep_ends_late = 30,
     .p95_ms = 30,
     .pairs = 12},
    {.name = "no clock in the picture",
     .sound_late_ms = 10,
     .no_code = true,
     .median_ms = 10,
     .p95_ms = 10,
     .pairs = 12},
};

static bool is_spoilt(int second)
{
    return second % 3 == 1;
}

static void fill(AVFrame *frame, int left, int right, int top, int bottom, bool white)
{
    for (int y = top; y < bottom; y++)
        memset(frame->data[0] + (ptrdiff_t)y * frame->linesize[0] + left, white ? 235 : 16,
               (size_t)(right - left));
}

static void draw(AVFrame *frame, bool flash, bool has_code, uint32_t code)
{
    uint32_t sum = (code ^ code >> 8 ^ code >> 16 ^ code >> 24 ^ 0xA5) & 0xFF;
    uint64_t cells = (uint64_t)code << 8 | sum;

    fill(frame, 0, WIDTH, 0, HEIGHT, false);
    fill(frame, WIDTH * 8 / 10, WIDTH * 96 / 100, HEIGHT * 36 / 100, HEIGHT * 74 / 100, flash);
    for (int i = 0; has_code && i < CELLS; i++)
        fill(frame, i * WIDTH / CELLS, (i + 1) * WIDTH / CELLS, HEIGHT * 17 / 18, HEIGHT,
             cells >> (CELLS - 1 - i) & 1);
}

static void put_pictures(Marks *marks, const Row *row)
{
    AVFrame *frame = av_frame_alloc();

    frame->format = AV_PIX_FMT_GRAY8;
    frame->width = WIDTH;
    frame->height = HEIGHT;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int i = 0; i < SECONDS * FPS; i++) {
        int in_second = i % FPS;
        bool spoilt = is_spoilt(i / FPS);
        bool late = spoilt && in_second == 0;
        int shown_ms = i * 1000 / FPS + (late ? row->drawn_late_ms : 0);
        if (spoilt && in_second < row->lost_pictures)
            continue;
        draw(frame, in_second < 3, !row->no_code, CODE + (uint32_t)shown_ms);
        marks_picture(marks, frame,
                      START_90K +
                          (shown_ms + row->picture_late_ms + (late ? row->shown_late_ms : 0)) *
                              (int64_t)TICKS_PER_MS);
    }
    av_frame_free(&frame);
}

/* The sample of the test card's sound. */
static float sample_of(const Row *row, int64_t sample)
{
    double ms = (double)sample * 1000 / SAMPLE_RATE - row->sound_late_ms;
    int second = (int)floor(ms / 1000);
    double in_second = ms - second * 1000.0;
    double begins = is_spoilt(second) ? row->beep_begins_late_ms : 0;
    double ends = 100 + (is_spoilt(second) ? row->beep_ends_late : 0);

    if (ms < 0 || in_second < begins || in_second >= ends)
        return 0;
    return (float)(0.5 * sin(2 * M_PI * in_second));
}

static void put_sound(Marks *marks, const Row *row)
{
    AVFrame *frame = av_frame_alloc();

    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->nb_samples = FRAME;
    frame->sample_rate = SAMPLE_RATE;
    av_channel_layout_default(&frame->ch_layout, 1);
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    /* the last one ends within a beep */
    for (int64_t at = 0; at < (int64_t)SECONDS * SAMPLE_RATE; at += FRAME) {
        for (int i = 0; i < FRAME; i++)
            ((float *)(void *)frame->data[0])[i] = sample_of(row, at + i);
        marks_sound(marks, frame, START_90K + at * 15 / 8);
    }
    av_frame_free(&frame);
}

static void test_skew(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const Row *row = &rows[i];
        Marks *marks = marks_create();
        put_pictures(marks, row);
        put_sound(marks, row);
        MarksReport r = marks_report(marks);
        assert_row(r.pairs == row->pairs && r.beeps_cut == row->cut, row->name,
                   "%zu pairs, %zu beeps cut", r.pairs, r.beeps_cut);
        assert_row(fabs(r.skew_median_ms - row->median_ms) < WITHIN_MS &&
                       fabs(r.skew_p95_ms - row->p95_ms) < WITHIN_MS,
                   row->name, "median %.2f ms, 95 %% within %.2f ms", r.skew_median_ms,
                   r.skew_p95_ms);
        marks_destroy(&marks);
    }
}

/* Of fewer bytes than the usual ones have: no more are read than there are. */
static void other_pictures_and_sounds_have_no_marks(void **state)
{
    AVFrame *picture = av_frame_alloc(), *sound = av_frame_alloc();
    Marks *marks = marks_create();

    (void)state;
    picture->format = AV_PIX_FMT_MONOBLACK;
    picture->width = WIDTH;
    picture->height = HEIGHT;
    assert_int_equal(av_frame_get_buffer(picture, 0), 0);
    memset(picture->data[0], 0xFF, (size_t)picture->linesize[0] * HEIGHT);
    marks_picture(marks, picture, START_90K);
    sound->format = AV_SAMPLE_FMT_S16P;
    sound->nb_samples = FRAME;
    sound->sample_rate = SAMPLE_RATE;
    av_channel_layout_default(&sound->ch_layout, 1);
    assert_int_equal(av_frame_get_buffer(sound, 0), 0);
    memset(sound->data[0], 0, FRAME * sizeof(int16_t));
    marks_sound(marks, sound, START_90K);
    MarksReport r = marks_report(marks);
    assert_int_equal(r.pictures, 1);
    assert_int_equal(r.flashes, 0);
    assert_int_equal(r.beeps, 0);
    marks_destroy(&marks);
    av_frame_free(&picture);
    av_frame_free(&sound);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_skew),
    cmocka_unit_test(other_pictures_and_sounds_have_no_marks),
};

TEST_GROUP(marks, tests);
