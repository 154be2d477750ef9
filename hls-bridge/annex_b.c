/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "annex_b.h"

/* Where the next start code's 00 00 01 begins at or after `at`; `len` where there is none. */
static size_t find_start_code(const uint8_t *data, size_t len, size_t at)
{
    for (; at + 3 <= len; at++) {
        if (data[at + 2] > 1)
            at += 2; /* no start code can hold this byte */
        else if (data[at] == 0 && data[at + 1] == 0 && data[at + 2] == 1)
            return at;
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
