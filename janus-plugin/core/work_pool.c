/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/work_pool.h"

#include <pthread.h>

#include "thread_name.h"

struct WorkPool {
    WorkPoolParams params;
    pthread_mutex_t lock;
    pthread_cond_t work; /* `ready` or `stopping` has changed */
    GQueue ready;        /* lanes with a job that may run now */
    WorkPoolStats stats;
    bool stopping;
    size_t threads; /* that have been started */
    pthread_t thread[];
};

/* The job has waited long enough: it is the next one of its lane. The lock is held. */
static void run_again(WorkPool *pool, WorkLane *lane, void *job)
{
    g_queue_push_head(&lane->jobs, job);
    pool->stats.waiting++;
    g_queue_push_tail(&pool->ready, lane);
    pthread_cond_signal(&pool->work);
}

/* What is behind a parked job waits for that and not for a thread: it takes nobody else's room. The
 * lock is held. */
static void park(WorkPool *pool, WorkLane *lane, void *job)
{
    if (lane->resumed) {
        run_again(pool, lane, job);
    } else {
        lane->parked = job;
        pool->stats.waiting -= g_queue_get_length(&lane->jobs);
    }
    lane->resumed = false;
}

/* Runs the next job of a lane. The lock is held before and after, not while the job runs. */
static void run_next(WorkPool *pool, WorkLane *lane)
{
    void *job = g_queue_pop_head(&lane->jobs);

    pool->stats.waiting--;
    pthread_mutex_unlock(&pool->lock);
    bool done = pool->params.run(job);
    pthread_mutex_lock(&pool->lock);
    if (!done) {
        park(pool, lane, job);
        return;
    }
    if (g_queue_is_empty(&lane->jobs))
        lane->busy = false;
    else
        g_queue_push_tail(&pool->ready, lane); /* behind the others: lanes take turns */
    pthread_mutex_unlock(&pool->lock);
    pool->params.release(job); /* the lane may go with it */
    pthread_mutex_lock(&pool->lock);
}

static void *work(void *data)
{
    WorkPool *pool = data;

    thread_name_set("hls-work");
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        if (g_queue_is_empty(&pool->ready))
            pthread_cond_wait(&pool->work, &pool->lock);
        else
            run_next(pool, g_queue_pop_head(&pool->ready));
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

WorkPool *work_pool_create(const WorkPoolParams *params)
{
    WorkPool *pool = g_malloc0(sizeof(*pool) + params->threads * sizeof(pool->thread[0]));

    pool->params = *params;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    while (pool->threads < params->threads &&
           pthread_create(&pool->thread[pool->threads], NULL, work, pool) == 0)
        pool->threads++;
    if (pool->threads == 0) /* with fewer than were asked for it is slower, but works */
        work_pool_destroy(&pool);
    return pool;
}

void work_pool_destroy(WorkPool **pool)
{
    WorkPool *p = *pool;
    WorkLane *lane;
    GQueue left = G_QUEUE_INIT;
    void *job;

    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->threads; i++)
        pthread_join(p->thread[i], NULL);
    /* first out of the lanes, since a lane may go with its last job */
    while ((lane = g_queue_pop_head(&p->ready)))
        while ((job = g_queue_pop_head(&lane->jobs)))
            g_queue_push_tail(&left, job);
    while ((job = g_queue_pop_head(&left)))
        p->params.release(job);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    g_free(p);
    *pool = NULL;
}

int work_pool_push(WorkPool *pool, WorkLane *lane, void *job)
{
    pthread_mutex_lock(&pool->lock);
    bool room = (lane->parked || pool->stats.waiting < pool->params.max_jobs) &&
                g_queue_get_length(&lane->jobs) < pool->params.max_lane;
    if (!room) {
        pool->stats.refused++;
    } else {
        g_queue_push_tail(&lane->jobs, job);
        pool->stats.waiting += !lane->parked;
        if (!lane->busy) {
            lane->busy = true;
            g_queue_push_tail(&pool->ready, lane);
            pthread_cond_signal(&pool->work);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return room ? 0 : -1;
}

void work_pool_resume(WorkPool *pool, WorkLane *lane)
{
    pthread_mutex_lock(&pool->lock);
    if (lane->parked) {
        pool->stats.waiting += g_queue_get_length(&lane->jobs);
        run_again(pool, lane, g_steal_pointer(&lane->parked));
    } else {
        lane->resumed = true;
    }
    pthread_mutex_unlock(&pool->lock);
}

bool work_pool_is_busy(WorkPool *pool, const WorkLane *lane)
{
    pthread_mutex_lock(&pool->lock);
    bool busy = lane->busy;
    pthread_mutex_unlock(&pool->lock);
    return busy;
}

WorkPoolStats work_pool_stats(WorkPool *pool)
{
    pthread_mutex_lock(&pool->lock);
    WorkPoolStats stats = pool->stats;
    pthread_mutex_unlock(&pool->lock);
    return stats;
}
