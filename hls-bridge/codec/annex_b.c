/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/annex_b.h"

#include <string.h>

/* Where the next 00 00 01 begins, at or after `at`; `len` if there is none. */
static size_t find_start_code(const uint8_t *data, size_t len, size_t at)
{
    for (at += 2; at < len; at++) {
        const uint8_t *one = memchr(data + at, 1, len - at); /* the rarest of the three bytes */
        if (!one)
            break;
        at = (size_t)(one - data);
        if (one[-1] == 0 && one[-2] == 0)
            return at - 2;
    }
    return len;
}

size_t annex_b_read(const uint8_t *data, size_t len, NalUnit *nal, size_t max)
{
    size_t count = 0, start = find_start_code(data, len, 0);

    while (start < len) {
        start += 3;
        size_t next = find_start_code(data, len, start), end = next;
        while (end > start && data[end - 1] == 0)
            end--; /* the fourth byte of the next start code, and trailing zeros */
        if (end > start && count++ < max)
            nal[count - 1] = (NalUnit){(uint32_t)start, (uint32_t)(end - start)};
        start = next;
    }
    return count;
}
