/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sample_bytes.h"
#include "codec/opus_copy.h"

#include <opus.h>
#include <stdlib.h>
#include <string.h>

#define FILL_SAMPLES 960 /* 20 ms, which every mode has */

/* Packets that wait to be taken: of 500 ms at once, the most that opus_to_aac puts in, in frames of
 * 2.5 ms, and of the AAC frames that the encoder holds back. */
#define WAITING_MAX 512

/* RFC 6716, 3.1: the configuration, whether it is stereo, how many frames there are. */
#define TOC(config, stereo) ((uint8_t)((config) << 3 | (stereo) << 2))
#define TOC_STEREO          4

const uint8_t opus_copy_head[OPUS_HEAD_SIZE] = {
    'O',  'p',  'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0, 0, /* version, channels, pre-skip */
    0x80, 0xBB, 0,   0,   0,   0,   0};                   /* 48000 Hz, gain, mapping family */

struct OpusCopy {
    OpusRepacketizer *divider;
    uint8_t toc;         /* of the newest packet */
    int64_t at;          /* where the next one begins */
    int64_t due;         /* up to here it is to be filled */
    OpusFill fill;       /* with this */
    size_t first, count; /* of those that wait, a ring */
    size_t lent;         /* before the first: taken, and borrowed */
    OpusPacket waiting[WAITING_MAX];
};

OpusCopy *opus_copy_create(int64_t at)
{
    OpusCopy *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->divider = opus_repacketizer_create();
    if (!c->divider)
        opus_copy_destroy(&c);
    else
        *c = (OpusCopy){.divider = c->divider, .toc = TOC(31, 1), .at = at, .due = at};
    return c;
}

static OpusPacket *waiting(OpusCopy *c, size_t i)
{
    return &c->waiting[(c->first + i) % WAITING_MAX];
}

static void give_back(OpusCopy *c)
{
    for (; c->lent > 0; c->lent--)
        sample_bytes_release(&waiting(c, WAITING_MAX - c->lent)->bytes);
}

static void forget(OpusCopy *c)
{
    give_back(c);
    for (; c->count > 0; c->count--)
        sample_bytes_release(&waiting(c, c->count - 1)->bytes);
}

void opus_copy_destroy(OpusCopy **copy)
{
    if (!*copy)
        return;
    forget(*copy);
    if ((*copy)->divider)
        opus_repacketizer_destroy((*copy)->divider);
    free(*copy);
    *copy = NULL;
}

/* Adds a packet; time passes, whether there is room and memory for it or not. */
static void add(OpusCopy *c, const uint8_t *data, size_t len, int64_t samples)
{
    give_back(c);
    SampleBytes *bytes = c->count < WAITING_MAX ? sample_bytes_create(data, len, NULL, 0) : NULL;
    if (bytes)
        *waiting(c, c->count++) = (OpusPacket){bytes, c->at, samples};
    c->at += samples;
}

/* The configuration of the newest packet's mode and bandwidth, with frames of 20 or 10 ms. */
static unsigned config_of(uint8_t toc, int64_t samples)
{
    unsigned config = toc >> 3, shorter = samples < FILL_SAMPLES;

    if (config >= 16) /* CELT: 2.5, 5, 10, 20 ms */
        return (config | 3) - shorter;
    if (config >= 12) /* hybrid: 10, 20 ms */
        return (config | 1) - shorter;
    return (config & ~3u) + 1 - shorter; /* SILK: 10, 20, 40, 60 ms */
}

/* Adds a packet of 20, 10, 5 or 2.5 ms that none was sent for. A frame of less than 10 ms is CELT
 * in any case, which would make a decoder change its mode to conceal: it is silent. */
static void add_fill(OpusCopy *c, int64_t samples)
{
    static const uint8_t silence[] = {0xFF, 0xFE}; /* of CELT, at any length */
    uint8_t packet[1 + sizeof(silence)];
    bool conceals = c->fill == OPUS_FILL_CONCEAL && samples >= FILL_SAMPLES / 2;
    unsigned celt = samples < 240 ? 28 : samples < 480 ? 29 : samples < 960 ? 30 : 31;

    packet[0] = conceals ? (uint8_t)(config_of(c->toc, samples) << 3 | (c->toc & TOC_STEREO))
                         : TOC(celt, 1);
    memcpy(packet + 1, silence, sizeof(silence));
    add(c, packet, conceals ? 1 : sizeof(packet), samples);
}

/* Fills with packets of at least `least` samples up to where it is due. */
static void fill_up(OpusCopy *c, int64_t least)
{
    for (int64_t samples = FILL_SAMPLES; samples >= least; samples /= 2)
        while (c->due - c->at >= samples)
            add_fill(c, samples);
}

void opus_copy_fill(OpusCopy *c, OpusFill fill, int64_t end)
{
    /* what is left of the time before is no more than a packet, and may be of either kind */
    c->fill = fill;
    c->due = end;
    fill_up(c, FILL_SAMPLES);
}

/* Adds a packet of several frames one by one. Returns false if it cannot be divided. */
static bool add_frames(OpusCopy *c, const uint8_t *payload, size_t len, int64_t samples)
{
    uint8_t frame[1276]; /* a frame of 1275 bytes, and its TOC (RFC 6716, 3.2.1) */

    opus_repacketizer_init(c->divider);
    if (opus_repacketizer_cat(c->divider, payload, (opus_int32)len) != OPUS_OK)
        return false;
    int frames = opus_repacketizer_get_nb_frames(c->divider);
    for (int i = 0; i < frames; i++) {
        opus_int32 n = opus_repacketizer_out_range(c->divider, i, i + 1, frame, sizeof(frame));
        if (n <= 0)
            return i > 0;
        add(c, frame, (size_t)n, samples / frames);
    }
    return true;
}

void opus_copy_packet(OpusCopy *c, const uint8_t *payload, size_t len, int64_t samples, int64_t end)
{
    c->toc = payload[0];
    c->due = end - samples;
    fill_up(c, OPUS_SAMPLES_MIN);
    c->due = end;
    c->fill = OPUS_FILL_CONCEAL;
    /* if its time is taken, what of it is still to come is filled */
    if (c->at <= end - samples + OPUS_COPY_LATE && add_frames(c, payload, len, samples))
        return;
    fill_up(c, FILL_SAMPLES);
}

void opus_copy_restart(OpusCopy *c, int64_t at)
{
    if (at <= c->at)
        return;
    forget(c);
    c->at = c->due = at;
}

size_t opus_copy_take(OpusCopy *c, int64_t before, OpusPacket *out, size_t room)
{
    size_t n = 0;

    give_back(c);
    while (n < room && c->count > 0 && waiting(c, 0)->pts_samples < before) {
        out[n++] = *waiting(c, 0);
        c->first = (c->first + 1) % WAITING_MAX;
        c->count--;
        c->lent++;
    }
    return n;
}
