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

bool annex_b_next(const uint8_t *data, size_t len, size_t *at, NalUnit *out)
{
    for (;;) {
        size_t start = find_start_code(data, len, *at);
        if (start == len)
            return false;
        start += 3;
        size_t end = find_start_code(data, len, start);
        *at = end;
        while (end > start && data[end - 1] == 0)
            end--; /* the fourth byte of the next start code, and trailing zeros */
        if (end > start) {
            *out = (NalUnit){data + start, end - start};
            return true;
        }
    }
}
