/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SAMPLE_BYTES_H
#define SAMPLE_BYTES_H

/* The bytes of one access unit or AAC frame, with its NAL table, for all outputs that keep it until
 * it is written: one copy, which is freed when the last of them releases it. Nothing changes it.
 *
 * Thread-safety: any thread may hold or release it. */

#include <stdatomic.h>

#include "base/media.h"

struct SampleBytes {
    atomic_uint holders;
    uint32_t len, nals;
    NalUnit nal[]; /* and the bytes behind it */
};

static inline const uint8_t *sample_bytes_data(const SampleBytes *bytes)
{
    return (const uint8_t *)&bytes->nal[bytes->nals];
}

/* A copy, which has one holder: the caller. Returns NULL if there is no memory. */
SampleBytes *sample_bytes_create(const uint8_t *data, size_t len, const NalUnit *nal, size_t nals);

/* Holds them once more. Returns them. */
SampleBytes *sample_bytes_hold(SampleBytes *bytes);

/* Those of an access unit or of a frame, held once more; a copy if they are only borrowed. Return
 * NULL if there is no memory. The caller releases them. */
SampleBytes *sample_bytes_of_unit(const AccessUnit *unit);
SampleBytes *sample_bytes_of_frame(const AacFrame *frame);

/* An access unit that lends these bytes. */
static inline AccessUnit sample_bytes_unit(SampleBytes *bytes, Codec codec, bool idr)
{
    return (AccessUnit){.data = sample_bytes_data(bytes),
                        .len = bytes->len,
                        .nal = bytes->nal,
                        .nals = bytes->nals,
                        .bytes = bytes,
                        .codec = codec,
                        .idr = idr};
}

/* Accepts NULL, leaves NULL. */
void sample_bytes_release(SampleBytes **bytes);

#endif
