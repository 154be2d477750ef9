/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATAGRAM_QUEUE_H
#define DATAGRAM_QUEUE_H

/* A queue of datagrams that wait for their stream's thread, which a slow disk may hold up. What was
 * read together is taken in the order in which it came.
 *
 * Bounded: if more than `limit` bytes wait, new datagrams are dropped until all that wait have been
 * taken over. So there is one long gap, after which decoding starts again, and not many short ones.
 *
 * Thread-safety: one thread adds, another one takes; neither waits for the other for longer than it
 * takes to copy a datagram. */

#include "base/media.h"

typedef struct DatagramQueue DatagramQueue;

typedef struct Datagram {
    size_t track;
    int64_t arrival_us; /* when it came, monotonic */
    int64_t read_us;    /* when it was read; those that were read together have the same */
    bool after_gap;     /* datagrams before it were dropped */
    size_t len;
    const uint8_t *data;
} Datagram;

/* `limit`: bytes that may wait, a few dozen more for each datagram included. Twice as many may be
 * in memory: those that were taken over, and those that have come since. Returns NULL if there
 * is no memory. */
DatagramQueue *datagram_queue_create(size_t limit);

/* Accepts NULL, leaves NULL. */
void datagram_queue_destroy(DatagramQueue **queue);

/* Adds a copy; `after_gap` is ignored. Without room or memory it is dropped and counted. */
void datagram_queue_add(DatagramQueue *queue, const Datagram *datagram);

/* The next datagram: of those that were read together, if no gap lies between them, the one that
 * came first. It is borrowed until datagram_queue_pop(). Returns false if none waits. */
bool datagram_queue_peek(DatagramQueue *queue, Datagram *out);

/* Removes the datagram that datagram_queue_peek() gave. */
void datagram_queue_pop(DatagramQueue *queue);

/* How many were dropped. */
uint64_t datagram_queue_dropped(DatagramQueue *queue);

#endif
