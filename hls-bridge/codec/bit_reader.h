/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BIT_READER_H
#define BIT_READER_H

/* Bits of a header that has no emulation prevention bytes: VP9's and AV1's.
 *
 * Thread-safety: a value belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Past the end every bit is 0 and `overrun` is set. */
typedef struct BitReader {
    const uint8_t *buf; /* borrowed */
    size_t len;
    size_t at; /* bits */
    bool overrun;
} BitReader;

static inline unsigned bit_reader_flag(BitReader *r)
{
    if (r->at >= r->len * 8) {
        r->overrun = true;
        return 0;
    }
    unsigned bit = r->buf[r->at / 8] >> (7 - r->at % 8) & 1u;
    r->at++;
    return bit;
}

/* `n` up to 32. */
static inline uint32_t bit_reader_take(BitReader *r, unsigned n)
{
    uint32_t value = 0;

    while (n-- > 0)
        value = value << 1 | bit_reader_flag(r);
    return value;
}

#endif
