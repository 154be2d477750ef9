/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>

#include "hls-bridge/base/media.h"
#include "hls-bridge/events/event_log.h"

/* What people read of each event, and what tools look for; NULL: nothing. */
static const struct {
    Event event;
    const char *line;
} rows[] = {
    {{.kind = EVENT_STARTED}, NULL},
    {{.kind = EVENT_LIVE, .live = {.video = true, .audio = true}},
     "info  shop: a publisher sends, video, audio"},
    {{.kind = EVENT_RESUMED, .live = {.audio = true}}, "info  shop: a publisher sends, audio"},
    {{.kind = EVENT_HELD, .held = {.reason = HELD_GONE, .hold_us = 30 * US_PER_S}},
     "info  shop: the publisher has gone, held open for 30 s"},
    {{.kind = EVENT_HELD, .held = {.reason = HELD_GONE, .empty = true}},
     "info  shop: the publisher has gone, and there was nothing to show"},
    {{.kind = EVENT_HELD, .held = {.reason = HELD_TAKEN_OVER, .hold_us = 30 * US_PER_S}},
     "info  shop: another publisher takes over, held open for 30 s"},
    {{.kind = EVENT_HELD, .held = {.reason = HELD_TOO_MUCH, .hold_us = 30 * US_PER_S}},
     "info  shop: ended, since it sends too much, held open for 30 s"},
    {{.kind = EVENT_HELD, .held = {.reason = HELD_NO_PACKETS, .hold_us = 30 * US_PER_S}},
     "info  shop: nothing has come from the publisher for a while, held open for 30 s"},
    {{.kind = EVENT_HELD, .held = {.reason = HELD_STOPPING, .hold_us = 30 * US_PER_S}},
     "info  shop: the bridge stops"},
    {{.kind = EVENT_ENDED, .ended = {.listed = true}}, "info  shop: ended"},
    {{.kind = EVENT_ENDED}, NULL},
    {{.kind = EVENT_REMOVED}, NULL},
    {{.kind = EVENT_TAKEN_OVER}, NULL},
    {{.kind = EVENT_REFUSED, .refused = {.reason = "max"}}, NULL},
    {{.kind = EVENT_KICKED}, NULL},
    {{.kind = EVENT_TOO_MUCH, .too_much = {.bitrate = 25500000, .most = 10000000}},
     "error shop: the publisher sends 25.5 Mbit/s, and may send 10.0 (sources.bitrate)"},
    {{.kind = EVENT_SILENT}, "warn  shop: ended, since nothing has ever come from the publisher"},
    {{.kind = EVENT_PROBLEM, .problem = {.name = "x", .text = "it is grey"}},
     "warn  shop: it is grey"},
    {{.kind = EVENT_PROBLEM_OVER}, "info  shop: the video can be played now"},
    {{.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_FOLDER, .error = EACCES}},
     "error shop: cannot be opened: Permission denied; tried again while somebody publishes"},
    {{.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_END, .error = ENOSPC}},
     "error shop: its end cannot be written: No space left on device; tried again each second"},
    {{.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_ACCESS, .error = ENOSPC}},
     "error shop: a publisher is turned away: that its stream is protected cannot be written: No "
     "space left on device"},
    {{.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_MEDIA}}, NULL},
    {{.kind = EVENT_DISK_WORKS, .disk = {.part = DISK_END}}, NULL},
    {{.kind = EVENT_SLOW, .delay = {1200000}},
     "warn  shop: held up, by a slow disk or a busy machine; what comes meanwhile waits"},
    {{.kind = EVENT_CAUGHT_UP, .delay = {3140000}}, "info  shop: caught up, after 3.1 s"},
    {{.kind = EVENT_RUNGS_SLOW},
     "warn  shop: the transcoder cannot keep up, and leaves pictures of its rungs out"},
    {{.kind = EVENT_RUNGS_SLOW, .rungs = {2}},
     "warn  shop: the transcoder cannot keep up: 2 of its rungs, from the top, stand still. Fewer "
     "or "
     "smaller ones (transcode.ladder) or another transcode.encoder would help"},
    {{.kind = EVENT_RUNGS_WELL}, "info  shop: the transcoder keeps up again"},
};

static void says_what_it_always_said(void **state)
{
    EventSink sink = event_log_sink();
    bool seen[EVENT_KINDS] = {false};
    char name[] = "/tmp/janus-hls-test-XXXXXX", line[512];
    int file = mkstemp(name), kept = dup(STDERR_FILENO);

    (void)state;
    assert_true(file >= 0 && kept >= 0);
    unlink(name);
    assert_false(sink.waits);
    for (size_t i = 0; i < COUNT(rows); i++) {
        Event event = rows[i].event;
        snprintf(event.stream, sizeof(event.stream), "shop");
        assert_int_equal(ftruncate(file, 0), 0);
        lseek(file, 0, SEEK_SET);
        dup2(file, STDERR_FILENO);
        bool good = sink.offer(sink.user, &event, NULL);
        dup2(kept, STDERR_FILENO);
        ssize_t n = pread(file, line, sizeof(line) - 1, 0);
        line[n > 0 ? n : 0] = '\0';
        line[strcspn(line, "\n")] = '\0';
        const char *text = strchr(line, ' ');
        assert_true(good);
        assert_row(rows[i].line ? text && strcmp(text + 1, rows[i].line) == 0 : n == 0,
                   event_name(event.kind), "row %zu: %s", i, line);
        seen[event.kind] = true;
    }
    close(file);
    close(kept);
    for (size_t i = 0; i < EVENT_KINDS; i++)
        assert_row(seen[i], "kind", "%zu has no row", i);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_it_always_said)};

TEST_GROUP(event_log, tests);
