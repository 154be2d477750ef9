/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/h265_parameter_sets.h"

#include <inttypes.h>
#include <string.h>

#include "h264_bits.h"
#include "text_buffer.h"

#define SIZE_MAX_PIXELS  16384
#define CONSTRAINT_BYTES 6
#define SUB_LAYERS_MAX   7
#define REFERENCE_SETS   64 /* num_short_term_ref_pic_sets */
#define REFERENCES       16 /* pictures in one of them */

/* profile_tier_level() of all layers. */
typedef struct Profile {
    unsigned space, tier, idc, level;
    uint32_t compatible; /* general_profile_compatibility_flag[0] is the most significant */
    uint8_t constraints[CONSTRAINT_BYTES];
} Profile;

/* Bits behind the two bytes of a NAL unit's header. */
static H264Bits bits_of(const uint8_t *nal, size_t len)
{
    return h264_bits_of_nal(nal + 1, len - 1);
}

static void skip(H264Bits *r, unsigned bits)
{
    for (; bits > 0; bits--)
        h264_read_bit(r);
}

static Profile read_profile(H264Bits *r, unsigned sub_layers)
{
    bool has_profile[SUB_LAYERS_MAX], has_level[SUB_LAYERS_MAX];
    Profile p;

    p.space = h264_read_bits(r, 2);
    p.tier = h264_read_bit(r);
    p.idc = h264_read_bits(r, 5);
    p.compatible = h264_read_bits(r, 16) << 16;
    p.compatible |= h264_read_bits(r, 16);
    for (int i = 0; i < CONSTRAINT_BYTES; i++)
        p.constraints[i] = (uint8_t)h264_read_bits(r, 8);
    p.level = h264_read_bits(r, 8);
    for (unsigned i = 0; i < sub_layers; i++) {
        has_profile[i] = h264_read_bit(r);
        has_level[i] = h264_read_bit(r);
    }
    if (sub_layers > 0)
        skip(r, 2 * (8 - sub_layers)); /* reserved_zero_2bits */
    for (unsigned i = 0; i < sub_layers; i++)
        skip(r, (has_profile[i] ? 88 : 0) + (has_level[i] ? 8 : 0));
    return p;
}

static void write_name(const Profile *p, VideoFormat *out)
{
    TextBuffer text = text_buffer(out->name, sizeof(out->name));
    uint32_t reversed = 0;
    int bytes = CONSTRAINT_BYTES;

    for (int i = 0; i < 32; i++)
        reversed |= (p->compatible >> i & 1) << (31 - i);
    text_add(&text, "hvc1.");
    if (p->space > 0)
        text_add(&text, "%c", 'A' + (int)p->space - 1);
    text_add(&text, "%u.%" PRIX32 ".%c%u", p->idc, reversed, p->tier ? 'H' : 'L', p->level);
    while (bytes > 0 && p->constraints[bytes - 1] == 0)
        bytes--;
    for (int i = 0; i < bytes; i++)
        text_add(&text, ".%X", p->constraints[i]);
}

/* What the conformance window leaves of the picture. Returns whether anything is left. */
static bool read_size(H264Bits *r, unsigned chroma, VideoFormat *out)
{
    int64_t width = h264_read_ue(r), height = h264_read_ue(r);

    if (width > SIZE_MAX_PIXELS || height > SIZE_MAX_PIXELS)
        return false;
    if (h264_read_bit(r)) {
        int64_t left = h264_read_ue(r), right = h264_read_ue(r);
        int64_t top = h264_read_ue(r), bottom = h264_read_ue(r);
        width -= (left + right) * (chroma == 1 || chroma == 2 ? 2 : 1);
        height -= (top + bottom) * (chroma == 1 ? 2 : 1);
    }
    if (width <= 0 || height <= 0)
        return false;
    out->width = (uint16_t)width;
    out->height = (uint16_t)height;
    return true;
}

static void skip_ue(H264Bits *r, unsigned count)
{
    for (; count > 0; count--)
        h264_read_ue(r);
}

