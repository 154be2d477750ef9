/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/folder_readers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define READ_SIZE 8192
#define READS     32 /* of one look: some 5000 events */

struct FolderWatch {
    int number; /* the kernel's, which it never gives twice */
    FolderRead read;
    void *user;
    FolderWatch *next;
};

struct FolderReaders {
    int fd;
    pthread_mutex_t lock; /* guards what follows, and reading from fd */
    FolderWatch *watches;
    uint64_t lost;
};

FolderReaders *folder_readers_create(void)
{
    FolderReaders *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (r->fd < 0) {
        int error = errno;
        free(r);
        errno = error;
        return NULL;
    }
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void folder_readers_destroy(FolderReaders **readers)
{
    FolderReaders *r = *readers;

    if (!r)
        return;
    close(r->fd);
    pthread_mutex_destroy(&r->lock);
    free(r);
    *readers = NULL;
}

FolderWatch *folder_readers_watch(FolderReaders *r, const char *path, FolderRead read, void *user)
{
    FolderWatch *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    *w = (FolderWatch){.read = read, .user = user};
    pthread_mutex_lock(&r->lock);
    w->number = inotify_add_watch(r->fd, path, IN_CLOSE_NOWRITE | IN_ONLYDIR);
    int error = errno;
    if (w->number >= 0) {
        w->next = r->watches;
        r->watches = w;
    }
    pthread_mutex_unlock(&r->lock);
    if (w->number >= 0)
        return w;
    free(w);
    errno = error;
    return NULL;
}

void folder_readers_leave(FolderReaders *r, FolderWatch **watch)
{
    FolderWatch *w = *watch;

    if (!w)
        return;
    pthread_mutex_lock(&r->lock);
    FolderWatch **at = &r->watches;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    inotify_rm_watch(r->fd, w->number); /* fails if the folder is gone, and the watch with it */
    pthread_mutex_unlock(&r->lock);
    free(w);
    *watch = NULL;
}

/* The lock is held. */
static void tell(FolderReaders *r, const struct inotify_event *event, int64_t now_us)
{
    if (event->mask & IN_Q_OVERFLOW)
        r->lost++;
    if (!(event->mask & IN_CLOSE_NOWRITE) || event->mask & IN_ISDIR || event->len == 0)
        return;
    for (FolderWatch *w = r->watches; w; w = w->next) {
        if (w->number != event->wd)
            continue;
        w->read(w->user, event->name, now_us);
        return;
    }
}

void folder_readers_look(FolderReaders *r, int64_t now_us)
{
    _Alignas(struct inotify_event) char events[READ_SIZE];

    pthread_mutex_lock(&r->lock);
    for (int i = 0; i < READS; i++) {
        ssize_t len = read(r->fd, events, sizeof(events));
        if (len <= 0)
            break;
        for (const char *at = events; at < events + len;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            tell(r, event, now_us);
            at += sizeof(*event) + event->len;
        }
    }
    pthread_mutex_unlock(&r->lock);
}

uint64_t folder_readers_lost(FolderReaders *r)
{
    pthread_mutex_lock(&r->lock);
    uint64_t lost = r->lost;
    pthread_mutex_unlock(&r->lock);
    return lost;
}
