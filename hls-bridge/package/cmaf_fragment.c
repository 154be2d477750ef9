/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_fragment.h"

#include <string.h>

#include "codec/h265_parameter_sets.h"
#include "package/cenc_boxes.h"
#include "h264_sps.h"

#define NAL_LENGTH_SIZE 4   /* as the initialisation segment says: lengthSizeMinusOne 3 */
#define HEAD_SIZE       128 /* bytes that hold any moof without its samples, and the mdat's head */
#define ENTRY_SIZE      16  /* the most of a sample in a trun */

/* 14496-12, 8.8.7.1 and 8.8.8.1. */
enum {
    TFHD_DEFAULT_DURATION = 0x000008,
    TFHD_DEFAULT_SIZE = 0x000010,
    TFHD_DEFAULT_FLAGS = 0x000020,
    TFHD_BASE_IS_MOOF = 0x020000,
    TRUN_DATA_OFFSET = 0x000001,
    TRUN_FIRST_FLAGS = 0x000004,
    TRUN_DURATION = 0x000100,
    TRUN_SIZE = 0x000200,
    TRUN_FLAGS = 0x000400,
    TRUN_OFFSET = 0x000800,
};

/* sample_flags, 8.8.3.1: whether it depends on others. */
#define NEEDS_NO_OTHER 0x02000000u
#define NEEDS_OTHERS   0x01010000u

/* ---- samples ---- */

/* Parameter sets of an `avc1` or `hvc1` track are in its initialisation segment, and a sample has
 * no delimiter (14496-15, 5.3.2 and 8.3.2). Those of H.264 are in samples too where a player may
 * have missed another initialisation segment; `hvc1` does not allow it. */
static bool belongs(const CmafFragmentParams *p, const uint8_t *nal)
{
    unsigned type = h264_nal_type(nal);

    if (p->codec == CODEC_H265)
        return !h265_is_set(h265_nal_type(nal)) && h265_nal_type(nal) != H265_NAL_AUD;
    return type != H264_NAL_AUD &&
           (p->keeps_sets || (type != H264_NAL_SPS && type != H264_NAL_PPS));
}

static uint32_t size_of(const CmafFragmentParams *p, size_t i)
{
    const SampleBytes *bytes = p->sample[i].bytes;
    const uint8_t *data = sample_bytes_data(bytes);
    uint32_t size = 0;

    if (bytes->nals == 0)
        return bytes->len;
    for (size_t n = 0; n < bytes->nals; n++)
        if (belongs(p, data + bytes->nal[n].at))
            size += NAL_LENGTH_SIZE + bytes->nal[n].len;
    return size;
}

static void put_sample(BoxWriter *w, const CmafFragmentParams *p, size_t i)
{
    const SampleBytes *bytes = p->sample[i].bytes;
    const uint8_t *data = sample_bytes_data(bytes);

    if (bytes->nals == 0) {
        memcpy(w->at, data, bytes->len);
        w->at += bytes->len;
        return;
    }
    for (size_t n = 0; n < bytes->nals; n++) {
        const NalUnit *nal = &bytes->nal[n];
        if (!belongs(p, data + nal->at))
            continue;
        box_put_u32(w, nal->len);
        memcpy(w->at, data + nal->at, nal->len);
        w->at += nal->len;
    }
}

/* Says where each sample is to be encrypted. */
static void map_samples(const CmafFragmentParams *p)
{
    cbcs_map_begin(p->cbcs);
    for (size_t i = 0; cbcs_has_map(p->cbcs) && i < p->samples; i++) {
        const SampleBytes *bytes = p->sample[i].bytes;
        const uint8_t *data = sample_bytes_data(bytes);
        cbcs_map_sample(p->cbcs);
        for (size_t n = 0; n < bytes->nals; n++)
            if (belongs(p, data + bytes->nal[n].at))
                cbcs_map_nal(p->cbcs, data + bytes->nal[n].at, bytes->nal[n].len, NAL_LENGTH_SIZE);
        cbcs_map_sample_end(p->cbcs);
    }
}

/* Writes a sample, encrypted if that is to be. Returns 0, or -1 if it cannot be. */
static int put_protected(BoxWriter *w, const CmafFragmentParams *p, size_t i)
{
    uint8_t *place = w->at;

    put_sample(w, p, i);
    return p->cbcs ? cbcs_encrypt(p->cbcs, place, (size_t)(w->at - place)) : 0;
}

static uint32_t flags_of(const CmafFragmentParams *p, size_t i)
{
    return p->sample[i].key ? NEEDS_NO_OTHER : NEEDS_OTHERS;
}

/* ---- boxes ---- */

/* What most samples have: the first one's length and duration, and the second one's flags, since
 * the first is the one that may need no other. */
typedef struct Defaults {
    uint32_t duration, size, flags;
} Defaults;