/* scaling_list_data(), 7.3.4 */
static void skip_scaling_lists(H264Bits *r)
{
    for (unsigned size = 0; size < 4; size++)
        for (unsigned matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
            unsigned coefficients = size == 0 ? 16 : 64;
            if (h264_read_bit(r))
                skip_ue(r, coefficients + (size > 1)); /* se(v) is as long */
            else
                h264_read_ue(r);
        }
}

/* st_ref_pic_set(), 7.3.7. Returns how many pictures it has, if the one before has `before`; more
 * than REFERENCES: it cannot be. */
static unsigned skip_reference_set(H264Bits *r, bool first, unsigned before)
{
    unsigned count = 0;

    if (first || !h264_read_bit(r)) {
        uint32_t negative = h264_read_ue(r), positive = h264_read_ue(r);
        if (negative > REFERENCES || positive > REFERENCES - negative)
            return REFERENCES + 1;
        for (; count < negative + positive; count++) {
            h264_read_ue(r);
            h264_read_bit(r);
        }
        return count;
    }
    h264_read_bit(r); /* delta_rps_sign */
    h264_read_ue(r);
    for (unsigned i = 0; i <= before; i++)
        count += h264_read_bit(r) || h264_read_bit(r);
    return count;
}

/* What stands between the order of the pictures and the rest. Returns whether it can be: the muxer
 * believes the number of references, and would count up to four billions of them. */
static bool read_references(H264Bits *r)
{
    skip_ue(r, 6); /* sizes of blocks and depths */
    if (h264_read_bit(r) && h264_read_bit(r))
        skip_scaling_lists(r);
    skip(r, 2);
    if (h264_read_bit(r)) { /* pcm_enabled_flag */
        skip(r, 8);
        skip_ue(r, 2);
        skip(r, 1);
    }
    uint32_t sets = h264_read_ue(r);
    if (sets > REFERENCE_SETS)
        return false;
    for (unsigned i = 0, pictures = 0; i < sets; i++) {
        pictures = skip_reference_set(r, i == 0, pictures);
        if (pictures > REFERENCES)
            return false;
    }
    return true;
}

bool h265_sps_format(const uint8_t *nal, size_t len, VideoFormat *out)
{
    if (len <= H265_HEADER_SIZE)
        return false;
    H264Bits r = bits_of(nal, len);
    h264_read_bits(&r, 4); /* sps_video_parameter_set_id */
    unsigned sub_layers = h264_read_bits(&r, 3);
    if (sub_layers >= SUB_LAYERS_MAX)
        return false;
    h264_read_bit(&r);
    Profile profile = read_profile(&r, sub_layers);
    h264_read_ue(&r); /* sps_seq_parameter_set_id */
    uint32_t chroma = h264_read_ue(&r);
    *out = (VideoFormat){.codec = CODEC_H265, .profile = (uint8_t)profile.idc};
    if (chroma > 3 || (chroma == 3 && h264_read_bit(&r)) || !read_size(&r, chroma, out))
        return false;
    uint32_t luma = h264_read_ue(&r), colour = h264_read_ue(&r);
    h264_read_ue(&r); /* log2_max_pic_order_cnt_lsb_minus4 */
    unsigned first = h264_read_bit(&r) ? 0 : sub_layers;
    uint32_t reorder = 0;
    for (unsigned i = first; i <= sub_layers; i++) {
        h264_read_ue(&r);
        reorder = h264_read_ue(&r);
        h264_read_ue(&r);
    }
    if (luma > 8 || colour > 8 || reorder > 16 || !read_references(&r) || r.overrun)
        return false;
    out->chroma_format = (uint8_t)chroma;
    out->bit_depth = (uint8_t)(8 + (luma > colour ? luma : colour));
    out->max_reorder_frames = (int8_t)reorder;
    write_name(&profile, out);
    return true;
}

/* ---- keeping them ---- */

