/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/rtp_reorder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_WAIT_US  (200 * US_PER_MS)
#define DEFAULT_CAPACITY 512

/* A sequence number this far from the expected one is not reordering: by RFC 3550 appendix A.1 the
 * sender has started again if a second packet follows the odd one. */
#define MAX_DROPOUT  3000
#define MAX_MISORDER 512

typedef struct Slot {
    bool used;
    RtpPacket packet; /* payload points at `data` */
    int64_t sequence, arrival_us;
    uint8_t data[RTP_PACKET_MAX];
} Slot;

struct RtpReorder {
    int64_t max_wait_us;
    size_t capacity;
    bool started;
    uint32_t ssrc;
    RtpUnwrap unwrap;
    int64_t next;         /* sequence that is delivered next */
    size_t held;          /* slots in use */
    int64_t newest;       /* highest sequence held; valid while held > 0 */
    int64_t gap_since_us; /* when `next` was first missed; valid while held > 0 and it is missing */
    Slot odd;             /* a packet of a new beginning, perhaps; the one after it decides */
    bool restart_pending; /* the next one delivered is the first of a new beginning */
    RtpReorderStats stats;
    Slot slots[]; /* at sequence % capacity */
};

RtpReorder *rtp_reorder_create(const RtpReorderParams *params)
{
    size_t capacity = params->capacity ? params->capacity : DEFAULT_CAPACITY;

    assert((capacity & (capacity - 1)) == 0);
    /* calloc: pages of slots that are never used are never touched */
    RtpReorder *r = calloc(1, sizeof(*r) + capacity * sizeof(Slot));
    if (!r)
        return NULL;
    r->capacity = capacity;
    r->max_wait_us = params->max_wait_us ? params->max_wait_us : DEFAULT_WAIT_US;
    return r;
}

void rtp_reorder_destroy(RtpReorder **reorder)
{
    free(*reorder);
    *reorder = NULL;
}

static Slot *slot_of(RtpReorder *r, int64_t sequence)
{
    return &r->slots[(uint64_t)sequence & (r->capacity - 1)];
}

/* The oldest packet held; there is one. */
static Slot *first_held(RtpReorder *r)
{
    int64_t sequence = r->next;

    while (!slot_of(r, sequence)->used)
        sequence++;
    return slot_of(r, sequence);
}

static void begin_again(RtpReorder *r, const RtpPacket *packet)
{
    if (r->started) {
        r->stats.restarts++;
        r->restart_pending = true;
    }
    for (size_t i = 0; r->held > 0; i++) {
        r->held -= r->slots[i].used;
        r->slots[i].used = false;
    }
    r->started = true;
    r->ssrc = packet->ssrc;
    r->unwrap = (RtpUnwrap){0};
    r->next = rtp_unwrap_16(&r->unwrap, packet->sequence);
}

static bool keep(Slot *slot, const RtpPacket *packet, int64_t arrival_us)
{
    if (packet->payload_len > sizeof(slot->data))
        return false;
    slot->packet = *packet;
    slot->packet.payload = slot->data;
    if (packet->payload_len > 0)
        memcpy(slot->data, packet->payload, packet->payload_len);
    slot->arrival_us = arrival_us;
    slot->used = true;
    return true;
}

/* Copies a packet that has to wait for its turn. */
static void hold(RtpReorder *r, const RtpPacket *packet, int64_t sequence, int64_t now_us)
{
    Slot *slot = slot_of(r, sequence);

    if (!keep(slot, packet, now_us))
        return;
    slot->sequence = sequence;
    if (r->held++ == 0) {
        r->gap_since_us = now_us;
        r->newest = sequence;
    } else if (sequence > r->newest) {
        r->newest = sequence;
    }
}

/* Whether the packet belongs to the current sequence. A stray packet does not, and is set aside; if
 * a second one follows it, the sender has started again with the first. */
static bool belongs(RtpReorder *r, const RtpPacket *packet, int64_t now_us)
{
    int16_t step = (int16_t)(uint16_t)(packet->sequence - (uint16_t)r->next);

    if (!r->started)
        begin_again(r, packet);
    else if (packet->ssrc != r->ssrc || step >= MAX_DROPOUT || step <= -MAX_MISORDER) {
        const RtpPacket *odd = &r->odd.packet;
        if (!r->odd.used || packet->ssrc != odd->ssrc ||
            packet->sequence != (uint16_t)(odd->sequence + 1)) {
            r->stats.strays++;
            keep(&r->odd, packet, now_us);
            return false;
        }
        begin_again(r, odd);
        hold(r, odd, r->next, r->odd.arrival_us);
    }
    r->odd.used = false;
    return true;
}

static void deliver(RtpReorder *r, const RtpPacket *packet, int64_t sequence, int64_t arrival_us,
                    RtpOrdered *out)
{
    *out = (RtpOrdered){
        .packet = *packet,
        .sequence = sequence,
        .arrival_us = arrival_us,
        .lost = (uint32_t)(sequence - r->next),
        .restarted = r->restart_pending,
    };
    r->restart_pending = false;
    r->stats.lost += out->lost;
    r->next = sequence + 1;
    if (r->held > 0 && !slot_of(r, r->next)->used)
        r->gap_since_us = first_held(r)->arrival_us;
}

bool rtp_reorder_push(RtpReorder *r, const RtpPacket *packet, int64_t now_us, RtpOrdered *out)
{
    r->stats.received++;
    if (!belongs(r, packet, now_us))
        return false;
    r->unwrap.last = r->next; /* near what is due, however far the last odd one was */
    int64_t sequence = rtp_unwrap_16(&r->unwrap, packet->sequence);
    if (sequence < r->next) {
        r->stats.late++;
        return false;
    }
    if (sequence == r->next && !slot_of(r, sequence)->used) {
        r->stats.reordered += r->held > 0;
        deliver(r, packet, sequence, now_us, out);
        return true;
    }
    if (slot_of(r, sequence)->used && slot_of(r, sequence)->sequence == sequence) {
        r->stats.duplicates++;
        return false;
    }
    if (r->held > 0 && sequence < r->newest)
        r->stats.reordered++;
    if ((uint64_t)(sequence - r->next) >= r->capacity) {
        /* more is missing than could be held; only behind a gap that is open is this one lost too
         */
        if (r->held == 0) {
            deliver(r, packet, sequence, now_us, out);
            return true;
        }
        r->stats.overflow++;
        return false;
    }
    hold(r, packet, sequence, now_us);
    return false;
}

int64_t rtp_reorder_deadline_us(const RtpReorder *r)
{
    if (r->held == 0)
        return NEVER_US;
    if (slot_of((RtpReorder *)r, r->next)->used)
        return INT64_MIN; /* at once */
    return r->gap_since_us + r->max_wait_us;
}

bool rtp_reorder_pop(RtpReorder *r, int64_t now_us, RtpOrdered *out)
{
    if (now_us < rtp_reorder_deadline_us(r) || r->held == 0)
        return false;
    Slot *slot = first_held(r);
    slot->used = false;
    r->held--;
    r->stats.waited_us += (uint64_t)(now_us - slot->arrival_us);
    deliver(r, &slot->packet, slot->sequence, slot->arrival_us, out);
    return true;
}

RtpReorderStats rtp_reorder_stats(const RtpReorder *r)
{
    return r->stats;
}
