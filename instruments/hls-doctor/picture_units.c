/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "picture_units.h"

/* Returns false at the first slice, which says all. */
static bool note_unit(PictureUnits *u, const uint8_t *nal)
{
    int type = nal[0] & 0x1F;

    u->sps = u->sps || type == 7;
    u->pps = u->pps || type == 8;
    u->slice = type == 1 || type == 5;
    u->idr = type == 5;
    return !u->slice;
}

/* Walks Annex B. */
static PictureUnits units_of_stream(const uint8_t *data, int size)
{
    PictureUnits u = {0};

    for (int i = 0; i + 3 < size; i++) {
        const uint8_t *p = data + i;
        if (p[0] != 0 || p[1] != 0 || p[2] != 1)
            continue;
        if (!note_unit(&u, p + 3))
            break;
        i += 3;
    }
    return u;
}

/* Walks what MP4 holds: lengths of four bytes; the parameter sets are in its initialisation. */
static PictureUnits units_of_file(const uint8_t *data, int size)
{
    PictureUnits u = {.sps = true, .pps = true};

    for (int64_t i = 0; i + 4 < size;) {
        const uint8_t *p = data + i;
        if (!note_unit(&u, p + 4))
            break;
        i += 4 + ((int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]);
    }
    return u;
}

PictureUnits picture_units(const uint8_t *data, int size, bool file)
{
    return (file ? units_of_file : units_of_stream)(data, size);
}

/* IRAP pictures, ITU-T H.265 table 7-1. */
static bool is_h265_key(const uint8_t *data, int size)
{
    for (int64_t i = 0; i + 4 < size;) {
        const uint8_t *p = data + i;
        int type = p[4] >> 1 & 0x3F;
        if (type < 32)
            return type >= 16 && type <= 21;
        i += 4 + ((int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]);
    }
    return false;
}

PictureUnits picture_units_of(enum AVCodecID codec, const uint8_t *data, int size)
{
    PictureUnits u = {.sps = true, .pps = true, .slice = size > 0};

    if (size <= 0)
        return u;
    if (codec == AV_CODEC_ID_HEVC)
        u.idr = is_h265_key(data, size);
    else if (codec == AV_CODEC_ID_VP9) /* frame_marker, no show_existing_frame, frame_type 0 */
        u.idr = (data[0] & 0xCC) == 0x80;
    else
        u.idr = codec == AV_CODEC_ID_AV1 && (data[0] >> 3 & 0xF) == 1;
    return u;
}