/* The id of a set; -1: it cannot be read. */
static int read_id(unsigned type, const uint8_t *nal, size_t len)
{
    H264Bits r = bits_of(nal, len);
    uint32_t id;

    if (type == H265_NAL_VPS) {
        id = h264_read_bits(&r, 4);
    } else if (type == H265_NAL_PPS) {
        id = h264_read_ue(&r);
    } else {
        h264_read_bits(&r, 4);
        unsigned sub_layers = h264_read_bits(&r, 3);
        if (sub_layers >= SUB_LAYERS_MAX)
            return -1;
        h264_read_bit(&r);
        read_profile(&r, sub_layers);
        id = h264_read_ue(&r);
    }
    return r.overrun || id > UINT8_MAX ? -1 : (int)id;
}

/* The place of a set of this kind and id, made free if there is none yet; NULL: there is no room.
 */
static H265Set *place_of(H265Sets *sets, unsigned type, unsigned id)
{
    size_t at = 0;

    for (; at < sets->count && sets->set[at].type <= type; at++)
        if (sets->set[at].type == type && sets->set[at].id == id)
            return &sets->set[at];
    if (sets->count == H265_SETS_MAX)
        return NULL;
    memmove(&sets->set[at + 1], &sets->set[at], (sets->count - at) * sizeof(H265Set));
    sets->count++;
    return &sets->set[at];
}

int h265_sets_add(H265Sets *sets, const uint8_t *nal, size_t len)
{
    VideoFormat format;

    if (len <= H265_HEADER_SIZE || len > H265_SET_BYTES || !h265_is_set(h265_nal_type(nal)))
        return -1;
    unsigned type = h265_nal_type(nal);
    int id = read_id(type, nal, len);
    if (id < 0 || (type == H265_NAL_SPS && !h265_sps_format(nal, len, &format)))
        return -1;
    H265Set *place = place_of(sets, type, (unsigned)id);
    if (!place)
        return -1;
    place->type = (uint8_t)type;
    place->id = (uint8_t)id;
    place->len = (uint16_t)len;
    memcpy(place->nal, nal, len);
    if (type == H265_NAL_SPS)
        sets->newest = format;
    return 0;
}

bool h265_sets_complete(const H265Sets *sets)
{
    unsigned has = 0;

    for (size_t i = 0; i < sets->count; i++)
        has |= 1u << (sets->set[i].type - H265_NAL_VPS);
    return has == 7;
}

/* The set of this kind and id; NULL: there is none. */
static const H265Set *find(const H265Sets *sets, unsigned type, uint32_t id)
{
    for (size_t i = 0; i < sets->count; i++)
        if (sets->set[i].type == type && sets->set[i].id == id)
            return &sets->set[i];
    return NULL;
}

/* The picture parameter set that a slice names; NULL: it is not there. */
static const H265Set *pps_of_slice(const H265Sets *sets, const uint8_t *slice, size_t len)
{
    if (len <= H265_HEADER_SIZE)
        return NULL;
    H264Bits r = bits_of(slice, len);
    h264_read_bit(&r); /* first_slice_segment_in_pic_flag */
    if (h265_nal_type(slice) >= H265_NAL_IRAP_FIRST)
        h264_read_bit(&r); /* no_output_of_prior_pics_flag */
    uint32_t id = h264_read_ue(&r);
    return r.overrun ? NULL : find(sets, H265_NAL_PPS, id);
}

VideoFormat h265_sets_format(const H265Sets *sets, const uint8_t *slice, size_t len)
{
    const H265Set *pps = pps_of_slice(sets, slice, len), *sps = NULL;
    VideoFormat format;

    if (pps) {
        H264Bits r = bits_of(pps->nal, pps->len);
        h264_read_ue(&r); /* pps_pic_parameter_set_id */
        uint32_t id = h264_read_ue(&r);
        sps = r.overrun ? NULL : find(sets, H265_NAL_SPS, id);
    }
    return sps && h265_sps_format(sps->nal, sps->len, &format) ? format : sets->newest;
}
