/* SPDX-License-Identifier: GPL-3.0-or-later */

/* hls-viewers: thousands of players of one stream, to see what a server does for them. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "audience.h"
#include "clock.h"
#include "http_loop.h"
#include "viewer_options.h"
#include "viewer_tally.h"

#define US_PER_S 1000000ll
#define WAIT_MS  5 /* how exactly viewers come and look again */

typedef struct Run {
    ViewerOptions options;
    ViewerTally tally;
    TokenList tokens;
    HttpLoop *loop;
    Audience *audience;
    int64_t start_us, measured_us, told_us; /* CLOCK_REALTIME */
    double cpu_s;                           /* before it was measured */
} Run;

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

/* Two connections a rendition, two renditions a viewer. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void tell_progress(Run *r, int64_t now_us)
{
    const ViewerTally *t = &r->tally;
    ViewerSummary s;

    if (r->options.quiet || now_us - r->told_us < US_PER_S)
        return;
    r->told_us = now_us;
    audience_summarise(r->audience, &s);
    fprintf(stderr, "%5.0f s  %" PRId64 " viewers  %" PRId64 " requests",
            (double)(now_us - r->start_us) / US_PER_S, s.joined, t->requests);
    if (r->measured_us)
        fprintf(stderr, "  %" PRId64 " to %" PRId64 " pieces", s.fewest, s.most);
    fprintf(stderr, "  %" PRId64 " wrong\n", viewer_tally_troubles(t));
}

static size_t due(const Run *r, int64_t now_us)
{
    const ViewerOptions *o = &r->options;
    int64_t since_us = now_us - r->start_us;

    if (since_us >= o->ramp_us)
        return o->viewers;
    return (size_t)(1 + (int64_t)(o->viewers - 1) * since_us / o->ramp_us);
}

static void begin_measuring(Run *r, int64_t now_us)
{
    audience_measure(r->audience);
    r->measured_us = now_us;
    r->cpu_s = cpu_seconds();
}

static void watch(Run *r)
{
    int64_t now_us = r->start_us = r->told_us = clock_us(CLOCK_REALTIME);
    int64_t ready_us =
        now_us + r->options.ramp_us + US_PER_S; /* the last one has come, and plays */
    int64_t end_us = ready_us + r->options.time_us;

    while (!stopped && now_us < end_us) {
        audience_admit(r->audience, due(r, now_us));
        audience_tick(r->audience, now_us);
        http_loop_run(r->loop, WAIT_MS);
        now_us = clock_us(CLOCK_REALTIME);
        if (r->measured_us == 0 && now_us >= ready_us)
            begin_measuring(r, now_us);
        tell_progress(r, now_us);
    }
}

static int report(Run *r)
{
    ViewerSummary s = {.url = r->options.url,
                       .by_files = r->options.files,
                       .viewers = (int64_t)r->options.viewers,
                       .connections = http_loop_connections(r->loop)};
    int64_t from_us = r->measured_us ? r->measured_us : r->start_us;

    s.seconds = (double)(clock_us(CLOCK_REALTIME) - from_us) / US_PER_S;
    s.cpu_s = cpu_seconds() - r->cpu_s;
    audience_summarise(r->audience, &s);
    if (r->options.json)
        viewer_tally_print_json(&r->tally, &s);
    else
        viewer_tally_print(&r->tally, &s);
    return viewer_tally_troubles(&r->tally) == 0 && s.joined == s.viewers ? 0 : 1;
}

static int set_up(Run *r)
{
    const char *wrong;
    HttpLoopParams params = {
        .url = r->options.url, .timeout_us = r->options.timeout_us, .plain = r->options.plain};

    raise_descriptor_limit();
    r->loop = http_loop_create(&params, &wrong);
    if (!r->loop) {
        fprintf(stderr, "hls-viewers: %s: %s\n", r->options.url, wrong);
        return -1;
    }
    wrong = r->options.tokens ? token_list_read(&r->tokens, r->options.tokens) : NULL;
    if (wrong) {
        fprintf(stderr, "hls-viewers: --tokens %s: %s\n", r->options.tokens, wrong);
        return -1;
    }
    if (viewer_tally_init(&r->tally) == 0)
        r->audience = audience_create(&r->options, &r->tokens, r->loop, &r->tally);
    if (r->audience)
        return 0;
    fputs("hls-viewers: there is no memory\n", stderr);
    return -1;
}

int main(int argc, char **argv)
{
    Run r = {0};
    int status = 2;

    switch (viewer_options_read(argc, argv, &r.options)) {
    case VIEWERS_GO:
        break;
    case VIEWERS_DONE:
        return 0;
    default:
        return 2;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (set_up(&r) == 0) {
        watch(&r);
        status = report(&r);
    }
    audience_destroy(&r.audience);
    http_loop_destroy(&r.loop);
    viewer_tally_clear(&r.tally);
    token_list_clear(&r.tokens);
    return status;
}
