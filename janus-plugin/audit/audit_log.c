/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/audit_log.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "line_file.h"
#include "thread_name.h"

#define MODE 0640 /* who published when is nobody else's business */

struct AuditLog {
    LineFile file; /* of the thread */
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows; nothing is called under it */
    pthread_cond_t work;  /* `lines` or `stopping` has changed */
    GQueue lines;         /* char *, to be freed with free() */
    AuditStats stats;
    bool stopping;
};

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
        line_file_close(&log->file); /* somebody may have moved it */
        bool written = line_file_add(&log->file, line, strlen(line)) == 0;
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
    line_file_free(&log->file);
    pthread_cond_destroy(&log->work);
    pthread_mutex_destroy(&log->lock);
    g_free(log);
}

AuditLog *audit_log_create(const char *path, int64_t max_bytes)
{
    AuditLog *log = g_new0(AuditLog, 1);

    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->work, NULL);
    int error = ENOMEM;
    if (line_file_init(&log->file, path, ".1", max_bytes, MODE))
        error = line_file_open(&log->file) < 0 ? errno
                                               : pthread_create(&log->thread, NULL, run_log, log);
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
