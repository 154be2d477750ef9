/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <fcntl.h>

#include "transcoder_rig.h"

static void rungs_come_of_pictures(void **state)
{
    TranscoderParams p = rig_params(RIG_LADDER);
    Rig r;

    (void)state;
    rig_open(&r, &p);
    rig_feed(&r, &source, 0, 20, 0);
    RIG_UNTIL(&r, r.units[1] == 20 && transcoder_stats(r.t).waiting == 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(r.units[i], 20);
        assert_int_equal(r.idrs[i], 2);
        assert_int_equal(r.last_90k[i], source.picture[19].pts_90k);
        assert_int_equal(r.told[i], 1);
    }
    assert_int_equal(r.rung[0].width, 160);
    assert_int_equal(r.rung[1].height, 90);
    TranscoderStats s = transcoder_stats(r.t);
    assert_true(s.runs);
    assert_int_equal(s.started, 1);
    assert_int_equal(s.faults, 0);
    assert_int_equal(s.given, 20);
    assert_int_equal(s.left_out, 0);
    assert_int_equal(s.decoded, 20);
    assert_int_equal(s.media_us, 19 * ticks_to_us(SOURCE_STEP_90K));
    assert_true(s.busy_us > 0);
    assert_int_equal(s.rung[1].units, 20);
    assert_true(s.rung[0].bytes > s.rung[1].bytes);
    assert_int_equal(transcoder_deadline_us(r.t), NEVER_US);
    assert_false(r.t->needs_key);
    rig_close(&r);
}

static void it_begins_with_a_key_picture(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    rig_open(&r, &p);
    assert_true(r.t->needs_key);
    rig_feed(&r, &source, 4, 20, 0);
    RIG_UNTIL(&r, r.units[0] == 10);
    assert_int_equal(transcoder_stats(r.t).left_out, 6);
    assert_int_equal(r.idrs[0], 1);
    rig_close(&r);
}

/* Of two pictures at one time the decoder takes the first, whatever the other is. */
static void two_pictures_at_one_time_are_no_fault(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    rig_open(&r, &p);
    rig_give(&r, &source, 0, 1, 0);
    rig_give(&r, &source, 1, 2, -SOURCE_STEP_90K);
    rig_feed(&r, &source, 2, 10, 0);
    assert_int_equal(r.units[0], 9);
    assert_int_equal(r.idrs[0], 1);
    assert_int_equal(transcoder_stats(r.t).faults, 0);
    rig_close(&r);
}

static void an_encoder_that_is_not_there_is_refused_once(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    strcpy(p.config.encoder, "h264_of_nobody");
    rig_open(&r, &p);
    RIG_UNTIL(&r, r.t->state == TRANSCODER_REFUSES);
    TranscoderStats s = transcoder_stats(r.t);
    assert_non_null(strstr(s.refused, "no encoder \"h264_of_nobody\""));
    assert_int_equal(s.faults, 0);
    assert_int_equal(transcoder_deadline_us(r.t), r.now_us + 5 * US_PER_MS); /* to reap it */
    RIG_UNTIL(&r, r.t->process.pid == 0);
    assert_int_equal(transcoder_deadline_us(r.t), NEVER_US);
    r.now_us += 3600 * US_PER_S;
    rig_give(&r, &source, 0, 2, 0);
    transcoder_want(r.t, 1, r.now_us);
    transcoder_work(r.t, r.now_us);
    assert_int_equal(transcoder_stats(r.t).started, 1);
    rig_close(&r);
}

static void a_program_that_is_not_there_is_tried_again_less_and_less_often(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    int64_t expected_us = 250 * US_PER_MS;
    Rig r;

    (void)state;
    p.program = "/nowhere/hls-transcoder";
    rig_open(&r, &p);
    for (uint64_t i = 1; i < 12; i++) {
        assert_int_equal(transcoder_stats(r.t).faults, i);
        assert_int_equal(transcoder_deadline_us(r.t) - r.now_us, expected_us);
        expected_us = smaller(2 * expected_us, 30 * US_PER_S);
        r.now_us = transcoder_deadline_us(r.t) - 1;
        transcoder_work(r.t, r.now_us);
        assert_int_equal(transcoder_stats(r.t).faults, i);
        transcoder_work(r.t, ++r.now_us);
    }
    assert_int_equal(transcoder_stats(r.t).started, 0);
    rig_close(&r);
}

