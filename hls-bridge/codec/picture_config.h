/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_CONFIG_H
#define PICTURE_CONFIG_H

/* What an initialisation segment says of the pictures of one track: parameter sets of H.264 and
 * H.265, AV1's sequence header; of VP9 only its format.
 *
 * Pure: no allocation. Thread-safety: one thread. */

#include "codec/h264_parameter_sets.h"

#define PICTURE_CONFIG_SIZE 1024 /* largest that is kept of H.265 and AV1; 20 to 200 are used */

/* Zero-initialised: none. */
typedef struct PictureConfig {
    VideoFormat format; /* width 0: none */
    ParameterSets sets; /* of H.264 */
    size_t len;
    uint8_t bytes[PICTURE_CONFIG_SIZE]; /* of H.265 in Annex B, and of AV1 an OBU with its size */
} PictureConfig;

/* What a key frame says of itself. Returns false if it says nothing. */
bool picture_format(const AccessUnit *key, VideoFormat *out);

/* Reads a key frame. Returns whether it needs another configuration than `now`, which is in `out`
 * then. */
bool picture_config_read_other(const PictureConfig *now, const AccessUnit *key, PictureConfig *out);

/* Writes it as libavformat takes it: parameter sets behind start codes, or an OBU. `out` has
 * PICTURE_CONFIG_ROOM bytes. Returns its length. */
#define PICTURE_CONFIG_ROOM ((PARAMETER_SETS_SPS + PARAMETER_SETS_PPS) * (PARAMETER_SET_BYTES + 4))
size_t picture_config_write(const PictureConfig *config, uint8_t *out);

#endif
