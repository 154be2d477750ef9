/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/byte_buffer.h"

#include <stdlib.h>
#include <string.h>

uint8_t *byte_buffer_reserve(ByteBuffer *b, size_t len)
{
    size_t needed = b->len + len;

    if (b->failed)
        return NULL;
    if (needed > b->capacity) {
        size_t capacity = needed + needed / 2;
        uint8_t *grown = realloc(b->data, capacity);
        if (!grown) {
            b->failed = true;
            return NULL;
        }
        b->data = grown;
        b->capacity = capacity;
    }
    return b->data + b->len;
}

int byte_buffer_add(ByteBuffer *b, const void *data, size_t len)
{
    uint8_t *place = byte_buffer_reserve(b, len);

    if (b->failed)
        return -1;
    if (len > 0)
        memcpy(place, data, len);
    b->len += len;
    return 0;
}

void byte_buffer_clear(ByteBuffer *b)
{
    b->len = 0;
    b->failed = false;
}

void byte_buffer_free(ByteBuffer *b)
{
    free(b->data);
    *b = (ByteBuffer){0};
}
