/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_log.h"

#include <string.h>

#include "base/bridge_log.h"
#include "base/media.h"

static void log_live(const Event *e)
{
    log_info("%s: a publisher sends%s%s", e->stream, e->live.video ? ", video" : "",
             e->live.audio ? ", audio" : "");
}

static void log_held(const Event *e)
{
    static const char *const reasons[EVENT_HELD_REASONS] = {
        [HELD_GONE] = "the publisher has gone",
        [HELD_TAKEN_OVER] = "another publisher takes over",
        [HELD_TOO_MUCH] = "ended, since it sends too much",
        [HELD_NO_PACKETS] = "nothing has come from the publisher for a while",
        [HELD_STOPPING] = "the bridge stops",
    };
    const char *reason = reasons[e->held.reason];

    if (e->held.reason == HELD_STOPPING)
        log_info("%s: %s", e->stream, reason);
    else if (e->held.empty)
        log_info("%s: %s, and there was nothing to show", e->stream, reason);
    else
        log_info("%s: %s, held open for %lld s", e->stream, reason,
                 (long long)(e->held.hold_us / US_PER_S));
}

static void log_too_much(const Event *e)
{
    log_error("%s: the publisher sends %.1f Mbit/s, and may send %.1f (sources.bitrate)", e->stream,
              (double)e->too_much.bitrate / 1e6, (double)e->too_much.most / 1e6);
}

static void log_disk(const Event *e)
{
    const char *error = strerror(e->disk.error);

    switch (e->disk.part) {
    case DISK_FOLDER:
        log_error("%s: cannot be opened: %s; tried again while somebody publishes", e->stream,
                  error);
        break;
    case DISK_END:
        log_error("%s: its end cannot be written: %s; tried again each second", e->stream, error);
        break;
    case DISK_ACCESS:
        log_error(
            "%s: a publisher is turned away: that its stream is protected cannot be written: %s",
            e->stream, error);
        break;
    default: /* whoever writes media names the file */
        break;
    }
}

static void log_rungs(const Event *e)
{
    if (e->rungs.still == 0)
        log_warn("%s: the transcoder cannot keep up, and leaves pictures of its rungs out",
                 e->stream);
    else
        log_warn(
            "%s: the transcoder cannot keep up: %zu of its rungs, from the top, stand still. "
            "Fewer or smaller ones (transcode.ladder) or another transcode.encoder would help",
            e->stream, e->rungs.still);
}

static bool offer(void *user, const Event *e, char *why)
{
    (void)user;
    (void)why;
    switch (e->kind) {
    case EVENT_LIVE:
    case EVENT_RESUMED:
        log_live(e);
        break;
    case EVENT_HELD:
        log_held(e);
        break;
    case EVENT_ENDED:
        if (e->ended.listed)
            log_info("%s: ended", e->stream);
        break;
    case EVENT_TOO_MUCH:
        log_too_much(e);
        break;
    case EVENT_SILENT:
        log_warn("%s: ended, since nothing has ever come from the publisher", e->stream);
        break;
    case EVENT_PROBLEM:
        log_warn("%s: %s", e->stream, e->problem.text);
        break;
    case EVENT_PROBLEM_OVER:
        log_info("%s: the video can be played now", e->stream);
        break;
    case EVENT_DISK_TROUBLE:
        log_disk(e);
        break;
    case EVENT_SLOW:
        log_warn("%s: held up, by a slow disk or a busy machine; what comes meanwhile waits",
                 e->stream);
        break;
    case EVENT_CAUGHT_UP:
        log_info("%s: caught up, after %.1f s", e->stream, (double)e->delay.us / US_PER_S);
        break;
    case EVENT_RUNGS_SLOW:
        log_rungs(e);
        break;
    case EVENT_RUNGS_WELL:
        log_info("%s: the transcoder keeps up again", e->stream);
        break;
    default: /* another line tells the same, or those who asked for it were told */
        break;
    }
    return true;
}

EventSink event_log_sink(void)
{
    return (EventSink){.name = "log", .offer = offer};
}