static Defaults defaults_of(const CmafFragmentParams *p)
{
    uint32_t flags = p->kind == TRACK_VIDEO ? NEEDS_OTHERS : NEEDS_NO_OTHER;

    return (Defaults){(uint32_t)p->sample[0].duration, size_of(p, 0),
                      p->samples > 1 ? flags_of(p, 1) : flags};
}

/* Which members of a sample the trun must have, since they differ from the defaults. */
static uint32_t trun_flags(const CmafFragmentParams *p, const Defaults *d)
{
    uint32_t flags = TRUN_DATA_OFFSET | (p->reordered ? TRUN_OFFSET : 0);

    for (size_t i = 0; i < p->samples; i++) {
        flags |= p->sample[i].duration != d->duration ? TRUN_DURATION : 0;
        flags |= size_of(p, i) != d->size ? TRUN_SIZE : 0;
        flags |= i > 0 && flags_of(p, i) != d->flags ? TRUN_FLAGS : 0;
    }
    if (!(flags & TRUN_FLAGS) && flags_of(p, 0) != d->flags)
        flags |= TRUN_FIRST_FLAGS;
    return flags;
}

/* Returns where the offset of the data is to be written. */
static uint8_t *put_trun(BoxWriter *w, const CmafFragmentParams *p, const Defaults *d)
{
    uint32_t flags = trun_flags(p, d);
    uint8_t *box = box_open_full(w, "trun", 0, flags);

    box_put_u32(w, (uint32_t)p->samples);
    uint8_t *data_offset = w->at;
    box_put_u32(w, 0);
    if (flags & TRUN_FIRST_FLAGS)
        box_put_u32(w, flags_of(p, 0));
    for (size_t i = 0; i < p->samples; i++) {
        if (flags & TRUN_DURATION)
            box_put_u32(w, (uint32_t)p->sample[i].duration);
        if (flags & TRUN_SIZE)
            box_put_u32(w, size_of(p, i));
        if (flags & TRUN_FLAGS)
            box_put_u32(w, flags_of(p, i));
        if (flags & TRUN_OFFSET)
            box_put_u32(w, (uint32_t)(p->sample[i].pts - p->sample[i].dts));
    }
    box_close(w, box);
    return data_offset;
}

static void put_moof(BoxWriter *w, const CmafFragmentParams *p)
{
    const Defaults d = defaults_of(p);
    uint64_t decode_time = (uint64_t)p->sample[0].dts;
    uint8_t *moof = box_open(w, "moof");

    uint8_t *box = box_open_full(w, "mfhd", 0, 0);
    box_put_u32(w, p->sequence);
    box_close(w, box);
    uint8_t *traf = box_open(w, "traf");
    box = box_open_full(w, "tfhd", 0,
                        TFHD_BASE_IS_MOOF | TFHD_DEFAULT_DURATION | TFHD_DEFAULT_SIZE |
                            TFHD_DEFAULT_FLAGS);
    box_put_u32(w, 1); /* track_ID */
    box_put_u32(w, d.duration);
    box_put_u32(w, d.size);
    box_put_u32(w, d.flags);
    box_close(w, box);
    box = box_open_full(w, "tfdt", 1, 0);
    box_put_u32(w, (uint32_t)(decode_time >> 32));
    box_put_u32(w, (uint32_t)decode_time);
    box_close(w, box);
    uint8_t *data_offset = put_trun(w, p, &d);
    if (p->cbcs)
        cenc_put_boxes(w, moof, p->cbcs, p->samples);
    box_close(w, traf);
    box_close(w, moof);
    box_put_u32(&(BoxWriter){data_offset}, (uint32_t)(w->at - moof) + BOX_HEAD_SIZE);
}

/* Bytes that hold the fragment; 0: there is no memory to say so. */
static size_t room_of(const CmafFragmentParams *p)
{
    size_t room = HEAD_SIZE + p->samples * ENTRY_SIZE;

    for (size_t i = 0; i < p->samples; i++)
        room += size_of(p, i);
    if (!p->cbcs)
        return room;
    map_samples(p);
    return cbcs_map(p->cbcs)->failed ? 0 : room + cenc_boxes_room(p->cbcs, p->samples);
}

int cmaf_fragment_write(const CmafFragmentParams *p, ByteBuffer *out, size_t *first_len)
{
    size_t room = room_of(p);
    uint8_t *place = room > 0 ? byte_buffer_reserve(out, room) : NULL;

    if (!place)
        return -1;
    BoxWriter w = {place};
    put_moof(&w, p);
    uint8_t *mdat = box_open(&w, "mdat");
    int status = put_protected(&w, p, 0);
    *first_len = (size_t)(w.at - place);
    for (size_t i = 1; i < p->samples; i++)
        status |= put_protected(&w, p, i);
    box_close(&w, mdat);
    if (status < 0)
        return -1; /* what is clear is not to be seen */
    out->len += (size_t)(w.at - place);
    return 0;
}
