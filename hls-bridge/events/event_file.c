/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events/janus_event.h"
#include "line_file.h"

#define MODE 0640 /* titles and names are nobody else's business */

typedef struct EventFile {
    char *emitter;
    LineFile lines;
} EventFile;

static bool offer(void *user, const Event *event, char *why)
{
    EventFile *f = user;
    char *text = janus_event_text(event, f->emitter);
    bool good = text && line_file_add(&f->lines, text, strlen(text)) == 0;

    if (!good) {
        snprintf(why, EVENT_WHY_SIZE, "%s: %s", f->lines.path, strerror(text ? errno : ENOMEM));
        line_file_close(&f->lines); /* it may be another disk next time */
    }
    free(text);
    return good;
}

static void flush(void *user)
{
    EventFile *f = user;

    line_file_close(&f->lines);
}

static void free_file(void *user)
{
    EventFile *f = user;

    line_file_free(&f->lines);
    free(f->emitter);
    free(f);
}

EventSink event_file_sink(const char *path, int64_t bytes, const char *emitter)
{
    EventFile *f = calloc(1, sizeof(*f));
    EventSink sink = {.name = "file", .user = f, .waits = true, .flush = flush, .close = free_file};

    if (!f)
        return sink;
    f->emitter = strdup(emitter);
    if (line_file_init(&f->lines, path, ".old", bytes, MODE) && f->emitter) {
        sink.offer = offer;
        return sink;
    }
    free_file(f);
    return (EventSink){0};
}
