/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/h264_parameter_sets.h"

#include <string.h>

#include "h264_bits.h"

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

void h264_format(const H264Sps *sps, VideoFormat *out)
{
    *out = (VideoFormat){
        .codec = CODEC_H264,
        .width = sps->width,
        .height = sps->height,
        .profile = sps->profile_idc,
        .chroma_format = sps->chroma_format,
        .bit_depth = sps->bit_depth,
        .interlaced = sps->interlaced,
        .max_reorder_frames = sps->max_reorder_frames,
    };
    h264_sps_codec(sps, out->name);
}

void parameter_sets_read(ParameterSets *sets, const AccessUnit *unit)
{
    *sets = (ParameterSets){0};
    for (size_t i = 0; i < unit->nals; i++)
        parameter_sets_add(sets, unit->data + unit->nal[i].at, unit->nal[i].len);
}

static const ParameterSet *find(const ParameterSet *places, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (places[i].len > 0 && places[i].id == id)
            return &places[i];
    return NULL;
}

const ParameterSet *parameter_sets_sps(const ParameterSets *sets, uint32_t id)
{
    return find(sets->sps, PARAMETER_SETS_SPS, id);
}

const ParameterSet *parameter_sets_pps(const ParameterSets *sets, uint32_t id)
{
    return find(sets->pps, PARAMETER_SETS_PPS, id);
}

/* The sequence parameter set that a slice names. Returns false if it, or the picture parameter set
 * between them, is missing. */
static bool sps_of_slice(const ParameterSets *sets, const uint8_t *slice, size_t len, H264Sps *out)
{
    H264Bits r = h264_bits_of_nal(slice, len);

    h264_read_ue(&r); /* first_mb_in_slice */
    h264_read_ue(&r); /* slice_type */
    const ParameterSet *set = parameter_sets_pps(sets, h264_read_ue(&r));
    if (r.overrun || !set)
        return false;
    r = h264_bits_of_nal(set->nal, set->len);
    h264_read_ue(&r); /* pic_parameter_set_id */
    set = parameter_sets_sps(sets, h264_read_ue(&r));
    return !r.overrun && set && h264_sps_parse(set->nal, set->len, out) == 0;
}

static bool is_slice(const uint8_t *nal)
{
    return h264_nal_type(nal) == H264_NAL_SLICE || h264_nal_type(nal) == H264_NAL_IDR;
}

bool parameter_sets_of_picture(const ParameterSets *sets, const AccessUnit *unit, H264Sps *out)
{
    H264Sps named;

    *out = sets->newest;
    for (size_t i = 0; sets->sps[1].len > 0 && i < unit->nals; i++) {
        const uint8_t *nal = unit->data + unit->nal[i].at;
        if (!is_slice(nal))
            continue;
        if (sps_of_slice(sets, nal, unit->nal[i].len, &named))
            *out = named;
        break;
    }
    return out->width > 0;
}

bool h264_picture_sps(const AccessUnit *key, H264Sps *out)
{
    const NalUnit *only = NULL;
    ParameterSets sets;
    size_t count = 0;

    for (size_t i = 0; i < key->nals; i++)
        if (h264_nal_type(key->data + key->nal[i].at) == H264_NAL_SPS) {
            only = &key->nal[i];
            count++;
        }
    if (count < 2)
        return only && h264_sps_parse(key->data + only->at, only->len, out) == 0;
    parameter_sets_read(&sets, key);
    return parameter_sets_of_picture(&sets, key, out);
}

const ParameterSet *parameter_sets_at(const ParameterSets *sets, size_t i)
{
    size_t sps = 0;

    while (sps < PARAMETER_SETS_SPS && sets->sps[sps].len > 0)
        sps++;
    if (i < sps)
        return &sets->sps[i];
    i -= sps;
    return i < PARAMETER_SETS_PPS && sets->pps[i].len > 0 ? &sets->pps[i] : NULL;
}

bool parameter_sets_differ(const ParameterSets *sets, const AccessUnit *unit)
{
    const ParameterSet *set;
    size_t n = 0;

    for (size_t i = 0; i < unit->nals; i++) {
        const NalUnit *nal = &unit->nal[i];
        unsigned type = h264_nal_type(unit->data + nal->at);
        if (is_slice(unit->data + nal->at))
            break; /* what a picture needs stands before it */
        if (type != H264_NAL_SPS && type != H264_NAL_PPS)
            continue;
        set = parameter_sets_at(sets, n++);
        if (!set || set->len != nal->len || memcmp(set->nal, unit->data + nal->at, nal->len) != 0)
            return true;
    }
    return n > 0 && parameter_sets_at(sets, n);
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

size_t parameter_sets_write(const ParameterSets *sets, uint8_t *out, size_t room)
{
    static const uint8_t start_code[START_CODE_SIZE] = {0, 0, 0, 1};
    const ParameterSet *set;
    size_t written = 0;

    if (!parameter_sets_complete(sets))
        return 0;
    for (size_t i = 0; (set = parameter_sets_at(sets, i)); i++) {
        if (written + START_CODE_SIZE + set->len > room)
            return 0;
        memcpy(out + written, start_code, START_CODE_SIZE);
        memcpy(out + written + START_CODE_SIZE, set->nal, set->len);
        written += START_CODE_SIZE + set->len;
    }
    return written;
}
