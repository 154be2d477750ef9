/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sample_bytes.h"

#include <stdlib.h>
#include <string.h>

SampleBytes *sample_bytes_create(const uint8_t *data, size_t len, const NalUnit *nal, size_t nals)
{
    SampleBytes *b = malloc(sizeof(*b) + nals * sizeof(*nal) + len);

    if (!b)
        return NULL;
    atomic_init(&b->holders, 1);
    b->len = (uint32_t)len;
    b->nals = (uint32_t)nals;
    if (nals > 0)
        memcpy(b->nal, nal, nals * sizeof(*nal));
    if (len > 0)
        memcpy(&b->nal[nals], data, len);
    return b;
}

SampleBytes *sample_bytes_hold(SampleBytes *b)
{
    atomic_fetch_add_explicit(&b->holders, 1, memory_order_relaxed);
    return b;
}

SampleBytes *sample_bytes_of_unit(const AccessUnit *unit)
{
    return unit->bytes ? sample_bytes_hold(unit->bytes)
                       : sample_bytes_create(unit->data, unit->len, unit->nal, unit->nals);
}

SampleBytes *sample_bytes_of_frame(const AacFrame *frame)
{
    return frame->bytes ? sample_bytes_hold(frame->bytes)
                        : sample_bytes_create(frame->data, frame->len, NULL, 0);
}

void sample_bytes_release(SampleBytes **bytes)
{
    SampleBytes *b = *bytes;

    if (b && atomic_fetch_sub_explicit(&b->holders, 1, memory_order_acq_rel) == 1)
        free(b);
    *bytes = NULL;
}
