/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BYTE_BUFFER_H
#define BYTE_BUFFER_H

/* Bytes that grow. Zero-initialised: empty. What finds no memory sets `failed`, until it is
 * cleared.
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

/* Adds bytes, all or none. Returns 0, or -1 where there is no memory. */
int byte_buffer_add(ByteBuffer *buffer, const void *data, size_t len);

/* Empties it; the memory is kept for what comes next. */
void byte_buffer_clear(ByteBuffer *buffer);

void byte_buffer_free(ByteBuffer *buffer);

#endif
