/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H264_BITS_H
#define H264_BITS_H

/* Bits of an H.264 NAL unit, read and written.
 *
 * Thread-safety: a value of either type belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of a raw byte sequence payload; the emulation prevention bytes (7.4.1) are skipped. Past
 * the end every bit is 0 and `overrun` is set. */
typedef struct H264Bits {
    const uint8_t *buf; /* borrowed */
    size_t len;
    size_t byte;
    unsigned bit;   /* 0 to 7, from the most significant */
    unsigned zeros; /* zero bytes in a row before this one */
    bool overrun;
} H264Bits;

/* Behind the header byte of a NAL unit. */
H264Bits h264_bits_of_nal(const uint8_t *nal, size_t len);

unsigned h264_read_bit(H264Bits *r);
uint32_t h264_read_bits(H264Bits *r, unsigned n);

/* ue(v) and se(v), 9.1. Codes of more than 31 leading zeros do not occur in valid streams. */
uint32_t h264_read_ue(H264Bits *r);
int64_t h264_read_se(H264Bits *r);

/* Writes a NAL unit, with emulation prevention bytes. What does not fit sets `overrun`. */
typedef struct H264Writer {
    uint8_t *buf; /* borrowed */
    size_t room, len;
    unsigned zeros; /* zero bytes in a row at the end */
    uint8_t byte;   /* that is being filled */
    unsigned bits;  /* in it */
    bool overrun;
} H264Writer;

/* A NAL unit of this header byte in `buf`. */
H264Writer h264_writer(uint8_t *buf, size_t room, uint8_t header);

void h264_write_bits(H264Writer *w, uint32_t value, unsigned n);
void h264_write_ue(H264Writer *w, uint32_t value);
void h264_write_se(H264Writer *w, int64_t value); /* of at most 31 bits */

/* rbsp_trailing_bits(), 7.3.2.11. Returns the length of the NAL unit, or 0 if it did not fit. */
size_t h264_write_end(H264Writer *w);

#endif
