/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATAGRAM_QUEUE_H
#define DATAGRAM_QUEUE_H

/* Datagrams that have come and wait for their stream's thread, which a slow disk may hold up. They
 * are taken in the order in which they were added.
 *
 * Bounded: where more than `limit` bytes wait, what comes is dropped, until all that waits has been
 * taken over. So there is one long gap behind which decoding starts again, and not many short ones.
 *
 * Thread-safety: one thread adds, another one takes; neither ever waits for the other for longer
 * than it takes to copy a datagram. */

#include "base/media.h"

typedef struct DatagramQueue DatagramQueue;

typedef struct Datagram {
    size_t track;
    int64_t arrival_us; /* when it came, monotonic */
    int64_t read_us;    /* when it was read; those that were read together have the same */
    bool after_gap;     /* some that came before it were dropped */
    size_t len;
    const uint8_t *data;
} Datagram;

/* `limit`: bytes that may wait, a few dozen more for each datagram included. Twice as many may be
 * in memory: those that were taken over, and those that have come since. Returns NULL where there
 * is no memory. */
DatagramQueue *datagram_queue_create(size_t limit);

/* Accepts NULL, leaves NULL. */
void datagram_queue_destroy(DatagramQueue **queue);

/* Adds a copy, `after_gap` left aside. What finds no room, or no memory, is dropped and counted. */
void datagram_queue_add(DatagramQueue *queue, const Datagram *datagram);

/* The next one, which is borrowed until datagram_queue_pop(). Returns false where none waits. */
bool datagram_queue_peek(DatagramQueue *queue, Datagram *out);

/* Done with the one that was looked at. */
void datagram_queue_pop(DatagramQueue *queue);

/* How many were dropped. */
uint64_t datagram_queue_dropped(DatagramQueue *queue);

#endif
