/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/pipeline.h"

#include <stdlib.h>

#include "base/bridge_log.h"

/* An IDR picture that is due is asked for by others, if this thread has not come to it. */
#define ASK_GRACE_US (50 * US_PER_MS)

/* How far behind what comes this thread is, to count as held up, and as caught up. */
#define HELD_UP_US   US_PER_S
#define CAUGHT_UP_US (100 * US_PER_MS)

struct Pipeline {
    const char *stream;
    const Clock *clock;
    Packager *packager;
    Segmenter *segmenter;      /* the packager's */
    const RungsParams *wanted; /* of all streams; NULL: nothing is transcoded */
    RungsParams own;           /* of this source */
    Rungs *rungs;              /* of the source; NULL: none */
    Ingest *source;            /* NULL: no publisher */
    int64_t held_up_since_us;  /* 0: it is not */
    uint64_t backlog_drops;    /* said in the log, of this source */
    int64_t longest_look_us;   /* that this publisher's media took, when a disk held it up */
};

Pipeline *pipeline_create(const char *stream, Packager *packager, const RungsParams *rungs,
                          const Clock *clock)
{
    Pipeline *p = calloc(1, sizeof(*p));

    if (p)
        *p = (Pipeline){stream, clock, packager, .segmenter = packager_segmenter(packager),
                        .wanted = rungs};
    return p;
}

void pipeline_destroy(Pipeline **pipeline)
{
    if (*pipeline)
        rungs_destroy(&(*pipeline)->rungs);
    free(*pipeline);
    *pipeline = NULL;
}

/* ---- what the media calls ---- */

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    Pipeline *p = user;

    const Renditions *sent = &p->source->renditions;
    bool best = unit->track == segmenter_best(p->segmenter);

    if (unit->stepped_us != 0) /* only the best parts the stream */
        log_warn("%s: pictures%s%s are put %lld ms %s against the sound%s", p->stream,
                 best ? "" : " of ", best ? "" : sent->item[unit->track].name,
                 llabs(unit->stepped_us) / US_PER_MS, unit->stepped_us > 0 ? "later" : "earlier",
                 best ? ", behind a discontinuity" : "");
    segmenter_picture(p->segmenter, unit, pts_90k, dts_90k);
}

static void on_broken(void *user, size_t track, int64_t at_90k)
{
    segmenter_broken(((Pipeline *)user)->segmenter, track, at_90k);
}

static void on_audio(void *user, const AacFrame *frame)
{
    segmenter_sound(((Pipeline *)user)->segmenter, frame);
}

/* When what is at `at_90k` was captured, as near as its arrival tells. */
static WallTime wall_clock(void *user, int64_t at_90k)
{
    const Pipeline *p = user;
    int64_t since_1970_us = clock_since_1970_us(p->clock);

    return (WallTime){p->source->does->arrival_of(p->source, at_90k) + since_1970_us,
                      since_1970_us};
}

/* ---- media ---- */

/* Whether viewers get pictures of this codec; says in the log if not. VP8 is known for that, and
 * told of elsewhere. */
static bool note_codec(const Pipeline *p, Codec codec)
{
    bool takes = packager_takes(p->packager, codec);

    if (!takes && codec != CODEC_VP8)
        log_error(
            "%s: no output takes pictures of this codec, so viewers have the sound alone unless "
            "it is transcoded: classic HLS takes H.264 alone, and so does low latency with "
            "encryption.method = \"cbcs\"",
            p->stream);
    return takes;
}

static void start_source(Pipeline *p)
{
    const IntakeSink sink = {p, on_picture, on_audio, on_broken};
    Renditions renditions = p->source->renditions;
    size_t best = renditions_first(&renditions, TRACK_VIDEO);
    bool takes = best == RENDITION_NONE || note_codec(p, renditions.item[best].codec);

    if (p->wanted && best != RENDITION_NONE) {
        p->own = rungs_params_for(p->wanted, p->stream,
                                  p->source->has_ladder ? p->source->ladder : NULL);
        rungs_describe(&p->own, takes, &renditions);
    }
    packager_choose_sound(p->packager, &renditions);
    p->source->does->start(p->source, &sink, packager_audio(p->packager),
                           segmenter_end_90k(p->segmenter));
    segmenter_begin(p->segmenter, &renditions, wall_clock, p);
    if (p->wanted)
        p->rungs = rungs_create(&p->own, p->stream, p->segmenter, &renditions);
    rungs_work(p->rungs, clock_monotonic_us(p->clock)); /* it starts before the first picture */
}

void pipeline_begin(Pipeline *p, Ingest *source)
{
    p->source = source;
    p->backlog_drops = 0;
    p->longest_look_us = 0;
    start_source(p);
}

/* More has come than could wait while this thread was held up: what is lost parts the stream. */
static void begin_again(Pipeline *p, int64_t now_us)
{
    uint64_t drops = p->source->does->stats(p->source).backlog_drops;

    log_error("%s: held up for so long that %llu packets found no room (sources.backlog)",
              p->stream, (unsigned long long)(drops - p->backlog_drops));
    p->backlog_drops = drops;
    p->source->does->finish(p->source, segmenter_pictures_end_90k(p->segmenter));
    segmenter_finish(p->segmenter, now_us);
    rungs_destroy(&p->rungs);
    p->source->does->begin_again(p->source);
    start_source(p);
}

