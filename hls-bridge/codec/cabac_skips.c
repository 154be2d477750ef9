/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/cabac_skips.h"

/* The state that mb_skip_flag begins with (ctxIdx 11: no neighbour is coded), by table 9-13 with
 * CABAC_SKIPS_INIT_IDC and CABAC_SKIPS_QP: (23 * 51 >> 4) + 33 is 106, which is 42 above 64. The
 * flag has the more probable value then. Each time that it has, the state is one higher. */
#define FIRST_STATE 42
#define LAST_STATE  62

/* rangeTabLPS (table 9-44), from FIRST_STATE on. */
static const uint8_t less_probable[LAST_STATE - FIRST_STATE + 1][4] = {
    {16, 20, 23, 27}, {15, 19, 22, 25}, {14, 18, 21, 24}, {14, 17, 20, 23}, {13, 16, 19, 22},
    {12, 15, 18, 21}, {12, 14, 17, 20}, {11, 14, 16, 19}, {11, 13, 15, 18}, {10, 12, 15, 17},
    {10, 12, 14, 16}, {9, 11, 13, 15},  {9, 11, 12, 14},  {8, 10, 12, 14},  {8, 9, 11, 13},
    {7, 9, 11, 12},   {7, 9, 10, 12},   {7, 8, 10, 11},   {6, 8, 9, 11},    {6, 7, 9, 10},
    {6, 7, 8, 9},
};

typedef struct Coder {
    H264Writer *w;
    uint32_t low, range;
    uint32_t outstanding; /* bits, the opposite of the next one */
    bool begun;           /* the first bit is not written */
} Coder;

static void put_bit(Coder *c, unsigned bit)
{
    if (c->begun)
        h264_write_bits(c->w, bit, 1);
    c->begun = true;
    for (; c->outstanding > 0; c->outstanding--)
        h264_write_bits(c->w, 1 - bit, 1);
}

static void renormalise(Coder *c)
{
    for (; c->range < 256; c->range <<= 1, c->low <<= 1) {
        if (c->low < 256) {
            put_bit(c, 0);
        } else if (c->low >= 512) {
            c->low -= 512;
            put_bit(c, 1);
        } else {
            c->low -= 256;
            c->outstanding++;
        }
    }
}

size_t cabac_skips_write(H264Writer *w, uint32_t macroblocks)
{
    Coder c = {.w = w, .range = 510};
    unsigned state = FIRST_STATE;

    while (w->bits != 0)
        h264_write_bits(w, 1, 1); /* cabac_alignment_one_bit */
    for (uint32_t i = 0; i < macroblocks && !w->overrun; i++) {
        if (i > 0) {
            c.range -= 2; /* end_of_slice_flag is 0 */
            renormalise(&c);
        }
        c.range -= less_probable[state - FIRST_STATE][c.range >> 6 & 3];
        state += state < LAST_STATE;
        renormalise(&c);
    }
    c.low += c.range - 2; /* and at last it is 1 */
    c.range = 2;
    renormalise(&c);
    put_bit(&c, c.low >> 9 & 1);
    h264_write_bits(w, c.low >> 8 & 1, 1);
    return h264_write_end(w); /* whose first bit is the coder's last */
}
