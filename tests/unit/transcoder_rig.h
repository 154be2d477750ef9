/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_TRANSCODER_RIG_H
#define UNIT_TRANSCODER_RIG_H

/* A Transcoder with the real program, in a time that only the test moves, and a short source for
 * it. After harness.h. */

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "coded_source.h"
#include "hls-bridge/transcode/transcoder_inner.h"

#define RIG_PATIENCE_MS 20000 /* of a real process, on a machine however busy */
#define RIG_LADDER      "120p:200k,90p:60k"

static CodedSource source; /* 20 pictures of H.264, 160x120, of which two are key pictures */

/* A group's setup and teardown. */
static inline int rig_source_make(void **state)
{
    static const SourceParams params = {"libx264", CODEC_H264, 160, 120, 20, 10, 0, 0};

    (void)state;
    source_make(&source, &params);
    return 0;
}

static inline int rig_source_free(void **state)
{
    (void)state;
    source_free(&source);
    return 0;
}

typedef struct Rig {
    Transcoder *t;
    int64_t now_us;
    size_t units[RUNGS_MAX], idrs[RUNGS_MAX], told[RUNGS_MAX];
    WireRung rung[RUNGS_MAX]; /* what it said last */
    int64_t last_90k[RUNGS_MAX];
} Rig;

static inline TranscoderParams rig_params(const char *ladder)
{
    TranscoderParams p = {
        .program = TRANSCODER,
        .name = "test",
        .config = {.codec = CODEC_H264, .encoder = "libx264", .threads = 1, .memory_mib = 256},
    };
    char error[RUNG_LADDER_ERROR_SIZE];

    assert_int_equal(rung_ladder_read(ladder, &p.config.ladder, error), 0);
    return p;
}

static inline void rig_open(Rig *r, const TranscoderParams *params)
{
    *r = (Rig){.now_us = 1000000000};
    r->t = transcoder_create(params);
    assert_non_null(r->t);
    transcoder_work(r->t, r->now_us);
}

static inline void rig_close(Rig *r)
{
    transcoder_destroy(&r->t);
    assert_null(r->t);
}

static inline void rig_hear(Rig *r)
{
    TranscoderNews news;

    while ((news = transcoder_take(r->t, r->now_us)).says != TRANSCODER_NOTHING) {
        if (news.says == TRANSCODER_RUNG) {
            r->rung[news.rung.rung] = news.rung;
            r->told[news.rung.rung]++;
            continue;
        }
        assert_true(r->rung[news.unit.rung].width > 0);
        r->units[news.unit.rung]++;
        r->idrs[news.unit.rung] += news.unit.idr;
        r->last_90k[news.unit.rung] = news.unit.pts_90k;
    }
}

/* Lets the process do something, or some milliseconds pass; the test's time stands still. */
static inline void rig_turn(Rig *r)
{
    bool writes;
    struct pollfd fd = {.fd = transcoder_fd(r->t, &writes), .events = POLLIN};

    if (writes)
        fd.events |= POLLOUT;
    poll(&fd, 1, 5);
    transcoder_work(r->t, r->now_us);
    rig_hear(r);
}

/* Goes on until something is so. */
#define RIG_UNTIL(rig, condition)                                                                  \
    do {                                                                                           \
        int64_t left = RIG_PATIENCE_MS / 5;                                                        \
        while (!(condition) && left-- > 0)                                                         \
            rig_turn(rig);                                                                         \
        assert_true(condition);                                                                    \
    } while (0)

static inline void rig_give(Rig *r, const CodedSource *s, size_t from, size_t to, int64_t later_90k)
{
    for (size_t i = from; i < to; i++)
        transcoder_picture(r->t,
                           &(TranscoderPicture){.pts_90k = s->picture[i].pts_90k + later_90k,
                                                .key = s->picture[i].key,
                                                .data = s->picture[i].data,
                                                .len = s->picture[i].len},
                           r->now_us);
}

/* Likewise, one at a time: so the process is not behind, however slow the machine. */
static inline void rig_feed(Rig *r, const CodedSource *s, size_t from, size_t to, int64_t later_90k)
{
    for (size_t i = from; i < to; i++) {
        rig_give(r, s, i, i + 1, later_90k);
        RIG_UNTIL(r, transcoder_stats(r->t).waiting == 0);
    }
}

/* Whether a process has ended and the next one is due. */
static inline bool rig_is_down(const Rig *r)
{
    return r->t->state == TRANSCODER_WAITS;
}

/* Moves the time on to the next start. */
static inline void rig_restart(Rig *r)
{
    RIG_UNTIL(r, rig_is_down(r));
    r->now_us = transcoder_deadline_us(r->t);
    transcoder_work(r->t, r->now_us);
    assert_int_equal(r->t->state, TRANSCODER_STARTS);
}

/* Sends the process a signal, and waits until it has stopped if that is what it does. */
static inline void rig_signal(Rig *r, int signal)
{
    assert_true(r->t->process.pid > 0);
    assert_int_equal(kill(r->t->process.pid, signal), 0);
    if (signal == SIGSTOP)
        assert_int_equal(waitpid(r->t->process.pid, NULL, WUNTRACED), r->t->process.pid);
}

#endif
