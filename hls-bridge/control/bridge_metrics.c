/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/bridge_metrics.h"

#include <stddef.h>
#include <string.h>

#include "base/media.h"
#include "base/metrics_text.h"
#include "events/event_stats.h"
#include "playback/playback_stats.h"
#include "serve/ll_hub.h"
#include "stream/stream_load.h"

#define SINK_LABEL_SIZE 64

void bridge_metrics_load(FILE *out, const StreamLoad *load)
{
    static const char refused[] = "hls_bridge_refused_publishers_total";
    static const char left[] = "hls_bridge_left_streams", most[] = "hls_bridge_max_left_streams";
    static const char early[] = "hls_bridge_early_ends_total";

    metrics_single(out, "hls_bridge_taken_streams", "gauge",
                   "Streams that somebody publishes, or is about to.", (double)load->streams);
    metrics_single(out, "hls_bridge_max_streams", "gauge", "As many as there may be: sources.max.",
                   (double)load->max_streams);
    metrics_single(out, "hls_bridge_load_bytes_per_second", "gauge",
                   "What publishers send; a new one counts for sources.bitrate.",
                   (double)load->bitrate / 8);
    metrics_single(out, "hls_bridge_max_load_bytes_per_second", "gauge",
                   "What they may: sources.bandwidth; 0: as much as they like.",
                   (double)load->bandwidth / 8);
    metrics_family(out, refused, "counter", "Publishers that a limit has kept out.");
    metrics_sample(out, refused, "limit=\"max\"", (double)load->refused_streams);
    metrics_sample(out, refused, "limit=\"bandwidth\"", (double)load->refused_bandwidth);
    metrics_sample(out, refused, "limit=\"held and ended\"", (double)load->refused_crowded);
    metrics_family(out, left, "gauge", "Streams that nobody publishes.");
    metrics_sample(out, left, "state=\"held\"", (double)load->held);
    metrics_sample(out, left, "state=\"ended\"", (double)load->ended);
    metrics_family(out, most, "gauge", "As many as there may be: sources.held and sources.ended.");
    metrics_sample(out, most, "state=\"held\"", (double)load->max_held);
    metrics_sample(out, most, "state=\"ended\"", (double)load->max_ended);
    metrics_family(out, early, "counter",
                   "Streams ended before hls.hold, or removed before hls.keep, to make room.");
    metrics_sample(out, early, "state=\"held\"", (double)load->ended_early);
    metrics_sample(out, early, "state=\"ended\"", (double)load->removed_early);
    metrics_single(out, "hls_bridge_old_names", "gauge",
                   "Names of streams that were removed, whose numbers are kept.",
                   (double)load->names);
    metrics_single(out, "hls_bridge_max_old_names", "gauge",
                   "As many as there may be: sources.names.", (double)load->max_names);
    metrics_single(out, "hls_bridge_forgotten_names_total", "counter",
                   "Of them, those whose folder was removed to make room.",
                   (double)load->forgotten);
    metrics_single(out, "hls_bridge_silent_publishers_total", "counter",
                   "Publishers ended since nothing ever came from them.", (double)load->silent);
    metrics_single(out, "hls_bridge_lost_reads_total", "counter",
                   "Times that the kernel has dropped some of what viewers read: "
                   "fs.inotify.max_queued_events.",
                   (double)load->lost_reads);
}

void bridge_metrics_requests(FILE *out, const LlHubStats *requests)
{
    metrics_single(out, "hls_bridge_waiting_requests_total", "counter",
                   "Low-latency requests that had to wait for what was to come.",
                   (double)requests->held_ever);
    metrics_single(out, "hls_bridge_expired_requests_total", "counter",
                   "Of them, those for which nothing came in time: they got 503.",
                   (double)requests->expired);
    metrics_single(out, "hls_bridge_waiting_room_requests", "gauge",
                   "Requests of pages that wait for a stream to begin.", (double)requests->waiting);
    metrics_single(out, "hls_bridge_refused_connections_total", "counter",
                   "Connections for low latency that were one too many: ll.connections.",
                   (double)requests->noted[LL_NOTE_REFUSED]);
    metrics_single(out, "hls_bridge_slow_connections_total", "counter",
                   "Of them, ended since a request or its answer took longer than ll.timeout.",
                   (double)requests->noted[LL_NOTE_SLOW]);
    metrics_single(out, "hls_bridge_part_memory_bytes", "gauge",
                   "The newest parts, kept for requests that wait for them.",
                   (double)requests->part_bytes);
}

/* One figure of each sink; `kept`: of those alone that keep events on disk. */
typedef struct EventRow {
    const char *name, *type, *help;
    size_t offset; /* of a uint64_t in EventSinkStats */
    bool kept;
} EventRow;

