/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <sys/prctl.h>

#include "transcoder_rig.h"

/* What a transcoder may do wrong: the bridge goes on, counts it, and starts another one. */

/* Another process does it now, as the first did. */
static void comes_back(Rig *r, int64_t later_90k)
{
    size_t before = r->units[0];

    rig_restart(r);
    assert_int_equal(r->rung[0].width, 0); /* it was told that the rung stands still */
    assert_true(r->t->needs_key);
    rig_feed(r, &source, 0, 10, later_90k);
    RIG_UNTIL(r, r->units[0] == before + 10);
    assert_true(transcoder_stats(r->t).runs);
}

static void one_that_is_killed_is_started_again(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    rig_open(&r, &p);
    for (int64_t i = 0; i < 3; i++) {
        rig_feed(&r, &source, 0, 10, i * 90000);
        RIG_UNTIL(&r, r.units[0] == (size_t)(20 * i + 10));
        rig_signal(&r, SIGKILL);
        RIG_UNTIL(&r, rig_is_down(&r));
        assert_int_equal(transcoder_deadline_us(r.t) - r.now_us, (250 * US_PER_MS) << i);
        comes_back(&r, i * 90000 + 45000);
    }
    TranscoderStats s = transcoder_stats(r.t);
    assert_int_equal(s.faults, 3);
    assert_int_equal(s.started, 4);
    assert_int_equal(s.decoded, 60);
    assert_int_equal(s.stood_still, 0);
    assert_int_equal(s.forbidden, 0);
    rig_close(&r);
}

static void one_that_ran_well_is_started_again_soon(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    rig_open(&r, &p);
    r.t->wait_us = 16 * US_PER_S; /* as after several faults */
    rig_feed(&r, &source, 0, 10, 0);
    RIG_UNTIL(&r, r.units[0] == 10);
    r.now_us += 31 * US_PER_S;
    rig_signal(&r, SIGKILL);
    RIG_UNTIL(&r, rig_is_down(&r));
    assert_int_equal(transcoder_deadline_us(r.t) - r.now_us, 250 * US_PER_MS);
    rig_close(&r);
}

static void one_that_stands_still_is_found_and_killed(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    rig_open(&r, &p);
    rig_feed(&r, &source, 0, 5, 0);
    RIG_UNTIL(&r, r.units[0] == 5 && transcoder_stats(r.t).waiting == 0);
    rig_signal(&r, SIGSTOP);
    /* with nothing to do it owes nothing */
    r.now_us += 3600 * US_PER_S;
    transcoder_work(r.t, r.now_us);
    assert_int_equal(r.t->state, TRANSCODER_RUNS);
    rig_give(&r, &source, 5, 6, 0);
    /* the bridge itself was held up for an hour: that is nobody's fault */
    r.now_us += 3600 * US_PER_S;
    transcoder_work(r.t, r.now_us);
    assert_int_equal(r.t->state, TRANSCODER_RUNS);
    for (int i = 0; i < 8; i++) {
        r.now_us = transcoder_deadline_us(r.t);
        transcoder_work(r.t, r.now_us);
        assert_int_equal(r.t->state, TRANSCODER_RUNS);
    }
    r.now_us = transcoder_deadline_us(r.t);
    transcoder_work(r.t, r.now_us);
    assert_int_equal(r.t->state, TRANSCODER_ENDS);
    assert_int_equal(transcoder_stats(r.t).stood_still, 1);
    comes_back(&r, 90000);
    rig_close(&r);
}

static void one_that_hangs_in_a_picture_is_found_too(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    p.config.fault = TRANSCODE_HANGS;
    rig_open(&r, &p);
    RIG_UNTIL(&r, transcoder_stats(r.t).runs);
    rig_give(&r, &source, 0, 2, 0);
    for (int i = 0; i < 12 && r.t->state == TRANSCODER_RUNS; i++) {
        r.now_us += 200 * US_PER_MS;
        transcoder_work(r.t, r.now_us);
    }
    assert_int_equal(transcoder_stats(r.t).stood_still, 1);
    rig_close(&r);
}

