/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct Mailbox {
    int wake_fd;
    pthread_mutex_t lock; /* guards what follows */
    Mail mail;            /* `stop` stays */
    bool closed;          /* nobody reads any more */
    bool resting;         /* nobody reads until the next publisher comes */
    bool taken;           /* the stream has a publisher, or will have one at once */
    int64_t barred_until_us;
};

Mailbox *mailbox_create(void)
{
    Mailbox *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->wake_fd < 0) {
        free(m);
        return NULL;
    }
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void mailbox_destroy(Mailbox **mailbox)
{
    Mailbox *m = *mailbox;

    if (!m)
        return;
    ingest_destroy(&m->mail.source);
    close(m->wake_fd);
    pthread_mutex_destroy(&m->lock);
    free(m);
    *mailbox = NULL;
}

/* ---- for other threads ---- */

MailboxEntry mailbox_publish(Mailbox *m, Ingest *source, const SourceSdp *fixed, bool *replaced)
{
    pthread_mutex_lock(&m->lock);
    bool open = !m->closed && !m->mail.stop, resting = m->resting;
    if (open) {
        m->resting = false;
        *replaced = m->taken;
        m->taken = true;
        ingest_destroy(&m->mail.source);
        m->mail.source = source;
        m->mail.replaced |= *replaced;
        m->mail.fixed = fixed;
        m->mail.unpublish = false;
    }
    pthread_mutex_unlock(&m->lock);
    if (!open)
        return MAILBOX_CLOSED;
    eventfd_write(m->wake_fd, 1);
    return resting ? MAILBOX_WAKES : MAILBOX_ENTERED;
}

int mailbox_unpublish(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool there = m->taken;
    m->taken = false;
    ingest_destroy(&m->mail.source);
    m->mail.replaced = false;
    m->mail.unpublish = true;
    pthread_mutex_unlock(&m->lock);
    eventfd_write(m->wake_fd, 1);
    return there ? 0 : -1;
}

void mailbox_hurry(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->mail.hurry = true;
    pthread_mutex_unlock(&m->lock);
    eventfd_write(m->wake_fd, 1);
}

void mailbox_wake(Mailbox *m)
{
    eventfd_write(m->wake_fd, 1);
}

void mailbox_stop(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->mail.stop = true;
    pthread_mutex_unlock(&m->lock);
    eventfd_write(m->wake_fd, 1);
}

bool mailbox_is_stopped(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool stopped = m->mail.stop;
    pthread_mutex_unlock(&m->lock);
    return stopped;
}

bool mailbox_is_taken(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool taken = m->taken;
    pthread_mutex_unlock(&m->lock);
    return taken;
}

bool mailbox_is_barred(Mailbox *m, int64_t now_us)
{
    pthread_mutex_lock(&m->lock);
    bool barred = now_us < m->barred_until_us;
    pthread_mutex_unlock(&m->lock);
    return barred;
}

/* ---- for the stream's thread ---- */

int mailbox_fd(const Mailbox *m)
{
    return m->wake_fd;
}

Mail mailbox_read(Mailbox *m)
{
    eventfd_t ignored;

    eventfd_read(m->wake_fd, &ignored);
    pthread_mutex_lock(&m->lock);
    Mail mail = m->mail;
    m->mail.source = NULL;
    m->mail.unpublish = m->mail.hurry = m->mail.replaced = false;
    pthread_mutex_unlock(&m->lock);
    return mail;
}

void mailbox_take(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->taken = true;
    pthread_mutex_unlock(&m->lock);
}

void mailbox_leave(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->taken = m->mail.source;
    pthread_mutex_unlock(&m->lock);
}

void mailbox_bar(Mailbox *m, int64_t until_us)
{
    pthread_mutex_lock(&m->lock);
    m->barred_until_us = until_us;
    pthread_mutex_unlock(&m->lock);
}

bool mailbox_close(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->closed = !m->mail.source;
    bool closed = m->closed;
    pthread_mutex_unlock(&m->lock);
    return closed;
}

bool mailbox_rest(Mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->resting = !m->mail.source;
    bool resting = m->resting;
    pthread_mutex_unlock(&m->lock);
    return resting;
}
