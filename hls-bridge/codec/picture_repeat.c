/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/picture_repeat.h"

#include "codec/vp9_header.h"

static void set_slot(PictureRepeat *r, unsigned refreshes)
{
    if (refreshes == 0)
        return; /* the picture before is still where it was */
    r->has_slot = true;
    for (r->slot = 0; !(refreshes >> r->slot & 1);)
        r->slot++;
}

static void follow_vp9(PictureRepeat *r, const AccessUnit *unit)
{
    uint32_t lens[VP9_FRAMES_MAX];
    size_t n = vp9_frames(unit->data, unit->len, lens);
    const uint8_t *frame = unit->data;
    Vp9Header h;

    for (size_t i = 0; i < n; frame += lens[i++]) {
        if (!vp9_header_read(frame, lens[i], &h))
            continue;
        r->profile = h.profile;
        set_slot(r, h.shows_existing ? 1u << h.slot : h.refreshes);
    }
}

static void follow_av1(PictureRepeat *r, const PictureConfig *config, const AccessUnit *unit)
{
    Av1Obu obu = {0};
    Av1Frame frame;

    if (av1_find(config->bytes, config->len, AV1_OBU_SEQUENCE_HEADER, &obu))
        av1_sequence_read(obu.payload, obu.len, &r->sequence);
    if (unit->idr) {
        r->has_slot = false;
        return;
    }
    for (size_t at = 0; at < unit->len && av1_obu_read(unit->data + at, unit->len - at, &obu);
         at += obu.head + obu.len)
        if ((obu.type == AV1_OBU_FRAME || obu.type == AV1_OBU_FRAME_HEADER) &&
            av1_frame_read(&r->sequence, obu.payload, obu.len, &frame))
            set_slot(r, frame.refreshes);
}

void picture_repeat_follow(PictureRepeat *r, const PictureConfig *config, const AccessUnit *unit)
{
    if (unit->codec == CODEC_H264) {
        r->codec = CODEC_H264;
        h264_filler_follow(&r->h264, &config->sets, unit);
        return;
    }
    r->has_slot = r->has_slot && r->codec == unit->codec;
    r->codec = unit->codec;
    sample_bytes_release(&r->key);
    if (unit->idr && (unit->codec == CODEC_AV1 || unit->codec == CODEC_H265))
        r->key = sample_bytes_of_unit(unit);
    if (unit->codec == CODEC_VP9)
        follow_vp9(r, unit);
    else if (unit->codec == CODEC_AV1)
        follow_av1(r, config, unit);
}

void picture_repeat_copy(PictureRepeat *r, const PictureRepeat *of, const PictureConfig *config)
{
    picture_repeat_clear(r);
    *r = *of;
    if (r->h264.sets)
        r->h264.sets = &config->sets;
    r->key = of->key ? sample_bytes_of_unit(&(AccessUnit){.bytes = of->key}) : NULL;
}

/* Returns the length, or 0 if it cannot be made. */
static size_t write_picture(const PictureRepeat *r, PictureRoom *room)
{
    if (r->codec == CODEC_H264)
        return h264_filler_write(&r->h264, room->bytes, room->nal);
    if (!r->has_slot)
        return 0;
    if (r->codec == CODEC_VP9 && r->profile < VP9_PROFILE_LAST) {
        /* frame_marker, the profile's low and high bit, show_existing_frame, the slot */
        room->bytes[0] = (uint8_t)(0x88 | (r->profile & 1) << 5 | (r->profile >> 1) << 4 | r->slot);
        return 1;
    }
    if (r->codec != CODEC_AV1 || !r->sequence.plain)
        return 0;
    room->bytes[0] = AV1_OBU_FRAME_HEADER << 3 | AV1_OBU_HAS_SIZE;
    room->bytes[1] = 1;
    room->bytes[2] = (uint8_t)(0x88 | r->slot << 4); /* and a trailing bit behind the slot */
    return 3;
}

bool picture_repeat_make(const PictureRepeat *r, PictureRoom *room, AccessUnit *out)
{
    if (r->key) {
        *out = sample_bytes_unit(r->key, r->codec, true);
        return true;
    }
    *out = (AccessUnit){.codec = r->codec, .data = room->bytes, .nal = room->nal};
    out->len = write_picture(r, room);
    out->nals = r->codec == CODEC_H264 ? H264_FILLER_NALS : 0;
    return out->len > 0;
}

void picture_repeat_clear(PictureRepeat *r)
{
    sample_bytes_release(&r->key);
    *r = (PictureRepeat){0};
}