static void one_that_takes_no_more_pictures_is_given_none_and_goes_on_at_a_key_picture(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    rig_open(&r, &p);
    rig_feed(&r, &source, 0, 10, 0);
    RIG_UNTIL(&r, r.units[0] == 10 && transcoder_stats(r.t).waiting == 0);
    rig_signal(&r, SIGSTOP);
    for (int64_t i = 1; i <= 50; i++)
        rig_give(&r, &source, 0, 20, i * 90000);
    TranscoderStats s = transcoder_stats(r.t);
    assert_int_equal(s.waiting, 60);
    assert_int_equal(s.given, 70);
    assert_int_equal(s.left_out, 1000 - 60);
    assert_true(r.t->out.len < 8 << 20);
    assert_true(r.t->needs_key);
    rig_signal(&r, SIGCONT);
    RIG_UNTIL(&r, transcoder_stats(r.t).waiting == 0);
    size_t before = r.units[0];
    assert_in_range(before, 13, 70); /* it may leave pictures out, and no key picture */
    rig_feed(&r, &source, 5, 20, 100 * 90000);
    RIG_UNTIL(&r, r.units[0] == before + 10);
    assert_int_equal(transcoder_stats(r.t).damaged, 0);
    assert_int_equal(transcoder_stats(r.t).faults, 0);
    rig_close(&r);
}

/* Gives the number of a process that waits for pictures, and stands still then as a bridge may. */
static _Noreturn void be_a_bridge(int pipe)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    rig_open(&r, &p);
    while (!transcoder_stats(r.t).runs)
        rig_turn(&r);
    (void)!write(pipe, &r.t->process.pid, sizeof(pid_t));
    for (;;)
        pause();
}

