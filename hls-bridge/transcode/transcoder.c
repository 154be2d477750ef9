/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/transcoder_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"

#define START_US                                                                                   \
    (10 * US_PER_S)             /* to load its libraries and open its encoders, on a busy machine */
#define STILL_US (2 * US_PER_S) /* that it may owe an answer; a picture takes some milliseconds */

/* Only so much of the time between two looks counts, so that a bridge that was itself held up does
 * not blame the transcoder. */
#define LOOK_US (200 * US_PER_MS)

#define REAP_US (5 * US_PER_MS) /* between two looks whether a killed process is gone */

#define WAIT_US      (250 * US_PER_MS) /* before it is started again after a fault, */
#define WAIT_MOST_US (30 * US_PER_S)   /* and at most, doubled each time, */
#define WELL_US      (30 * US_PER_S)   /* unless it ran for so long */

#define HOW_SIZE 96

_Static_assert(TRANSCODER_RUNGS_MAX == RUNGS_MAX, "there is a place for each rung");

static void enter(Transcoder *t, TranscoderState state, int64_t now_us)
{
    t->state = state;
    t->since_us = t->looked_us = now_us;
    t->quiet_us = 0;
}

/* ---- which rungs ---- */

static size_t bits(uint32_t mask)
{
    return (size_t)__builtin_popcount(mask);
}

/* The lower `count` of some rungs: those are what viewers need most. */
static uint32_t lowest(uint32_t rungs, size_t count)
{
    while (bits(rungs) > count)
        rungs &= rungs - 1; /* the largest has the lowest bit */
    return rungs;
}

/* Takes encoders for the rungs that are wanted, as far as there are any, and gives back what is not
 * needed. Returns which rungs they are for. */
static uint32_t take_encoders(Transcoder *t)
{
    size_t most = t->params.encoders ? t->params.encoders : RUNGS_MAX;
    size_t wants = bits(t->wanted) < most ? bits(t->wanted) : most;

    t->stats.encoders =
        t->params.budget ? encoder_budget_share(t->params.budget, &t->share, wants) : wants;
    return lowest(t->wanted, t->stats.encoders);
}

/* Asks the process for the rungs that there are encoders for, if these have changed. */
static void ask(Transcoder *t, int64_t now_us)
{
    uint32_t rungs = take_encoders(t);

    if (rungs == t->asked)
        return;
    t->asked = rungs;
    transcoder_say(t, &(WireMessage){.kind = WIRE_WANT, .want = rungs}, now_us);
}

void transcoder_want(Transcoder *t, uint32_t rungs, int64_t now_us)
{
    uint32_t all = (1u << t->params.config.ladder.count) - 1;

    if (t->state == TRANSCODER_REFUSES)
        return;
    t->wanted = rungs & all;
    ask(t, now_us);
    if (t->asked == 0 && (t->state == TRANSCODER_STARTS || t->state == TRANSCODER_RUNS))
        transcoder_fail(t, NULL, now_us); /* for no fault: nobody wants it */
}

/* ---- life ---- */

Transcoder *transcoder_create(const TranscoderParams *params)
{
    Transcoder *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->params = *params;
    t->process = (TranscoderProcess)TRANSCODER_NO_PROCESS;
    t->due_us = INT64_MIN;
    t->needs_key = true;
    t->stats.rungs = params->config.ladder.count;
    t->wanted = (1u << t->stats.rungs) - 1;
    for (size_t i = 0; i < t->stats.rungs; i++)
        snprintf(t->stats.rung[i].name, sizeof(t->stats.rung[i].name), "%dp",
                 params->config.ladder.rung[i].side);
    return t;
}

void transcoder_destroy(Transcoder **transcoder)
{
    Transcoder *t = *transcoder;

    if (!t)
        return;
    transcoder_process_kill(&t->process);
    transcoder_process_wait(&t->process);
    if (t->params.budget)
        encoder_budget_share(t->params.budget, &t->share, 0);
    byte_buffer_free(&t->out);
    byte_buffer_free(&t->in);
    free(t);
    *transcoder = NULL;
}

/* How long it is left alone after a fault. */
static int64_t next_wait(Transcoder *t, int64_t now_us)
{
    bool ran_well = t->state == TRANSCODER_RUNS && now_us - t->since_us > WELL_US;

    t->wait_us = ran_well || t->wait_us == 0 ? WAIT_US : smaller(2 * t->wait_us, WAIT_MOST_US);
    return t->wait_us;
}

static void start(Transcoder *t, int64_t now_us)
{
    t->asked = take_encoders(t);
    if (t->asked == 0) {
        t->due_us = now_us + LOOK_US; /* others may give some back */
        return;
    }
    if (transcoder_process_start(&t->process, t->params.program) < 0) {
        t->stats.faults++;
        t->due_us = now_us + next_wait(t, now_us);
        log_warn("%s: the transcoder %s cannot be started (%s); tried again in %.2f s",
                 t->params.name, t->params.program, strerror(errno), (double)t->wait_us / US_PER_S);
        return;
    }
    t->stats.started++;
    enter(t, TRANSCODER_STARTS, now_us);
    transcoder_say(t, &(WireMessage){.kind = WIRE_CONFIGURE, .configure = t->params.config},
                   now_us);
    transcoder_say(t, &(WireMessage){.kind = WIRE_WANT, .want = t->asked}, now_us);
}

