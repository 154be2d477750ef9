/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/h264_parameter_sets.h"

#include <string.h>

#include "codec/annex_b.h"

#define START_CODE_SIZE 4

/* pic_parameter_set_id, the first ue(v) behind the header byte; at most 255, so 17 bits. */
static int read_pps_id(const uint8_t *nal, size_t len)
{
    uint32_t bits = 0;
    unsigned zeros = 0;

    for (size_t i = 1; i <= 4; i++)
        bits = bits << 8 | (i < len ? nal[i] : 0);
    while (zeros < 9 && !(bits >> (31 - zeros) & 1))
        zeros++;
    if (zeros > 8)
        return -1;
    int id = (int)((bits >> (31 - 2 * zeros)) & ((2u << zeros) - 1)) - 1;
    return id <= 255 ? id : -1;
}

static int keep(ParameterSet *places, size_t count, uint32_t id, const uint8_t *nal, size_t len)
{
    ParameterSet *place = NULL;

    for (size_t i = 0; i < count; i++) {
        if (places[i].len > 0 && places[i].id == id) {
            place = &places[i];
            break;
        }
        if (places[i].len == 0 && !place)
            place = &places[i];
    }
    if (!place)
        return -1;
    place->id = id;
    place->len = len;
    memcpy(place->nal, nal, len);
    return 0;
}

int parameter_sets_add(ParameterSets *sets, const uint8_t *nal, size_t len)
{
    H264Sps sps;

    if (len < 2 || len > PARAMETER_SET_BYTES)
        return -1;
    if (h264_nal_type(nal) == H264_NAL_PPS) {
        int id = read_pps_id(nal, len);
        return id < 0 ? -1 : keep(sets->pps, PARAMETER_SETS_PPS, (uint32_t)id, nal, len);
    }
    if (h264_sps_parse(nal, len, &sps) < 0 ||
        keep(sets->sps, PARAMETER_SETS_SPS, sps.id, nal, len) < 0)
        return -1;
    sets->newest = sps;
    return 0;
}

void parameter_sets_read(ParameterSets *sets, const uint8_t *unit, size_t len)
{
    size_t at = 0;
    NalUnit nal;

    *sets = (ParameterSets){0};
    while (annex_b_next(unit, len, &at, &nal))
        parameter_sets_add(sets, nal.data, nal.len);
}

static bool same(const ParameterSet *a, const ParameterSet *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].len != b[i].len || memcmp(a[i].nal, b[i].nal, a[i].len) != 0)
            return false;
    return true;
}

bool parameter_sets_same(const ParameterSets *a, const ParameterSets *b)
{
    return same(a->sps, b->sps, PARAMETER_SETS_SPS) && same(a->pps, b->pps, PARAMETER_SETS_PPS);
}

bool parameter_sets_complete(const ParameterSets *sets)
{
    return sets->sps[0].len > 0 && sets->pps[0].len > 0; /* places are filled from the first */
}

static size_t write_all(const ParameterSet *places, size_t count, uint8_t *out, size_t room)
{
    static const uint8_t start_code[START_CODE_SIZE] = {0, 0, 0, 1};
    size_t written = 0;

    for (size_t i = 0; i < count && places[i].len > 0; i++) {
        if (written + START_CODE_SIZE + places[i].len > room)
            return 0;
        memcpy(out + written, start_code, START_CODE_SIZE);
        memcpy(out + written + START_CODE_SIZE, places[i].nal, places[i].len);
        written += START_CODE_SIZE + places[i].len;
    }
    return written;
}

size_t parameter_sets_write(const ParameterSets *sets, uint8_t *out, size_t room)
{
    size_t sps = write_all(sets->sps, PARAMETER_SETS_SPS, out, room);
    size_t pps = sps ? write_all(sets->pps, PARAMETER_SETS_PPS, out + sps, room - sps) : 0;

    return pps ? sps + pps : 0;
}
