/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORK_POOL_H
#define WORK_POOL_H

/* A few threads that do jobs. Jobs of one lane run one after the other, in the order in which they
 * came. Jobs of different lanes run at the same time: a slow one holds up its own lane alone.
 *
 * Thread-safety: any thread. The pool's lock guards all lanes. No callback runs under it, and no
 * other lock is taken under it. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WorkPool WorkPool;

/* What is served in order has one. Zero-initialise; the pool owns the fields. It must live until
 * `release` has been called for its last job. */
typedef struct WorkLane {
    GQueue jobs;
    bool busy;    /* one of its jobs runs, or it waits for a thread, or one of its jobs is parked */
    void *parked; /* the job that waits for work_pool_resume(); NULL: none */
    bool resumed; /* that was called before the job had parked itself */
} WorkLane;

typedef struct WorkPoolParams {
    size_t threads;  /* 1 or more */
    size_t max_jobs; /* that may wait, of all lanes but those with a parked job */
    size_t max_lane; /* that may wait, of one lane */
    /* Does one job. Returns false if the job waits for something that takes long: then it holds no
     * thread until work_pool_resume(), and is run again. */
    bool (*run)(void *);
    void (*release)(void *); /* ends the hold on a job, run or not; may free its lane */
} WorkPoolParams;

typedef struct WorkPoolStats {
    size_t waiting;   /* for a thread, or for others of their lane; not for a parked job */
    uint64_t refused; /* jobs for which there was no room */
} WorkPoolStats;

/* Returns NULL if there is no thread. */
WorkPool *work_pool_create(const WorkPoolParams *params);

/* Waits for the jobs that run, and releases those that wait. No job may be parked. Accepts NULL,
 * leaves NULL. */
void work_pool_destroy(WorkPool **pool);

/* Takes over `job`. Returns 0, or -1 if too many wait: then the job is still the caller's. */
int work_pool_push(WorkPool *pool, WorkLane *lane, void *job);

/* Has the job that is parked in `lane`, or is about to be, run again before all others of its lane.
 * Once for each time that `run` returns false. */
void work_pool_resume(WorkPool *pool, WorkLane *lane);

/* Whether a job of the lane waits or runs, or is parked. */
bool work_pool_is_busy(WorkPool *pool, const WorkLane *lane);

WorkPoolStats work_pool_stats(WorkPool *pool);

#endif
