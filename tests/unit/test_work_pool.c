/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Jobs that wait without a thread. tests/plugin tries the rest in many orders. */

#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>

#include "janus-plugin/core/work_pool.h"

#define JOBS 200

typedef struct Job {
    WorkLane *lane;
    bool parks; /* the first time */
    bool early; /* it is resumed before it has parked */
    int runs;
} Job;

static WorkPool *pool;
static atomic_int ran, released, parked;
static int order[JOBS], ordered; /* numbers of jobs that have run, of one lane */
static Job job[JOBS];

static bool run(void *data)
{
    Job *j = data;

    j->runs++;
    if (j->parks && j->runs == 1) {
        if (j->early)
            work_pool_resume(pool, j->lane);
        atomic_fetch_add(&parked, 1);
        return false;
    }
    order[ordered++] = (int)(j - job);
    atomic_fetch_add(&ran, 1);
    return true;
}

static void release(void *data)
{
    (void)data;
    atomic_fetch_add(&released, 1);
}

static void begin(size_t threads, size_t max_jobs)
{
    const WorkPoolParams params = {
        .threads = threads, .max_jobs = max_jobs, .max_lane = JOBS, .run = run, .release = release};

    ran = released = parked = ordered = 0;
    memset(job, 0, sizeof(job));
    pool = work_pool_create(&params);
    assert_non_null(pool);
}

static void push(WorkLane *lane, size_t n, bool parks, bool early)
{
    job[n].lane = lane;
    job[n].parks = parks;
    job[n].early = early;
    assert_int_equal(work_pool_push(pool, lane, &job[n]), 0);
}

static void until_is(atomic_int *count, int wanted)
{
    while (atomic_load(count) < wanted)
        usleep(1000);
}

/* All of its lane wait for a job that is parked, in their order; other lanes do not, though there
 * is one thread. */
static void a_parked_job_holds_up_its_lane_alone(void **state)
{
    WorkLane one = {0}, other = {0};

    (void)state;
    begin(1, JOBS);
    push(&one, 0, true, false);
    push(&one, 1, false, false);
    push(&one, 2, false, false);
    push(&other, 3, false, false);
    until_is(&ran, 1);
    assert_int_equal(job[3].runs, 1);
    assert_int_equal(job[1].runs, 0);
    assert_true(work_pool_is_busy(pool, &one));
    assert_false(released == 1 && work_pool_is_busy(pool, &other));
    work_pool_resume(pool, &one);
    until_is(&released, 4);
    assert_int_equal(job[0].runs, 2);
    work_pool_destroy(&pool);
    const int expected[] = {3, 0, 1, 2};
    assert_memory_equal(order, expected, sizeof(expected));
}

/* What it waits for may have come before the job has told the pool that it waits. */
static void a_job_may_be_resumed_before_it_parks(void **state)
{
    WorkLane lane = {0};

    (void)state;
    begin(2, JOBS);
    for (size_t i = 0; i < JOBS; i++)
        push(&lane, i, true, i % 2 == 0);
    for (int n = 1; n < JOBS; n += 2) { /* those that are not early, one after the other */
        until_is(&parked, n + 1);
        work_pool_resume(pool, &lane);
    }
    until_is(&released, JOBS);
    assert_false(work_pool_is_busy(pool, &lane));
    assert_int_equal(work_pool_stats(pool).waiting, 0);
    work_pool_destroy(&pool);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(order[i], i);
}

/* Whoever has something wait that takes long, and asks for more behind it, keeps nobody else out.
 */
static void what_is_behind_a_parked_job_takes_no_room(void **state)
{
    WorkLane parks = {0}, other = {0};

    (void)state;
    begin(1, 2);
    push(&parks, 0, true, false);
    push(&other, 1, false, false);
    until_is(&released, 1); /* by the one thread, which has parked the first */
    for (size_t n = 2; n < 5; n++)
        push(&parks, n, false, false);
    assert_int_equal(work_pool_stats(pool).waiting, 0);
    push(&other, 5, false, false);
    until_is(&released, 2);
    assert_int_equal(job[5].runs, 1);
    work_pool_resume(pool, &parks);
    until_is(&released, 6);
    assert_int_equal(work_pool_stats(pool).waiting, 0);
    assert_int_equal(work_pool_stats(pool).refused, 0);
    work_pool_destroy(&pool);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_parked_job_holds_up_its_lane_alone),
    cmocka_unit_test(what_is_behind_a_parked_job_takes_no_room),
    cmocka_unit_test(a_job_may_be_resumed_before_it_parks),
};

TEST_GROUP(work_pool, tests);
