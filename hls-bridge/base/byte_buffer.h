/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BYTE_BUFFER_H
#define BYTE_BUFFER_H

/* A buffer of bytes that grows. Zero-initialised: empty. If memory runs out, `failed` is set until
 * the buffer is cleared.
 *
 * Thread-safety: a ByteBuffer belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ByteBuffer {
    uint8_t *data; /* owned */
    size_t len, capacity;
    bool failed;
} ByteBuffer;

/* Adds all bytes or none. Returns 0, or -1 if there is no memory or `failed` is set. */
int byte_buffer_add(ByteBuffer *buffer, const void *data, size_t len);

/* Returns the place for `len` more bytes, which become part of it when `len` of the buffer is
 * raised; or NULL if there is no memory. */
uint8_t *byte_buffer_reserve(ByteBuffer *buffer, size_t len);

/* Empties the buffer and keeps its memory. */
void byte_buffer_clear(ByteBuffer *buffer);

void byte_buffer_free(ByteBuffer *buffer);

#endif
