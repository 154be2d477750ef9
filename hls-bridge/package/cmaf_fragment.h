/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_FRAGMENT_H
#define CMAF_FRAGMENT_H

/* Writes a fragment of one track: one moof, one mdat (ISO/IEC 14496-12, 8.8; 14496-15, 5.3 and 8.3
 * for what a sample of H.264 and H.265 is; those of VP9 and AV1 go as they are). It copies the
 * samples once, from where the depay has put them to where they are written from, and puts the
 * length of each NAL unit before it on the way.
 *
 * Pure, but for libcrypto. Thread-safety: one thread for each Cbcs. */

#include "base/byte_buffer.h"
#include "package/cenc_cbcs.h"
#include "package/sample_queue.h"

typedef struct CmafFragmentParams {
    TrackKind kind;
    Codec codec;       /* of video */
    uint32_t sequence; /* of the fragment, from 1 on */
    bool keeps_sets;   /* parameter sets stay in the samples that bring them */
    Cbcs *cbcs;        /* encrypts the samples; NULL: they stay clear */
    bool reordered;    /* samples have composition offsets, of which none is below 0 */
    const QueuedSample *sample;
    size_t samples; /* at least 1; their times are set */
} CmafFragmentParams;

/* Appends it to `out`. `first_len` is how many bytes hold all up to the end of its first sample.
 * Returns 0, or -1 if there is no memory, or libcrypto fails. */
int cmaf_fragment_write(const CmafFragmentParams *params, ByteBuffer *out, size_t *first_len);

#endif
