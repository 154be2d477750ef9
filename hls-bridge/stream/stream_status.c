/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_inner.h"

#include <string.h>

_Static_assert(STREAM_STATUS_NAME_SIZE == STREAM_NAME_MAX + 1, "a status has room for a name");

#define STATUS_PERIOD_US (250 * US_PER_MS)

/* The disk takes a stream's media again if it has refused none for so long. */
#define DISK_CALM_US (10 * US_PER_S)

void stream_emit(const Stream *s, Event event)
{
    memcpy(event.stream, s->name, sizeof(event.stream));
    event_queue_emit(s->params.events, &event);
}

/* Tells what is wrong with the video, when it is found and when it is over. */
static void note_problem(Stream *s, const IntakeStats *media, const TranscoderStats *transcoder)
{
    bool transcoded = transcoder->rungs > 0 && !transcoder->refused[0];
    SourceProblem problem = source_problem(media, transcoded);

    if (problem != s->problem && problem != PROBLEM_NONE)
        stream_emit(
            s, (Event){.kind = EVENT_PROBLEM,
                       .problem = {source_problem_name(problem), source_problem_text(problem)}});
    else if (problem != s->problem)
        stream_emit(s, (Event){.kind = EVENT_PROBLEM_OVER});
    s->problem = problem;
}

/* Of several sizes, what is told of the video is told of the one that leads. */
static void note_best(const Stream *s, IngestStats *source)
{
    size_t best = segmenter_best(packager_segmenter(s->packager));

    if (best >= source->media.tracks)
        return;
    source->media.best = best;
    source->frame_rate = source->track[best].frame_rate;
}

/* Tells that the disk refuses media, and that it takes them again. */
static void note_writes(Stream *s, const OutputStats *output, int64_t now_us)
{
    const CmafOutputStats *ll = &output->low_latency;
    uint64_t failed =
        output->ts.failed_writes + cmaf_video_failed_writes(ll) + ll->audio.failed_writes;
    Event event = {.disk = {.part = DISK_MEDIA}};

    if (failed > s->failed_writes) {
        if (s->write_failed_us == 0) {
            event.kind = EVENT_DISK_TROUBLE;
            stream_emit(s, event);
        }
        s->write_failed_us = now_us;
    } else if (s->write_failed_us != 0 && s->state == STREAM_LIVE &&
               now_us - s->write_failed_us >= DISK_CALM_US) {
        event.kind = EVENT_DISK_WORKS;
        stream_emit(s, event);
        s->write_failed_us = 0;
    }
    s->failed_writes = failed;
}

/* Tells that the transcoder cannot keep up, and that it can again. */
static void note_rungs(Stream *s, const TranscoderStats *transcoder, int64_t now_us)
{
    RungTroubleSays says = rung_trouble_look(&s->rung_trouble, transcoder, now_us);

    if (says == RUNG_TROUBLE_SLOW)
        stream_emit(s,
                    (Event){.kind = EVENT_RUNGS_SLOW, .rungs = {.still = s->rung_trouble.still}});
    else if (says == RUNG_TROUBLE_OVER)
        stream_emit(s, (Event){.kind = EVENT_RUNGS_WELL});
}

void stream_note_delay(Stream *s, int64_t now_us)
{
    int64_t since_us = pipeline_held_up_since_us(s->pipeline);

    if (since_us != 0 && s->held_up_since_us == 0)
        stream_emit(s, (Event){.kind = EVENT_SLOW, .delay = {now_us - since_us}});
    else if (since_us == 0 && s->held_up_since_us != 0)
        stream_emit(s, (Event){.kind = EVENT_CAUGHT_UP, .delay = {now_us - s->held_up_since_us}});
    s->held_up_since_us = since_us;
}

void stream_update_status(Stream *s, int64_t now_us)
{
    if (now_us < s->next_status_us)
        return;
    s->next_status_us = now_us + STATUS_PERIOD_US;
    StreamStatus status = {
        .at_us = now_us,
        .state = s->state,
        .since_us = s->since_us,
        .live_since_unix_us = s->live_since_unix_us,
        .publishers = s->publishers,
        .excessive = s->excessive,
        .bitrate = -1,
        .has_source = s->source && s->source->heard,
        .unlisted = (s->source && s->source->unlisted) || packager_is_protected(s->packager),
        .protected = packager_is_protected(s->packager),
        .segmenter = segmenter_stats(packager_segmenter(s->packager)),
        .output = packager_stats(s->packager),
        .transcoder = pipeline_transcoder_stats(s->pipeline),
    };

    memcpy(status.name, s->name, sizeof(status.name));
    if (s->trouble)
        status.trouble = trouble_stats(s->trouble);
    note_writes(s, &status.output, now_us);
    note_rungs(s, &status.transcoder, now_us);
    if (status.has_source) {
        int64_t bitrate;
        status.source = s->source->does->stats(s->source);
        note_best(s, &status.source);
        note_problem(s, &status.source.media, &status.transcoder);
        status.problem = s->problem == PROBLEM_NONE ? NULL : source_problem_name(s->problem);
        memcpy(status.title, s->source->title, sizeof(status.title));
        if (mean_rate_get(&s->source->rate, &bitrate))
            status.bitrate = bitrate;
    }
    pthread_mutex_lock(&s->lock);
    s->status = status;
    pthread_mutex_unlock(&s->lock);
}

/* ---- for other threads ---- */

void stream_status(Stream *s, StreamStatus *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->status;
    pthread_mutex_unlock(&s->lock);
}

StreamState stream_state(Stream *s, int64_t *since_us)
{
    pthread_mutex_lock(&s->lock);
    StreamState state = s->status.state;
    if (since_us)
        *since_us = s->status.since_us;
    pthread_mutex_unlock(&s->lock);
    return state;
}

int64_t stream_bitrate(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t bitrate = s->status.bitrate;
    pthread_mutex_unlock(&s->lock);
    return bitrate;
}
