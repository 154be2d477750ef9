/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_UNIT_OF_H
#define UNIT_UNIT_OF_H

/* Access units from bytes. After harness.h. */

#include "hls-bridge/codec/annex_b.h"

/* An access unit of a byte stream; its NAL table is borrowed until the next call. */
static inline AccessUnit unit_of(const uint8_t *data, size_t len, bool idr)
{
    static NalUnit nal[16];
    size_t nals = annex_b_read(data, len, nal, sizeof(nal) / sizeof(nal[0]));

    assert_in_range(nals, 1, sizeof(nal) / sizeof(nal[0]));
    return (AccessUnit){.data = data, .len = len, .nal = nal, .nals = nals, .idr = idr};
}

#endif
