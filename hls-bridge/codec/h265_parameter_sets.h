/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H265_PARAMETER_SETS_H
#define H265_PARAMETER_SETS_H

/* Keeps the video, sequence and picture parameter sets of an H.265 stream, the newest of each id,
 * and reads what the project needs from them.
 * Source: ITU-T H.265 (2021), 7.3.1.2 (NAL unit header), 7.3.2.2 and 7.3.2.3 (sequence and picture
 * parameter set), 7.3.3 (profile, tier and level), 7.3.6.1 (slice segment header); ISO/IEC
 * 14496-15, annex E (names).
 *
 * Pure: no allocation. Thread-safety: one thread. */

#include "base/media.h"

/* nal_unit_type, table 7-1. */
enum {
    H265_NAL_RASL_N = 8,
    H265_NAL_RASL_R = 9,
    H265_NAL_IRAP_FIRST = 16,
    H265_NAL_IRAP_LAST = 21,
    H265_NAL_VPS = 32,
    H265_NAL_SPS = 33,
    H265_NAL_PPS = 34,
    H265_NAL_AUD = 35,
    H265_NAL_PREFIX_SEI = 39,
    H265_NAL_SUFFIX_SEI = 40,
};

#define H265_HEADER_SIZE 2 /* of a NAL unit */

/* The nal_unit_type of a NAL unit of at least one byte. */
static inline unsigned h265_nal_type(const uint8_t *nal)
{
    return nal[0] >> 1 & 0x3Fu;
}

/* The nuh_layer_id of a NAL unit of at least H265_HEADER_SIZE bytes; 0: the base layer. */
static inline unsigned h265_nal_layer(const uint8_t *nal)
{
    return (nal[0] & 1u) << 5 | nal[1] >> 3;
}

static inline bool h265_is_set(unsigned type)
{
    return type >= H265_NAL_VPS && type <= H265_NAL_PPS;
}

#define H265_SETS_MAX  22  /* kept at a time; encoders use three */
#define H265_SET_BYTES 256 /* largest set kept */

typedef struct H265Set {
    uint8_t type;
    uint8_t id;
    uint16_t len; /* 0: the place is free */
    uint8_t nal[H265_SET_BYTES];
} H265Set;

/* Zero-initialised: none. */
typedef struct H265Sets {
    H265Set set[H265_SETS_MAX]; /* VPS first, then SPS, then PPS; each as they came */
    size_t count;
    VideoFormat newest; /* of the newest sequence parameter set; width 0: none */
} H265Sets;

/* Keeps a parameter set NAL unit. Returns 0, or -1 if it is none, cannot be read, or does not fit.
 */
int h265_sets_add(H265Sets *sets, const uint8_t *nal, size_t len);

/* Whether there is at least one of each kind: a picture can be decoded. */
bool h265_sets_complete(const H265Sets *sets);

/* What a picture is, by the sets that one of its slices names; by the newest sequence parameter set
 * if these are not there. */
VideoFormat h265_sets_format(const H265Sets *sets, const uint8_t *slice, size_t len);

/* What pictures of a sequence parameter set NAL unit are. Returns false if it is cut short, or out
 * of range. */
bool h265_sps_format(const uint8_t *nal, size_t len, VideoFormat *out);

#endif
