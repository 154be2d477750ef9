/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACKET_QUEUE_H
#define PACKET_QUEUE_H

/* Samples of one track that wait to be muxed, in decoding order. Zero-initialised: empty. They are
 * packet[first] to packet[count - 1]. To take one, move `first` on; the packet is then yours.
 *
 * Thread-safety: a PacketQueue belongs to one thread. */

#include <libavcodec/packet.h>
#include <stddef.h>
#include <stdint.h>

typedef struct PacketQueue {
    AVPacket **packet;
    size_t first, count, capacity;
} PacketQueue;

/* Adds a copy of a sample at the end. Returns its packet, so that the caller sets its times and
 * flags, or NULL if there is no memory. */
AVPacket *packet_queue_add(PacketQueue *queue, const uint8_t *data, size_t len);

/* Frees the queue and the packets in it. */
void packet_queue_free(PacketQueue *queue);

#endif
