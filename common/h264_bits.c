/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "h264_bits.h"

H264Bits h264_bits_of_nal(const uint8_t *nal, size_t len)
{
    return (H264Bits){.buf = nal, .len = len, .byte = 1};
}

unsigned h264_read_bit(H264Bits *r)
{
    if (r->bit == 0 && r->zeros >= 2 && r->byte < r->len && r->buf[r->byte] == 3) {
        r->byte++;
        r->zeros = 0;
    }
    if (r->byte >= r->len) {
        r->overrun = true;
        return 0;
    }
    unsigned value = (r->buf[r->byte] >> (7 - r->bit)) & 1u;
    if (++r->bit == 8) {
        r->zeros = r->buf[r->byte] == 0 ? r->zeros + 1 : 0;
        r->bit = 0;
        r->byte++;
    }
    return value;
}

uint32_t h264_read_bits(H264Bits *r, unsigned n)
{
    uint32_t value = 0;

    while (n-- > 0)
        value = value << 1 | h264_read_bit(r);
    return value;
}

uint32_t h264_read_ue(H264Bits *r)
{
    unsigned zeros = 0;

    while (!h264_read_bit(r)) {
        if (r->overrun || ++zeros > 31) {
            r->overrun = true;
            return 0;
        }
    }
    return (uint32_t)((1ull << zeros) - 1 + h264_read_bits(r, zeros));
}

int64_t h264_read_se(H264Bits *r)
{
    int64_t k = h264_read_ue(r);

    return k % 2 ? (k + 1) / 2 : -(k / 2);
}

/* ---- writing ---- */

static void put(H264Writer *w, uint8_t byte)
{
    if (w->len == w->room) {
        w->overrun = true;
        return;
    }
    w->buf[w->len++] = byte;
    w->zeros = byte == 0 ? w->zeros + 1 : 0;
}

static void put_byte(H264Writer *w, uint8_t byte)
{
    if (w->zeros >= 2 && byte <= 3)
        put(w, 3); /* emulation_prevention_three_byte */
    put(w, byte);
}

H264Writer h264_writer(uint8_t *buf, size_t room, uint8_t header)
{
    H264Writer w = {.buf = buf, .room = room};

    put(&w, header);
    return w;
}

void h264_write_bits(H264Writer *w, uint32_t value, unsigned n)
{
    while (n-- > 0) {
        w->byte = (uint8_t)(w->byte << 1 | (value >> n & 1));
        if (++w->bits == 8) {
            put_byte(w, w->byte);
            w->byte = 0;
            w->bits = 0;
        }
    }
}

void h264_write_ue(H264Writer *w, uint32_t value)
{
    unsigned n = 0;

    while ((value + 1ull) >> n > 1)
        n++;
    h264_write_bits(w, 0, n);
    h264_write_bits(w, 1, 1);
    h264_write_bits(w, (uint32_t)((value + 1ull) & ((1ull << n) - 1)), n);
}

void h264_write_se(H264Writer *w, int64_t value)
{
    h264_write_ue(w, (uint32_t)(value > 0 ? 2 * value - 1 : -2 * value));
}

size_t h264_write_end(H264Writer *w)
{
    h264_write_bits(w, 1, 1);
    while (w->bits != 0)
        h264_write_bits(w, 0, 1);
    return w->overrun ? 0 : w->len;
}