/* Does what is due at `at_us`, up to which all was received: in the past if this thread was held
 * up, so that what it makes of the media is the same. */
static void tick(Pipeline *p, int64_t at_us, int64_t now_us)
{
    int64_t clock_90k;

    p->source->does->tick(p->source, at_us);
    if (p->source->does->stream_clock(p->source, at_us, &clock_90k) &&
        segmenter_tick(p->segmenter, clock_90k, now_us))
        p->source->does->ask_for_idr(p->source, at_us);
}

/* Takes in what was read at one time, which `at_us` takes. Returns false if there is nothing. */
static bool receive(Pipeline *p, int64_t now_us, int64_t *at_us)
{
    segmenter_set_time(p->segmenter, now_us);
    IngestNews news = p->source->does->receive(p->source, at_us);

    if (news == INGEST_MEDIA)
        tick(p, *at_us, now_us);
    else if (news == INGEST_GAP)
        begin_again(p, now_us);
    return news != INGEST_NOTHING;
}

/* Notes that this thread is held up, and that it has caught up. */
static void note_delay(Pipeline *p, int64_t behind_us, int64_t now_us)
{
    if (p->held_up_since_us == 0 && behind_us > HELD_UP_US)
        p->held_up_since_us = now_us - behind_us;
    else if (behind_us < CAUGHT_UP_US)
        p->held_up_since_us = 0;
}

int64_t pipeline_held_up_since_us(const Pipeline *p)
{
    return p->held_up_since_us;
}

/* What is to be asked for if this thread is held up from now on. */
static void provide_for_delay(Pipeline *p, int64_t now_us)
{
    int64_t idr_90k, every_90k, now_90k, at_us = NEVER_US, every_us = 0;

    if (segmenter_next_idr(p->segmenter, &idr_90k, &every_90k) &&
        p->source->does->stream_clock(p->source, now_us, &now_90k)) {
        at_us = now_us + ticks_to_us(idr_90k - now_90k) + ASK_GRACE_US;
        every_us = ticks_to_us(every_90k);
    }
    p->source->does->keep_asking(p->source, at_us, every_us);
}

bool pipeline_run(Pipeline *p, int64_t now_us)
{
    int64_t at_us = now_us;

    segmenter_set_time(p->segmenter, now_us);
    p->source->does->read(p->source,
                          now_us); /* or what has come since the last look would count as late */
    bool received = receive(p, now_us, &at_us);
    note_delay(p, now_us - at_us, now_us);
    if (p->source->does->has_more(p->source))
        return true;
    if (!received)
        tick(p, now_us, now_us);
    rungs_work(p->rungs, now_us);
    provide_for_delay(p, now_us);
    return false;
}

/* When there is something to do though nothing comes. */
static int64_t deadline_us(const Pipeline *p, int64_t now_us)
{
    if (!p->source)
        return NEVER_US;
    int64_t source_us =
        smaller(p->source->does->deadline_us(p->source), rungs_deadline_us(p->rungs));
    int64_t output_90k = segmenter_deadline_90k(p->segmenter), now_90k;

    if (output_90k == INT64_MAX || !p->source->does->stream_clock(p->source, now_us, &now_90k))
        return source_us;
    int64_t output_us = now_us + ticks_to_us(output_90k - now_90k);
    return smaller(output_us, source_us);
}

bool pipeline_rest(Pipeline *p, int64_t now_us, int64_t until_us, int wake_fd)
{
    struct pollfd fds[INGEST_FDS_MAX + 2] = {{.fd = wake_fd, .events = POLLIN}};
    int64_t wait_us = smaller(deadline_us(p, now_us), until_us) - now_us;
    size_t n = 1;

    if (p->source) {
        n += p->source->does->poll_fds(p->source, fds + n);
        n += rungs_poll_fd(p->rungs, fds + n);
        p->source->does->rest(p->source);
    }
    /* rounded up: to wake early would only mean to sleep again */
    poll(fds, n, wait_us <= 0 ? 0 : (int)((wait_us + US_PER_MS - 1) / US_PER_MS));
    return fds[0].revents != 0;
}

int64_t pipeline_expire(Pipeline *p, int64_t now_us)
{
    int64_t took_us = clock_monotonic_us(p->clock) - now_us;

    p->longest_look_us = took_us > p->longest_look_us ? took_us : p->longest_look_us;
    return packager_expire(p->packager, now_us, now_us - p->longest_look_us);
}

TranscoderStats pipeline_transcoder_stats(const Pipeline *p)
{
    return rungs_stats(p->rungs);
}

void pipeline_finish(Pipeline *p, int64_t now_us)
{
    int64_t at_us;

    segmenter_set_time(p->segmenter, now_us);
    p->source->does->read(p->source, now_us);
    while (receive(p, now_us, &at_us))
        now_us = clock_monotonic_us(p->clock); /* a disk may take its time */
    rungs_flush(p->rungs,
                p->clock); /* the best pictures may be its own, and have sound to the end */
    p->source->does->finish(p->source, segmenter_pictures_end_90k(p->segmenter));
    segmenter_finish(p->segmenter, now_us);
    rungs_destroy(&p->rungs);
    p->held_up_since_us = 0; /* all is taken in */
    p->source = NULL;
}
