/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_MULTI_OF_H
#define UNIT_MULTI_OF_H

/* Reads a multivariant playlist that a test writes, which must be one. */

#include <string.h>

#include "harness.h"

#include "instruments/hls-doctor/m3u8_multi.h"

static inline M3u8Multi multi_of(const char *text)
{
    const char *wrong;
    M3u8Multi m;

    if (m3u8_multi_read(text, strlen(text), &m, &wrong) < 0)
        fail_msg("%s", wrong);
    return m;
}

#endif
