/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/datagram_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_buffer.h"

#define KEPT_BYTES (1 << 18) /* memory that stays for what comes next; it is seldom more */

struct DatagramQueue {
    size_t limit;
    pthread_mutex_t lock; /* guards what follows, up to `dropped` */
    ByteBuffer in;        /* headers, each with its bytes behind it */
    bool full;            /* new datagrams are dropped until `in` is taken over */
    bool gap;             /* something was dropped before what is added next */
    uint64_t dropped;

    /* the taker's own */
    ByteBuffer out;
    size_t at; /* of the next one; END: there is none */
};

/* How a datagram lies in a buffer: its bytes are behind it, up to a multiple of its alignment. */
typedef struct Stored {
    Datagram datagram; /* without `data` */
    size_t next;       /* where the one lies that is taken after it, once that is known, or END */
} Stored;

#define END SIZE_MAX

DatagramQueue *datagram_queue_create(size_t limit)
{
    DatagramQueue *q = calloc(1, sizeof(*q));

    if (!q)
        return NULL;
    q->limit = limit;
    q->at = END;
    pthread_mutex_init(&q->lock, NULL);
    return q;
}

void datagram_queue_destroy(DatagramQueue **queue)
{
    DatagramQueue *q = *queue;

    if (!q)
        return;
    byte_buffer_free(&q->in);
    byte_buffer_free(&q->out);
    pthread_mutex_destroy(&q->lock);
    free(q);
    *queue = NULL;
}

static size_t stored_size(size_t len)
{
    size_t align = _Alignof(Stored);

    return (sizeof(Stored) + len + align - 1) / align * align;
}

static Stored *stored(DatagramQueue *q, size_t at)
{
    return (Stored *)(void *)(q->out.data + at);
}

/* The lock is held. Returns 0, or -1 if there is no room or no memory. */
static int append(DatagramQueue *q, const Datagram *datagram)
{
    static const uint8_t padding[_Alignof(Stored)];
    Stored header = {.datagram = *datagram, .next = END};
    size_t before = q->in.len, size = stored_size(datagram->len);

    if (q->full || before + size > q->limit)
        return -1;
    header.datagram.after_gap = q->gap;
    if (byte_buffer_add(&q->in, &header, sizeof(header)) == 0 &&
        byte_buffer_add(&q->in, datagram->data, datagram->len) == 0 &&
        byte_buffer_add(&q->in, padding, size - sizeof(header) - datagram->len) == 0)
        return 0;
    q->in.len = before;
    return -1;
}

void datagram_queue_add(DatagramQueue *q, const Datagram *datagram)
{
    pthread_mutex_lock(&q->lock);
    bool added = append(q, datagram) == 0;
    q->full = q->gap = !added;
    q->dropped += !added;
    pthread_mutex_unlock(&q->lock);
}

/* Finds in which order the datagrams are taken. One socket is read after the other; if much waited,
 * all sound of some seconds would else come before the first picture. Those of a socket lie in
 * order, so each is looked for from the one before it on. */
static void put_in_order(DatagramQueue *q)
{
    size_t *first = &q->at, *last = first; /* links, to the first that was read at this time, too */
    Stored *before = NULL;

    q->at = END;
    for (size_t at = 0; at < q->out.len; at += stored_size(stored(q, at)->datagram.len)) {
        Stored *s = stored(q, at);
        const Datagram *d = &s->datagram;
        size_t *link = first;

        if (!before || d->after_gap || d->read_us != before->datagram.read_us)
            link = first = last;
        else if (before->datagram.arrival_us <= d->arrival_us)
            link = &before->next;
        while (*link != END && stored(q, *link)->datagram.arrival_us <= d->arrival_us)
            link = &stored(q, *link)->next;
        s->next = *link;
        *link = at;
        if (s->next == END)
            last = &s->next;
        before = s;
    }
}

/* Takes over what was added since; nothing of what was taken over before is left. */
static void take_over(DatagramQueue *q)
{
    ByteBuffer done = q->out;

    if (done.capacity > KEPT_BYTES)
        byte_buffer_free(&done);
    byte_buffer_clear(&done);
    pthread_mutex_lock(&q->lock);
    q->out = q->in;
    q->in = done;
    q->full = false;
    pthread_mutex_unlock(&q->lock);
    put_in_order(q);
}

bool datagram_queue_peek(DatagramQueue *q, Datagram *out)
{
    if (q->at == END)
        take_over(q);
    if (q->at == END)
        return false;
    const Stored *s = stored(q, q->at);
    *out = s->datagram;
    out->data = (const uint8_t *)(s + 1);
    return true;
}

void datagram_queue_pop(DatagramQueue *q)
{
    q->at = stored(q, q->at)->next;
}

uint64_t datagram_queue_dropped(DatagramQueue *q)
{
    pthread_mutex_lock(&q->lock);
    uint64_t dropped = q->dropped;
    pthread_mutex_unlock(&q->lock);
    return dropped;
}