static void what_nobody_wants_costs_no_process(void **state)
{
    TranscoderParams p = rig_params(RIG_LADDER);
    Rig r;

    (void)state;
    rig_open(&r, &p);
    rig_feed(&r, &source, 0, 10, 0);
    RIG_UNTIL(&r, r.units[1] == 10);
    transcoder_want(r.t, 2, r.now_us);
    rig_feed(&r, &source, 10, 20, 0);
    RIG_UNTIL(&r, r.units[1] == 20);
    assert_int_equal(r.units[0], 10);
    assert_int_equal(r.rung[0].width, 0);
    transcoder_want(r.t, 0, r.now_us);
    RIG_UNTIL(&r, rig_is_down(&r));
    assert_int_equal(r.t->process.pid, 0);
    assert_int_equal(r.rung[1].width, 0);
    assert_int_equal(transcoder_stats(r.t).faults, 0);
    assert_int_equal(transcoder_stats(r.t).encoders, 0);
    assert_int_equal(transcoder_deadline_us(r.t), NEVER_US);
    transcoder_want(r.t, 3, r.now_us);
    transcoder_work(r.t, r.now_us);
    rig_feed(&r, &source, 0, 10, 90000);
    RIG_UNTIL(&r, r.units[0] == 20 && r.units[1] == 30);
    assert_int_equal(transcoder_stats(r.t).started, 2);
    rig_close(&r);
}

/* Two streams with the encoders of one budget. */
static void open_two(Rig *a, Rig *b, EncoderBudget *budget)
{
    TranscoderParams p = rig_params(RIG_LADDER);

    p.budget = budget;
    rig_open(a, &p);
    rig_open(b, &p);
}

/* A fault each time, and a wait of 30 s between them: others have none for as long. */
static void one_that_waits_for_its_next_start_gives_encoders_away(void **state)
{
    EncoderBudget budget = {.left = 2};
    TranscoderParams p = rig_params(RIG_LADDER);
    Rig a, b;

    (void)state;
    p.budget = &budget;
    p.program = "/nowhere/hls-transcoder";
    rig_open(&a, &p);
    p.program = TRANSCODER;
    rig_open(&b, &p);
    assert_int_equal(transcoder_stats(a.t).encoders, 2);
    assert_int_equal(transcoder_stats(b.t).encoders, 0);
    transcoder_work(a.t, a.now_us); /* it is not due */
    assert_int_equal(transcoder_stats(a.t).faults, 1);
    assert_int_equal(transcoder_stats(a.t).encoders, 1);
    b.now_us = transcoder_deadline_us(b.t);
    transcoder_work(b.t, b.now_us);
    assert_int_equal(transcoder_stats(b.t).encoders, 1);
    assert_int_equal(transcoder_stats(b.t).started, 1);
    rig_close(&a);
    rig_close(&b);
    assert_int_equal(budget.left, 2);
}

static void encoders_are_shared_and_the_top_rungs_go_without(void **state)
{
    EncoderBudget budget = {.left = 3};
    Rig a, b;

    (void)state;
    open_two(&a, &b, &budget);
    assert_int_equal(budget.left, 0);
    rig_feed(&a, &source, 0, 10, 0);
    rig_feed(&b, &source, 0, 10, 0);
    RIG_UNTIL(&a, a.units[0] == 10 && a.units[1] == 10);
    RIG_UNTIL(&b, b.units[1] == 10);
    assert_int_equal(b.units[0], 0);
    assert_int_equal(transcoder_stats(b.t).encoders, 1);
    rig_close(&a);
    assert_int_equal(budget.left, 2);
    transcoder_work(b.t, b.now_us); /* takes what it was without */
    assert_int_equal(budget.left, 1);
    rig_feed(&b, &source, 10, 20, 0);
    RIG_UNTIL(&b, b.units[0] == 10 && b.units[1] == 20);
    rig_close(&b);
    assert_int_equal(budget.left, 3);
}

static void a_top_rung_stops_for_a_stream_that_has_no_encoder(void **state)
{
    EncoderBudget budget = {.left = 2};
    Rig a, b;

    (void)state;
    open_two(&a, &b, &budget);
    assert_int_equal(transcoder_stats(b.t).rung[1].state, RUNG_CROWDED);
    rig_feed(&a, &source, 0, 10, 0);
    RIG_UNTIL(&a, a.units[1] == 10);
    assert_int_equal(transcoder_stats(a.t).encoders, 1);
    b.now_us += US_PER_S; /* it looks again */
    RIG_UNTIL(&b, transcoder_stats(b.t).runs);
    rig_feed(&b, &source, 0, 10, 0);
    RIG_UNTIL(&b, b.units[1] == 10);
    assert_int_equal(b.units[0], 0);
    transcoder_work(a.t, a.now_us);
    assert_int_equal(transcoder_stats(a.t).encoders, 1);
    assert_int_equal(transcoder_stats(a.t).rung[0].state, RUNG_CROWDED);
    assert_int_equal(transcoder_stats(b.t).rung[0].state, RUNG_CROWDED);
    assert_int_equal(transcoder_stats(b.t).rung[1].state, RUNG_MADE);
    rig_close(&a);
    rig_close(&b);
    assert_int_equal(budget.left, 2);
}