void transcoder_ready(Transcoder *t, int64_t now_us)
{
    enter(t, TRANSCODER_RUNS, now_us);
    log_info("%s: the transcoder runs, %zu rungs by %s", t->params.name, bits(t->asked),
             t->params.config.encoder);
}

void transcoder_refuse(Transcoder *t, const char *why, int64_t now_us)
{
    snprintf(t->stats.refused, sizeof(t->stats.refused), "%s", why);
    log_error("%s: there is no transcoder: %s", t->params.name, t->stats.refused);
    t->wanted = 0;
    t->asked = take_encoders(t); /* gives them back */
    transcoder_forget(t);
    transcoder_process_kill(&t->process);
    enter(t, TRANSCODER_REFUSES, now_us);
}

/* `why` is NULL for one that has ended by itself, or that nobody wants. */
void transcoder_fail(Transcoder *t, const char *why, int64_t now_us)
{
    bool is_fault = t->asked != 0;

    t->fault = is_fault ? (why ? why : "has ended") : NULL;
    t->due_us = is_fault ? now_us + next_wait(t, now_us) : now_us;
    t->stats.faults += is_fault;
    transcoder_forget(t);
    transcoder_process_kill(&t->process);
    enter(t, TRANSCODER_ENDS, now_us);
}

static void reap(Transcoder *t, int64_t now_us)
{
    char how[HOW_SIZE] = "";

    if (!transcoder_process_reap(&t->process, how, sizeof(how)))
        return;
    t->stats.forbidden += t->process.was_forbidden;
    if (t->fault)
        log_warn(
            "%s: the transcoder %s: %s. Copied renditions go on; it is started again in "
            "%.2f s",
            t->params.name, t->fault, how, (double)t->wait_us / US_PER_S);
    t->fault = NULL;
    enter(t, TRANSCODER_WAITS, now_us);
}

/* Whether something is to come from it: that it is ready, or an answer. */
static bool owes(const Transcoder *t)
{
    return t->state == TRANSCODER_STARTS ||
           (t->state == TRANSCODER_RUNS && t->next_id != t->answered);
}

/* Counts for how long it has owed something. */
static void watch(Transcoder *t, int64_t now_us)
{
    int64_t passed = now_us - t->looked_us;
    bool starts = t->state == TRANSCODER_STARTS;

    t->looked_us = now_us;
    if (!owes(t))
        return;
    t->quiet_us += smaller(passed < 0 ? 0 : passed, LOOK_US);
    if (t->quiet_us < (starts ? START_US : STILL_US))
        return;
    transcoder_fail(t, starts ? "does not begin" : "stands still", now_us);
    t->stats.stood_still++;
}

void transcoder_work(Transcoder *t, int64_t now_us)
{
    if (t->state == TRANSCODER_ENDS)
        reap(t, now_us);
    else if (t->state == TRANSCODER_REFUSES)
        transcoder_process_reap(&t->process, (char[HOW_SIZE]){""}, HOW_SIZE);
    if (t->state == TRANSCODER_WAITS && t->wanted != 0 && now_us >= t->due_us)
        start(t, now_us);
    if (t->state == TRANSCODER_RUNS)
        ask(t, now_us); /* others may have given back what is missing */
    else if (t->state == TRANSCODER_WAITS)
        t->asked = take_encoders(t); /* others may have none, and it waits for long */
    transcoder_exchange(t, now_us);
    watch(t, now_us);
}

int transcoder_fd(const Transcoder *t, bool *writes)
{
    *writes = t->out_at < t->out.len;
    return t->process.fd;
}

int64_t transcoder_deadline_us(const Transcoder *t)
{
    switch (t->state) {
    case TRANSCODER_WAITS:
        return t->wanted ? t->due_us : NEVER_US;
    case TRANSCODER_STARTS:
    case TRANSCODER_RUNS:
        return owes(t) ? t->looked_us + LOOK_US : NEVER_US;
    case TRANSCODER_ENDS:
        return t->looked_us + REAP_US;
    case TRANSCODER_REFUSES:
        return t->process.pid > 0 ? t->looked_us + REAP_US : NEVER_US;
    }
    return NEVER_US;
}

/* Why a rung is made, or not. */
static RungState state_of(const Transcoder *t, size_t rung)
{
    const TranscoderRungStats *r = &t->stats.rung[rung];
    bool ended = t->state == TRANSCODER_WAITS || t->state == TRANSCODER_ENDS;

    if (t->state == TRANSCODER_REFUSES)
        return RUNG_REFUSED;
    if (!(t->wanted >> rung & 1))
        return RUNG_UNWATCHED;
    if (!ended && r->width > 0)
        return RUNG_MADE;
    if (!(t->asked >> rung & 1))
        return RUNG_CROWDED;
    if (ended)
        return t->wait_us > 0 ? RUNG_FAILED : RUNG_STARTING;
    if (r->behind)
        return RUNG_BEHIND;
    return t->took.decoded == 0 ? RUNG_STARTING : RUNG_WAITING;
}

TranscoderStats transcoder_stats(const Transcoder *t)
{
    TranscoderStats s = t->stats;

    s.runs = t->state == TRANSCODER_RUNS;
    s.starts = t->state == TRANSCODER_STARTS;
    s.waiting = t->next_id - t->answered;
    s.decoded += t->took.decoded;
    s.damaged += t->took.damaged;
    s.skipped += t->took.skipped;
    for (size_t i = 0; i < s.rungs; i++)
        s.rung[i].state = state_of(t, i);
    return s;
}
