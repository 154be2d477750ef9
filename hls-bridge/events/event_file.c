/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events/janus_event.h"

#define MODE 0640 /* titles and names are nobody else's business */

typedef struct EventFile {
    char *path, *old, *emitter;
    int64_t bytes; /* that it may have */
    int fd;        /* below 0: it is not open */
} EventFile;

static void close_file(void *user)
{
    EventFile *f = user;

    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

/* Opens it, if it is not. Returns its length, or -1 with errno. */
static int64_t open_file(EventFile *f)
{
    struct stat is;

    /* O_NONBLOCK: a FIFO that nobody reads, or not fast enough, is an error and does not wait */
    if (f->fd < 0)
        f->fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, MODE);
    if (f->fd < 0 || fstat(f->fd, &is) < 0)
        return -1;
    return is.st_size;
}

/* Makes room for a line, and opens the file. Returns its length, or -1 with errno. */
static int64_t open_with_room(EventFile *f, size_t len)
{
    int64_t size = open_file(f);

    if (size <= 0 || size + (int64_t)len <= f->bytes)
        return size;
    close_file(f);
    return rename(f->path, f->old) < 0 ? -1 : open_file(f);
}

/* Adds a line, or nothing. Returns 0, or -1 with errno. */
static int add_line(EventFile *f, const char *text, size_t len)
{
    const struct iovec line[] = {{(void *)text, len}, {(void *)"\n", 1}};
    int64_t size = open_with_room(f, len + 1);

    if (size < 0)
        return -1;
    ssize_t n = writev(f->fd, line, 2);
    if (n == (ssize_t)len + 1)
        return 0;
    int error = n < 0 ? errno : ENOSPC;
    if (n > 0 && ftruncate(f->fd, size) < 0) /* half a line would spoil the next one */
        error = errno;
    errno = error;
    return -1;
}

static bool offer(void *user, const Event *event, char *why)
{
    EventFile *f = user;
    char *text = janus_event_text(event, f->emitter);
    bool good = text && add_line(f, text, strlen(text)) == 0;

    if (!good) {
        snprintf(why, EVENT_WHY_SIZE, "%s: %s", f->path, strerror(text ? errno : ENOMEM));
        close_file(f); /* it may be another disk next time */
    }
    free(text);
    return good;
}

static void free_file(void *user)
{
    EventFile *f = user;

    close_file(f);
    free(f->path);
    free(f->old);
    free(f->emitter);
    free(f);
}

EventSink event_file_sink(const char *path, int64_t bytes, const char *emitter)
{
    EventFile *f = calloc(1, sizeof(*f));
    EventSink sink = {
        .name = "file", .user = f, .waits = true, .flush = close_file, .close = free_file};

    if (!f)
        return sink;
    f->fd = -1;
    f->bytes = bytes;
    f->path = strdup(path);
    f->emitter = strdup(emitter);
    if (asprintf(&f->old, "%s.old", path) < 0)
        f->old = NULL;
    if (f->path && f->old && f->emitter) {
        sink.offer = offer;
        return sink;
    }
    free_file(f);
    return (EventSink){0};
}
