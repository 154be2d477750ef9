/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FLIGHT_QUEUE_H
#define FLIGHT_QUEUE_H

/* Packets on their way through a network that is made up, by when they arrive.
 *
 * Pure. Thread-safety: one thread. */

#include "rtp_recording.h"

/* A packet on its way: what was recorded, and how it is numbered now. */
typedef struct Flight {
    int64_t when_us; /* it arrives */
    const RecordedPacket *packet;
    int64_t round_us; /* what is added to recorded times, by the track's own clock */
    uint32_t ssrc;
    uint16_t sequence;  /* what is added to recorded sequence numbers, */
    uint32_t timestamp; /* and to timestamps besides round_us */
} Flight;

typedef struct FlightQueue FlightQueue;

/* An empty queue that holds `most`. Returns NULL if there is no memory. */
FlightQueue *flight_queue_create(size_t most);

/* Accepts NULL, leaves NULL. */
void flight_queue_destroy(FlightQueue **queue);

/* Adds a packet; there must be room for it. */
void flight_queue_add(FlightQueue *queue, const Flight *flight);

/* When the next packet arrives; INT64_MAX: there is none. */
int64_t flight_queue_next_us(const FlightQueue *queue);

/* Takes the packet that arrives next; of two at the same time, the one that was added first.
 * Returns false if there is none. */
bool flight_queue_take(FlightQueue *queue, Flight *out);

#endif
