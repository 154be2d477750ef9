/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BOX_WRITER_H
#define BOX_WRITER_H

/* Writes boxes of ISO/IEC 14496-12 one after the other, and their lengths when they are closed. The
 * caller has made sure that there is room.
 *
 * Thread-safety: a writer belongs to one thread. */

#include <stdint.h>
#include <string.h>

#define BOX_HEAD_SIZE      8
#define FULL_BOX_HEAD_SIZE 12

typedef struct BoxWriter {
    uint8_t *at;
} BoxWriter;

static inline void box_put_u16(BoxWriter *w, uint16_t value)
{
    *w->at++ = (uint8_t)(value >> 8);
    *w->at++ = (uint8_t)value;
}

static inline void box_put_u32(BoxWriter *w, uint32_t value)
{
    box_put_u16(w, (uint16_t)(value >> 16));
    box_put_u16(w, (uint16_t)value);
}

static inline void box_put_bytes(BoxWriter *w, const void *bytes, size_t len)
{
    memcpy(w->at, bytes, len);
    w->at += len;
}

static inline uint8_t *box_open(BoxWriter *w, const char *type)
{
    uint8_t *box = w->at;

    w->at += 4;
    box_put_bytes(w, type, 4);
    return box;
}

/* The same for one with a version and flags. */
static inline uint8_t *box_open_full(BoxWriter *w, const char *type, uint8_t version,
                                     uint32_t flags)
{
    uint8_t *box = box_open(w, type);

    box_put_u32(w, (uint32_t)version << 24 | flags);
    return box;
}

static inline void box_close(const BoxWriter *w, uint8_t *box)
{
    box_put_u32(&(BoxWriter){box}, (uint32_t)(w->at - box));
}

static inline uint32_t box_read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

#endif
