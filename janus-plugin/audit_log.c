/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "thread_name.h"

#define MODE 0640 /* who published when is nobody else's business */

struct AuditLog {
    char *path, *old;
    int64_t max_bytes;
    int fd; /* of the thread; below 0: it is not open */
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows; nothing is called under it */
    pthread_cond_t work;  /* `lines` or `stopping` has changed */
    GQueue lines;         /* char *, to be freed with free() */
    AuditStats stats;
    bool stopping;
};

/* ---- the file ---- */

static void close_file(AuditLog *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

/* Opens what has the name now. Returns its length, or -1 with errno. */
static int64_t open_file(AuditLog *log)
{
    struct stat is, named;

    if (log->fd >= 0 && (fstat(log->fd, &is) < 0 || stat(log->path, &named) < 0 ||
                         is.st_ino != named.st_ino || is.st_dev != named.st_dev))
        close_file(log);
    /* O_NONBLOCK: a FIFO that nobody reads is an error and does not wait */
    if (log->fd < 0)
        log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, MODE);
    if (log->fd < 0 || fstat(log->fd, &is) < 0)
        return -1;
    return is.st_size;
}

/* Makes room for a line. Returns the length of the file, or -1 with errno. */
static int64_t open_with_room(AuditLog *log, size_t len)
{
    int64_t size = open_file(log);

    if (size <= 0 || log->max_bytes == 0 || size + (int64_t)len <= log->max_bytes)
        return size;
    return rename(log->path, log->old) < 0 ? -1 : open_file(log);
}

/* Adds a line, or nothing. */
static bool add_line(AuditLog *log, char *line)
{
    size_t len = strlen(line) + 1;
    const struct iovec parts[] = {{line, len - 1}, {(void *)"\n", 1}};
    int64_t size = open_with_room(log, len);

    if (size < 0)
        return false;
    ssize_t n = writev(log->fd, parts, 2);
    if (n == (ssize_t)len)
        return true;
    if (n > 0 && ftruncate(log->fd, size) < 0) /* half a line would spoil the next one */
        close_file(log);
    return false;
}

/* ---- the thread ---- */

/* The next line, or NULL if there is none and it is to stop. The lock is held. */
static char *next_line(AuditLog *log)
{
    while (g_queue_is_empty(&log->lines) && !log->stopping)
        pthread_cond_wait(&log->work, &log->lock);
    return g_queue_pop_head(&log->lines);
}

static void *run_log(void *data)
{
    AuditLog *log = data;
    char *line;

    thread_name_set("hls-audit");
    pthread_mutex_lock(&log->lock);
    while ((line = next_line(log))) {
        pthread_mutex_unlock(&log->lock);
        bool written = add_line(log, line);
        free(line);
        pthread_mutex_lock(&log->lock);
        log->stats.written += written;
        log->stats.lost += !written;
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* ---- start and stop ---- */

static void free_log(AuditLog *log)
{
    close_file(log);
    pthread_cond_destroy(&log->work);
    pthread_mutex_destroy(&log->lock);
    g_free(log->path);
    g_free(log->old);
    g_free(log);
}

AuditLog *audit_log_create(const char *path, int64_t max_bytes)
{
    AuditLog *log = g_new0(AuditLog, 1);

    log->path = g_strdup(path);
    log->old = g_strconcat(path, ".1", NULL);
    log->max_bytes = max_bytes;
    log->fd = -1;
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->work, NULL);
    int error = open_file(log) < 0 ? errno : pthread_create(&log->thread, NULL, run_log, log);
    if (error == 0)
        return log;
    free_log(log);
    errno = error;
    return NULL;
}

void audit_log_destroy(AuditLog **log)
{
    AuditLog *l = *log;

    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    free_log(l);
    *log = NULL;
}

/* ---- from any thread ---- */

void audit_log_add(AuditLog *log, json_t *record)
{
    char *line = record ? json_dumps(record, JSON_COMPACT) : NULL;

    json_decref(record);
    pthread_mutex_lock(&log->lock);
    bool room = line && g_queue_get_length(&log->lines) < AUDIT_QUEUE_MAX;
    if (room) {
        g_queue_push_tail(&log->lines, line);
        pthread_cond_signal(&log->work);
    } else {
        log->stats.lost++;
    }
    pthread_mutex_unlock(&log->lock);
    if (!room)
        free(line);
}

AuditStats audit_log_stats(AuditLog *log)
{
    pthread_mutex_lock(&log->lock);
    AuditStats stats = log->stats;
    pthread_mutex_unlock(&log->lock);
    return stats;
}
