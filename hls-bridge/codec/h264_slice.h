/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H264_SLICE_H
#define H264_SLICE_H

/* Reads slice headers of H.264, and the picture parameter sets that say what they look like.
 *
 * Source: ITU-T H.264 (2021), 7.3.2.2 (picture parameter set), 7.3.3 (slice header).
 *
 * Pure. Thread-safety: a value belongs to one thread. */

#include "codec/h264_parameter_sets.h"

/* The members of a picture parameter set on which a slice header depends. */
typedef struct H264Pps {
    bool cabac, bottom_field_order, weighted, deblocking_control, redundant;
    uint8_t weighted_bipred; /* weighted_bipred_idc */
    uint32_t sps_id;
    uint32_t references[2]; /* num_ref_idx_l0_default_active_minus1, and l1 */
    int64_t init_qp;        /* pic_init_qp_minus26 */
} H264Pps;

/* Finds and reads the parameter sets that a slice names. Returns false if one is missing, cannot be
 * read, or has several slice groups. */
bool h264_slice_sets(const ParameterSets *sets, uint32_t pps_id, H264Pps *pps,
                     H264SliceSyntax *sps);

/* The parameter sets of a track, read once. Zero-initialised: none. */
typedef struct H264SliceReader {
    size_t count;
    struct {
        uint32_t id; /* pic_parameter_set_id */
        H264Pps pps;
        H264SliceSyntax sps;
    } set[PARAMETER_SETS_PPS];
} H264SliceReader;

H264SliceReader h264_slice_reader(const ParameterSets *sets);

/* How many bytes of a slice's NAL unit (types 1 and 5) its headers take: the one of the NAL unit
 * and the one of the slice, up to the byte in which the latter ends, emulation prevention bytes
 * counted. Returns 0 if the slice header cannot be read. */
size_t h264_slice_header_len(const H264SliceReader *reader, const uint8_t *nal, size_t len);

#endif
