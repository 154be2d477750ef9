/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <sys/stat.h>

#include "temp_file.h"
#include "transcoder_rig.h"

/* A transcoder that an attacker has taken over may say anything, and at any pace: a script says it
 * in its place. */

#define READY "\\247\\020\\0\\0\\0\\0\\0\\0"
#define RUNG  "\\247\\022\\0\\0\\0\\0\\0\\006\\0\\0\\170\\0\\132\\0"
#define UNIT(rung, time, idr)                                                                      \
    "\\247\\023\\0\\0\\0\\0\\0\\020" rung "\\0\\0\\0\\0\\0\\0" time idr "\\0\\0\\0\\001\\011\\020"
#define TIME "\\013\\270" /* of the second picture, which is no key picture */
#define TOOK(id)                                                                                   \
    "\\247\\024\\0\\0\\0\\0\\0\\030\\0\\0\\0" id                                                   \
    "\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"                                                \
    "\\0\\0\\0\\0\\0"
#define BEHIND    "\\247\\022\\0\\0\\0\\0\\0\\006\\0\\0\\0\\0\\0\\001"
#define NO_MEMORY "\\247\\021\\0\\0\\0\\0\\0\\011no memory"
#define HALF_UNIT "\\247\\023\\0\\0\\0\\0\\020\\0"

#define LISTEN "read -r line <&3\n" /* until 10 rungs are wanted: that message ends with '\n' */
#define STAY   "exec sleep 60\n"

static char path[TEMP_FILE_SIZE];

/* Starts what is said by the script. */
static void begin(Rig *r, const char *script)
{
    TranscoderParams p = rig_params(RIG_LADDER);

    temp_file(path, script);
    assert_int_equal(chmod(path, 0700), 0);
    p.program = path;
    rig_open(r, &p);
}

static void end(Rig *r)
{
    rig_close(r);
    unlink(path);
}

/* Has the script read a line. */
static void prompt(Rig *r)
{
    transcoder_say(r->t, &(WireMessage){.kind = WIRE_WANT, .want = 10}, r->now_us);
}

