/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_SYNTHETIC_SPS_H
#define UNIT_SYNTHETIC_SPS_H

/* Parameter sets of any size, for pictures that nobody decodes. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct SpsBits {
    uint8_t data[32];
    unsigned n;
} SpsBits;

static inline void synthetic_put(SpsBits *b, uint32_t value, unsigned bits)
{
    while (bits-- > 0) {
        b->data[b->n / 8] |= (uint8_t)((value >> bits & 1) << (7 - b->n % 8));
        b->n++;
    }
}

static inline void synthetic_put_ue(SpsBits *b, uint32_t value)
{
    unsigned bits = 0;

    while ((value + 1) >> (bits + 1))
        bits++;
    synthetic_put(b, 0, bits);
    synthetic_put(b, value + 1, bits + 1);
}

/* Writes an SPS of so many macroblocks, 32 bytes at the most. Returns its length. */
static inline size_t synthetic_sps_of(uint32_t id, int across, int down, uint8_t *out)
{
    SpsBits b = {.data = {0x67, 0x42, 0xC0, 0x1F}, .n = 32};

    synthetic_put_ue(&b, id);
    synthetic_put_ue(&b, 0); /* frame_num */
    synthetic_put_ue(&b, 2); /* order */
    synthetic_put_ue(&b, 1); /* references */
    synthetic_put(&b, 0, 1);
    synthetic_put_ue(&b, (uint32_t)across - 1);
    synthetic_put_ue(&b, (uint32_t)down - 1);
    synthetic_put(&b, 0xC, 4); /* frames, direct_8x8; no cropping, no VUI */
    synthetic_put(&b, 1, 1);
    memcpy(out, b.data, (b.n + 7) / 8);
    return (b.n + 7) / 8;
}

/* That with the id 0. */
static inline size_t synthetic_sps(int across, int down, uint8_t *out)
{
    return synthetic_sps_of(0, across, down, out);
}

/* Each PPS of the SPS with its own id, and IDR pictures under them. */
static const uint8_t synthetic_pps[][4] = {{0x68, 0xCE, 0x3C, 0x80}, {0x68, 0x48, 0xE3, 0xC8}};
static const uint8_t synthetic_idr[][5] = {{0x65, 0x88, 0x84, 0x21, 0xA0},
                                           {0x65, 0x88, 0x44, 0x21, 0xA0}};

#endif