static void one_that_stands_still_goes_with_a_bridge_that_is_killed(void **state)
{
    int pipes[2], how = 0, left = RIG_PATIENCE_MS;
    pid_t is;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* whoever it leaves behind is ours */
    assert_int_equal(pipe(pipes), 0);
    pid_t bridge = fork();
    if (bridge == 0)
        be_a_bridge(pipes[1]);
    assert_int_equal(read(pipes[0], &is, sizeof(is)), sizeof(is));
    assert_int_equal(kill(is, SIGSTOP), 0);
    assert_int_equal(kill(bridge, SIGKILL), 0);
    assert_int_equal(waitpid(bridge, NULL, 0), bridge);
    while (waitpid(is, &how, WNOHANG) == 0 && left-- > 0)
        usleep(1000);
    if (left < 0)
        kill(is, SIGKILL);
    assert_true(left >= 0 && WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void what_it_may_not_do_ends_it(void **state)
{
    static const TranscodeFault rows[] = {TRANSCODE_OPENS_FILE, TRANSCODE_OPENS_SOCKET,
                                          TRANSCODE_RUNS_PROGRAM};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        TranscoderParams p = rig_params("90p:60k");
        Rig r;

        p.config.fault = rows[i];
        rig_open(&r, &p);
        rig_give(&r, &source, 0, 10, 0);
        RIG_UNTIL(&r, rig_is_down(&r));
        assert_int_equal(r.units[0], 0);
        assert_int_equal(transcoder_stats(r.t).faults, 1);
        assert_int_equal(transcoder_stats(r.t).forbidden, 1);
        r.t->params.config.fault = TRANSCODE_NO_FAULT;
        comes_back(&r, 90000);
        assert_int_equal(transcoder_stats(r.t).forbidden, 1);
        rig_close(&r);
    }
}

static void one_that_takes_all_memory_has_no_more_than_it_may(void **state)
{
    TranscoderParams p = rig_params("90p:60k");
    Rig r;

    (void)state;
    p.config.fault = TRANSCODE_TAKES_MEMORY;
    rig_open(&r, &p);
    rig_give(&r, &source, 0, 10, 0);
    RIG_UNTIL(&r, rig_is_down(&r));
    assert_int_equal(transcoder_stats(r.t).faults, 1);
    assert_int_equal(transcoder_stats(r.t).forbidden, 0);
    r.t->params.config.fault = TRANSCODE_NO_FAULT;
    comes_back(&r, 90000);
    rig_close(&r);
}

static void a_source_that_is_too_large_for_its_memory_ends_it(void **state)
{
    static const SourceParams large = {"libx264", CODEC_H264, 3840, 2160, 2, 2, 0, 0};
    TranscoderParams p = rig_params("2160p:20M,90p:60k");
    CodedSource s;
    Rig r;

    (void)state;
    source_make(&s, &large);
    p.config.memory_mib = 24;
    rig_open(&r, &p);
    rig_give(&r, &s, 0, 2, 0);
    RIG_UNTIL(&r, rig_is_down(&r) || transcoder_stats(r.t).damaged == 2);
    assert_int_equal(r.units[0], 0);
    assert_int_equal(transcoder_stats(r.t).forbidden, 0);
    rig_close(&r);
    source_free(&s);
}

static void garbage_reaches_nobody(void **state)
{
    static const SourceParams rows[] = {
        {"libx264", CODEC_H264, 160, 96, 12, 4, 0, 0},
        {"libvpx-vp9", CODEC_VP9, 160, 96, 12, 4, 0, 0},
        {"libsvtav1", CODEC_AV1, 160, 96, 12, 4, 0, 0},
    };
    uint32_t dice = 1;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        TranscoderParams p = rig_params("90p:60k");
        CodedSource s;
        Rig r;

        source_make(&s, &rows[i]);
        p.config.codec = rows[i].codec;
        rig_open(&r, &p);
        RIG_UNTIL(&r, transcoder_stats(r.t).runs);
        for (int64_t round = 0; round < 30; round++) {
            for (size_t n = 0; n < s.count; n++) {
                WirePicture bad = s.picture[n];
                uint8_t *bytes = source_mutate(&bad, &dice, &bad.len);
                transcoder_picture(
                    r.t, &(TranscoderPicture){bad.pts_90k + round * 90000, bad.key, bytes, bad.len},
                    r.now_us);
                test_free(bytes);
            }
            RIG_UNTIL(&r, transcoder_stats(r.t).waiting == 0);
            if (r.t->state != TRANSCODER_RUNS) /* a decoder that dies of it would be no wonder */
                rig_restart(&r);
        }
        size_t before = r.units[0];
        rig_feed(&r, &s, 0, s.count, 100 * 90000);
        RIG_UNTIL(&r, r.units[0] == before + s.count);
        TranscoderStats is = transcoder_stats(r.t);
        assert_row(is.damaged > 0 && is.forbidden == 0, rows[i].encoder, "%llu damaged",
                   (unsigned long long)is.damaged);
        rig_close(&r);
        source_free(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_that_is_killed_is_started_again),
    cmocka_unit_test(one_that_ran_well_is_started_again_soon),
    cmocka_unit_test(one_that_stands_still_is_found_and_killed),
    cmocka_unit_test(one_that_hangs_in_a_picture_is_found_too),
    cmocka_unit_test(one_that_takes_no_more_pictures_is_given_none_and_goes_on_at_a_key_picture),
    cmocka_unit_test(one_that_stands_still_goes_with_a_bridge_that_is_killed),
    cmocka_unit_test(what_it_may_not_do_ends_it),
    cmocka_unit_test(one_that_takes_all_memory_has_no_more_than_it_may),
    cmocka_unit_test(a_source_that_is_too_large_for_its_memory_ends_it),
    cmocka_unit_test(garbage_reaches_nobody),
};

TEST_GROUP(transcoder_faults, tests, .setup = rig_source_make, .teardown = rig_source_free);