static const EventRow event_rows[] = {
    {"hls_bridge_delivered_events_total", "counter", "Events that a sink has taken.",
     offsetof(EventSinkStats, taken), false},
    {"hls_bridge_dropped_events_total", "counter",
     "Events that a sink has lost, since more than events.queue waited for it or its disk failed.",
     offsetof(EventSinkStats, dropped), false},
    {"hls_bridge_failed_event_deliveries_total", "counter",
     "Tries to deliver an event that have failed.", offsetof(EventSinkStats, failures), false},
    {"hls_bridge_waiting_events", "gauge", "Events that wait for a sink.",
     offsetof(EventSinkStats, waiting), false},
    {"hls_bridge_dead_events_total", "counter",
     "Events that were given up, and written to a file of dead letters.",
     offsetof(EventSinkStats, dead), true},
    {"hls_bridge_event_queue_bytes", "gauge", "What a queue of events takes on disk.",
     offsetof(EventSinkStats, bytes), true},
};

static const char *sink_label(const EventSinkStats *sink, char label[SINK_LABEL_SIZE])
{
    snprintf(label, SINK_LABEL_SIZE, "sink=\"%s\"", sink->name);
    return label;
}

static void write_event_row(FILE *out, const EventStats *events, const EventRow *row)
{
    char label[SINK_LABEL_SIZE];
    bool begun = false;

    for (size_t i = 0; i < events->sinks; i++) {
        const EventSinkStats *sink = &events->sink[i];
        uint64_t value;
        if (row->kept && !sink->keeps)
            continue;
        if (!begun)
            metrics_family(out, row->name, row->type, row->help);
        begun = true;
        memcpy(&value, (const char *)sink + row->offset, sizeof(value));
        metrics_sample(out, row->name, sink_label(sink, label), (double)value);
    }
}

/* When the oldest has happened that waits on disk: an alert takes it from the time that it is. */
static void write_oldest(FILE *out, const EventStats *events)
{
    static const char name[] = "hls_bridge_oldest_waiting_event_timestamp_seconds";
    char label[SINK_LABEL_SIZE];
    bool begun = false;

    for (size_t i = 0; i < events->sinks; i++) {
        const EventSinkStats *sink = &events->sink[i];
        if (!sink->keeps || sink->oldest_us == 0)
            continue;
        if (!begun)
            metrics_family(out, name, "gauge",
                           "Unix time of the oldest event that waits on disk; none: none waits.");
        begun = true;
        metrics_sample(out, name, sink_label(sink, label), (double)sink->oldest_us / US_PER_S);
    }
}

void bridge_metrics_events(FILE *out, const EventStats *events)
{
    metrics_single(out, "hls_bridge_events_total", "counter",
                   "What has happened to streams, as events.", (double)events->emitted);
    for (size_t r = 0; r < sizeof(event_rows) / sizeof(event_rows[0]); r++)
        write_event_row(out, events, &event_rows[r]);
    write_oldest(out, events);
}

void bridge_metrics_playback(FILE *out, const PlaybackStats *playback)
{
    static const char verdicts[] = "hls_bridge_playback_answers_total";
    static const char *const labels[ADMISSION_VERDICTS] = {
        [ADMISSION_ALLOWS] = "verdict=\"allowed\"",
        [ADMISSION_DENIES] = "verdict=\"denied\"",
        [ADMISSION_UNUSABLE] = "verdict=\"unusable\"",
        [ADMISSION_TIMEOUT] = "verdict=\"timeout\"",
        [ADMISSION_UNREACHABLE] = "verdict=\"unreachable\"",
        [ADMISSION_STOPPED] = NULL, /* nobody is there to read it */
    };

    metrics_single(out, "hls_bridge_playback_sessions", "gauge",
                   "Sessions of viewers that are known.", (double)playback->sessions);
    metrics_single(out, "hls_bridge_playback_evicted_total", "counter",
                   "Of them, those that had to make room: playback.sessions.",
                   (double)playback->evicted);
    metrics_single(out, "hls_bridge_playback_asked_total", "counter",
                   "Questions to playback.url about a session.", (double)playback->asked);
    metrics_single(out, "hls_bridge_playback_retried_total", "counter",
                   "Tries of questions that were repeated.", (double)playback->retried);
    metrics_single(out, "hls_bridge_playback_busy_total", "counter",
                   "Questions that were not asked, since too many wait: playback.waiting.",
                   (double)playback->busy);
    metrics_single(out, "hls_bridge_playback_unasked_total", "counter",
                   "Sessions let in without an answer: playback.on_timeout, on_unreachable.",
                   (double)playback->unasked);
    metrics_family(out, verdicts, "counter", "What was answered, or why nothing was.");
    for (size_t i = 0; i < ADMISSION_VERDICTS; i++)
        if (labels[i])
            metrics_sample(out, verdicts, labels[i], (double)playback->verdicts[i]);
}