static void a_stream_has_no_more_encoders_than_it_may(void **state)
{
    TranscoderParams p = rig_params(RIG_LADDER);
    Rig r;

    (void)state;
    p.encoders = 1;
    rig_open(&r, &p);
    rig_feed(&r, &source, 0, 20, 0);
    RIG_UNTIL(&r, r.units[1] == 20);
    assert_int_equal(r.units[0], 0);
    transcoder_want(r.t, 1, r.now_us);
    rig_feed(&r, &source, 0, 10, 90000);
    RIG_UNTIL(&r, r.units[0] == 10);
    rig_close(&r);
}

static void it_has_no_files_no_environment_and_little_of_the_machine(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    char path[64], text[512];
    Rig r;

    (void)state;
    int left_open = fcntl(STDOUT_FILENO, F_DUPFD, 10); /* without O_CLOEXEC, as a library may */
    assert_true(left_open >= 10);
    rig_open(&r, &p);
    RIG_UNTIL(&r, transcoder_stats(r.t).runs);
    int pid = r.t->process.pid;
    for (int fd = 0; fd < 64; fd++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
        ssize_t len = readlink(path, text, sizeof(text) - 1);
        text[len < 0 ? 0 : len] = '\0';
        assert_string_equal(fd < 3 ? text : "", fd < 3 ? "/dev/null" : "");
        assert_true(fd == 3 ? strncmp(text, "socket:", 7) == 0 : fd < 3 || len < 0);
    }
    snprintf(path, sizeof(path), "/proc/%d/environ", pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(text, 1, sizeof(text), f), 0);
    fclose(f);
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    f = fopen(path, "r");
    assert_non_null(f);
    bool filtered = false, shut = false;
    while (fgets(text, sizeof(text), f)) {
        filtered = filtered || strcmp(text, "Seccomp:\t2\n") == 0;
        shut = shut || strcmp(text, "NoNewPrivs:\t1\n") == 0;
    }
    fclose(f);
    assert_true(filtered && shut);
    snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    assert_string_equal(text, "1000\n");
    fclose(f);
    close(left_open);
    rig_close(&r);
}

/* What decoders, encoders and their threads need is what the sandbox lets them have. */
static void every_codec_works_shut_in(void **state)
{
    static const struct {
        SourceParams source;
        const char *ladder;
        int threads;
    } rows[] = {
        {{"libvpx", CODEC_VP8, 160, 120, 8, 4, 0, 0}, RIG_LADDER, 1},
        {{"libvpx-vp9", CODEC_VP9, 160, 120, 8, 4, 0, 0}, RIG_LADDER, 1},
        {{"libsvtav1", CODEC_AV1, 160, 120, 8, 4, 0, 0}, RIG_LADDER, 1},
        {{"libx265", CODEC_H265, 160, 120, 8, 4, 0, 0}, RIG_LADDER, 1},
        {{"libx264", CODEC_H264, 1440, 1080, 4, 2, 0, 0}, "1080p:3M,120p:200k", 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        TranscoderParams p = rig_params(rows[i].ladder);
        CodedSource s;
        Rig r;

        source_make(&s, &rows[i].source);
        p.config.codec = rows[i].source.codec;
        p.config.threads = rows[i].threads;
        rig_open(&r, &p);
        rig_feed(&r, &s, 0, s.count, 0);
        for (size_t rung = 0; rung < 2; rung++)
            assert_row(r.units[rung] == s.count, rows[i].source.encoder, "%zu units of rung %zu",
                       r.units[rung], rung);
        assert_row(transcoder_stats(r.t).faults == 0, rows[i].source.encoder, "it failed");
        rig_close(&r);
        source_free(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rungs_come_of_pictures),
    cmocka_unit_test(it_begins_with_a_key_picture),
    cmocka_unit_test(two_pictures_at_one_time_are_no_fault),
    cmocka_unit_test(an_encoder_that_is_not_there_is_refused_once),
    cmocka_unit_test(a_program_that_is_not_there_is_tried_again_less_and_less_often),
    cmocka_unit_test(what_nobody_wants_costs_no_process),
    cmocka_unit_test(one_that_waits_for_its_next_start_gives_encoders_away),
    cmocka_unit_test(encoders_are_shared_and_the_top_rungs_go_without),
    cmocka_unit_test(a_top_rung_stops_for_a_stream_that_has_no_encoder),
    cmocka_unit_test(a_stream_has_no_more_encoders_than_it_may),
    cmocka_unit_test(every_codec_works_shut_in),
    cmocka_unit_test(it_has_no_files_no_environment_and_little_of_the_machine),
};

TEST_GROUP(transcoder, tests, .setup = rig_source_make, .teardown = rig_source_free);
