/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/packet_queue.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

/* Makes room for one more. It reuses the room of packets that were taken before it grows. */
static int reserve(PacketQueue *q)
{
    if (q->count < q->capacity)
        return 0;
    if (q->first > 0) {
        q->count -= q->first;
        memmove(q->packet, q->packet + q->first, q->count * sizeof(AVPacket *));
        q->first = 0;
        return 0;
    }
    size_t capacity = q->capacity ? q->capacity * 2 : FIRST_CAPACITY;
    AVPacket **grown = realloc(q->packet, capacity * sizeof(AVPacket *));
    if (!grown)
        return -1;
    q->packet = grown;
    q->capacity = capacity;
    return 0;
}

AVPacket *packet_queue_add(PacketQueue *q, const uint8_t *data, size_t len)
{
    AVPacket *packet = av_packet_alloc();

    if (!packet || av_new_packet(packet, (int)len) < 0 || reserve(q) < 0) {
        av_packet_free(&packet);
        return NULL;
    }
    memcpy(packet->data, data, len);
    q->packet[q->count++] = packet;
    return packet;
}

void packet_queue_free(PacketQueue *q)
{
    for (size_t i = q->first; i < q->count; i++)
        av_packet_free(&q->packet[i]);
    free(q->packet);
    *q = (PacketQueue){0};
}
