/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/caretaker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "thread_name.h"

#define PERIOD_MS 1000

struct Caretaker {
    StreamTable *table;
    PublicList *list;
    pthread_t thread;
    int end; /* readable once it is to end */
};

static void *run(void *user)
{
    Caretaker *c = user;

    thread_name_set("caretaker");
    do {
        if (stream_table_tend(c->table))
            malloc_trim(0); /* glibc keeps what many threads have freed, for each of them */
        public_list_update(c->list, c->table);
    } while (poll(&(struct pollfd){.fd = c->end, .events = POLLIN}, 1, PERIOD_MS) <= 0);
    return NULL;
}

Caretaker *caretaker_create(StreamTable *table, PublicList *list)
{
    Caretaker *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    *c = (Caretaker){.table = table, .list = list, .end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    errno = c->end < 0 ? errno : pthread_create(&c->thread, NULL, run, c);
    if (errno == 0)
        return c;
    int error = errno;
    if (c->end >= 0)
        close(c->end);
    free(c);
    errno = error;
    return NULL;
}

void caretaker_destroy(Caretaker **caretaker)
{
    Caretaker *c = *caretaker;

    if (!c)
        return;
    eventfd_write(c->end, 1);
    pthread_join(c->thread, NULL);
    close(c->end);
    free(c);
    *caretaker = NULL;
}