static void nothing_that_it_says_is_believed(void **state)
{
    static const struct {
        const char *name, *says;
        size_t units;
    } rows[] = {
        {"the truth, and then junk", READY RUNG UNIT("\\0", TIME, "\\0") TOOK("\\0") "junk", 1},
        {"a unit before it is ready", UNIT("\\0", TIME, "\\0"), 0},
        {"ready twice", READY READY, 0},
        {"a unit of no size", READY UNIT("\\0", TIME, "\\0"), 0},
        {"a rung of nobody", READY RUNG UNIT("\\002", TIME, "\\0"), 0},
        {"a time of nobody", READY RUNG UNIT("\\0", "\\013\\271", "\\0"), 0},
        {"an IDR picture of no key picture", READY RUNG UNIT("\\0", TIME, "\\001"), 0},
        {"a time twice", READY RUNG UNIT("\\0", TIME, "\\0") UNIT("\\0", TIME, "\\0"), 1},
        {"an answer to what was not asked", READY TOOK("\\002"), 0},
        {"a rung when nothing waits", READY TOOK("\\0") TOOK("\\001") TOOK("\\002") RUNG, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char script[1024];
        Rig r;

        /* it speaks when it is spoken to, so that the pictures are there */
        snprintf(script, sizeof(script),
                 "#!/bin/sh\n" LISTEN "printf '%s' >&3\n" LISTEN LISTEN STAY, rows[i].says);
        begin(&r, script);
        rig_give(&r, &source, 0, 3, 0);
        prompt(&r);
        RIG_UNTIL(&r, r.t->state == TRANSCODER_ENDS || rig_is_down(&r));
        assert_row(transcoder_stats(r.t).faults == 1, rows[i].name, "%llu faults",
                   (unsigned long long)transcoder_stats(r.t).faults);
        assert_row(r.t->state != TRANSCODER_ENDS || strstr(r.t->fault, "cannot be"), rows[i].name,
                   "%s", r.t->fault);
        assert_row(r.units[0] == rows[i].units, rows[i].name, "%zu units", r.units[0]);
        end(&r);
    }
}

/* Each is work for the stream's thread, and for those who read its playlists. */
static void it_does_not_talk_of_rungs_without_end(void **state)
{
    Rig r;

    (void)state;
    begin(&r, "#!/bin/sh\n" LISTEN "printf '" READY
              "' >&3\n"
              "for i in 1 2 3 4 5 6 7 8 9 10; do printf '" RUNG RUNG RUNG RUNG RUNG RUNG RUNG RUNG
              "' >&3; done\n" STAY);
    rig_give(&r, &source, 0, 3, 0);
    prompt(&r);
    RIG_UNTIL(&r, r.t->state == TRANSCODER_ENDS || rig_is_down(&r));
    assert_int_equal(transcoder_stats(r.t).faults, 1);
    assert_in_range(r.told[0], 2, 50);
    end(&r);
}

/* One that says a byte now and then stands still all the same. */
static void half_a_message_is_no_answer(void **state)
{
    Rig r;

    (void)state;
    begin(&r, "#!/bin/sh\nprintf '" READY HALF_UNIT
              "' >&3\n"
              "while read -r line <&3; do printf x >&3; done\n" STAY);
    RIG_UNTIL(&r, r.t->state == TRANSCODER_RUNS);
    rig_give(&r, &source, 0, 1, 0);
    for (int i = 0; i < 12 && r.t->state == TRANSCODER_RUNS; i++) {
        size_t had = r.t->in.len;
        prompt(&r);
        RIG_UNTIL(&r, r.t->in.len > had);
        r.now_us += 200 * US_PER_MS;
        transcoder_work(r.t, r.now_us);
    }
    assert_int_equal(transcoder_stats(r.t).stood_still, 1);
    end(&r);
}

/* Else each time that viewers came back it would be told that the machine cannot keep up. */
static void a_process_that_begins_is_not_behind_as_the_last_one_was(void **state)
{
    Rig r;

    (void)state;
    begin(&r, "#!/bin/sh\n" LISTEN "printf '" READY BEHIND "' >&3\n" STAY);
    rig_give(&r, &source, 0, 3, 0);
    prompt(&r);
    RIG_UNTIL(&r, transcoder_stats(r.t).rung[0].state == RUNG_BEHIND);
    transcoder_want(r.t, 0, r.now_us);
    RIG_UNTIL(&r, rig_is_down(&r));
    transcoder_want(r.t, 3, r.now_us);
    transcoder_work(r.t, r.now_us);
    assert_int_equal(r.t->state, TRANSCODER_STARTS);
    assert_int_equal(transcoder_stats(r.t).rung[0].state, RUNG_STARTING);
    end(&r);
}

static void one_that_does_not_begin_is_ended(void **state)
{
    Rig r;

    (void)state;
    begin(&r, "#!/bin/sh\n" STAY);
    for (int i = 0; i < 49; i++) {
        assert_int_equal(transcoder_deadline_us(r.t), r.now_us + 200 * US_PER_MS);
        r.now_us = transcoder_deadline_us(r.t);
        transcoder_work(r.t, r.now_us);
        assert_int_equal(r.t->state, TRANSCODER_STARTS);
    }
    r.now_us += 200 * US_PER_MS;
    transcoder_work(r.t, r.now_us);
    assert_int_equal(r.t->state, TRANSCODER_ENDS);
    assert_int_equal(transcoder_stats(r.t).stood_still, 1);
    end(&r);
}

/* It stops itself, so that nothing of what it says has been read, and now it goes on. */
#define STOP "kill -STOP $$\n"
static void let_go_on(const Rig *r)
{
    siginfo_t how;

    assert_int_equal(waitid(P_PID, (id_t)r->t->process.pid, &how, WSTOPPED), 0);
    assert_int_equal(kill(r->t->process.pid, SIGCONT), 0);
}

static void wait_until_it_speaks(const Rig *r)
{
    bool writes;
    struct pollfd fd = {.fd = transcoder_fd(r->t, &writes), .events = POLLIN};

    assert_int_equal(poll(&fd, 1, RIG_PATIENCE_MS), 1);
}

static void a_bridge_that_is_held_up_while_it_starts_blames_it_for_nothing(void **state)
{
    Rig r;

    (void)state;
    begin(&r, "#!/bin/sh\n" STOP "printf '" READY "' >&3\n" STAY);
    let_go_on(&r);
    wait_until_it_speaks(&r);
    r.now_us += 3600 * US_PER_S;
    transcoder_work(r.t, r.now_us);
    rig_hear(&r);
    assert_int_equal(r.t->state, TRANSCODER_RUNS);
    assert_int_equal(transcoder_stats(r.t).faults, 0);
    end(&r);
}

/* Its last words are heard also by a bridge that first finds out that nobody listens. */
static void why_it_ended_is_heard(void **state)
{
    siginfo_t how;
    Rig r;

    (void)state;
    begin(&r, "#!/bin/sh\n" STOP "printf '" NO_MEMORY "' >&3\n");
    let_go_on(&r);
    assert_int_equal(waitid(P_PID, (id_t)r.t->process.pid, &how, WEXITED | WNOWAIT), 0);
    rig_give(&r, &source, 0, 2, 0);
    rig_hear(&r);
    assert_int_equal(r.t->state, TRANSCODER_STARTS);
    transcoder_work(r.t, r.now_us);
    rig_hear(&r);
    assert_int_equal(r.t->state, TRANSCODER_REFUSES);
    assert_string_equal(transcoder_stats(r.t).refused, "no memory");
    assert_int_equal(transcoder_stats(r.t).faults, 0);
    assert_int_equal(r.t->out.len, 0);
    end(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_that_it_says_is_believed),
    cmocka_unit_test(it_does_not_talk_of_rungs_without_end),
    cmocka_unit_test(half_a_message_is_no_answer),
    cmocka_unit_test(a_process_that_begins_is_not_behind_as_the_last_one_was),
    cmocka_unit_test(one_that_does_not_begin_is_ended),
    cmocka_unit_test(a_bridge_that_is_held_up_while_it_starts_blames_it_for_nothing),
    cmocka_unit_test(why_it_ended_is_heard),
};

TEST_GROUP(transcoder_lies, tests, .setup = rig_source_make, .teardown = rig_source_free);
