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
    size_t at;
};

DatagramQueue *datagram_queue_create(size_t limit)
{
    DatagramQueue *q = calloc(1, sizeof(*q));

    if (!q)
        return NULL;
    q->limit = limit;
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

/* The lock is held. Returns 0, or -1 if there is no room or no memory. */
static int append(DatagramQueue *q, const Datagram *datagram)
{
    Datagram header = *datagram;
    size_t before = q->in.len;

    if (q->full || before + sizeof(header) + header.len > q->limit)
        return -1;
    header.after_gap = q->gap;
    if (byte_buffer_add(&q->in, &header, sizeof(header)) == 0 &&
        byte_buffer_add(&q->in, header.data, header.len) == 0)
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
    q->at = 0;
}

bool datagram_queue_peek(DatagramQueue *q, Datagram *out)
{
    if (q->at == q->out.len)
        take_over(q);
    if (q->at == q->out.len)
        return false;
    memcpy(out, q->out.data + q->at, sizeof(*out));
    out->data = q->out.data + q->at + sizeof(*out);
    return true;
}

void datagram_queue_pop(DatagramQueue *q)
{
    Datagram header;

    memcpy(&header, q->out.data + q->at, sizeof(header));
    q->at += sizeof(header) + header.len;
}

uint64_t datagram_queue_dropped(DatagramQueue *q)
{
    pthread_mutex_lock(&q->lock);
    uint64_t dropped = q->dropped;
    pthread_mutex_unlock(&q->lock);
    return dropped;
}
