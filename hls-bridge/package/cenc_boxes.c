/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cenc_boxes.h"

#define SCHEME_VERSION  0x00010000u
#define USE_SUBSAMPLES  0x000002u /* of 'senc' */
#define SENC_HEAD_SIZE  (FULL_BOX_HEAD_SIZE + 4)
#define SAIZ_HEAD_SIZE  (FULL_BOX_HEAD_SIZE + 5)
#define SAIO_SIZE       (FULL_BOX_HEAD_SIZE + 8)
#define STSD_HEAD_SIZE  (FULL_BOX_HEAD_SIZE + 4)
#define PROTECTION_ROOM 256 /* bytes that hold 'sinf', or 'pssh' */

/* Of a system that any player may have: the key's ID is all that there is to say (W3C, "cenc"
 * Initialization Data Format, "Common PSSH box"). */
static const uint8_t common_system[16] = {0x10, 0x77, 0xEF, 0xEC, 0xC0, 0xB2, 0x4D, 0x02,
                                          0xAC, 0xE3, 0x3C, 0x1E, 0x52, 0xE2, 0xFB, 0x4B};

/* ---- the initialisation segment ---- */

static void put_tenc(BoxWriter *w, const Cbcs *cbcs)
{
    const CbcsKey *key = cbcs_key(cbcs);
    uint8_t *tenc = box_open_full(w, "tenc", 1, 0);

    *w->at++ = 0;
    *w->at++ = cbcs_has_map(cbcs) ? CBCS_CRYPT_BLOCKS << 4 | CBCS_SKIP_BLOCKS : 0;
    *w->at++ = 1; /* default_isProtected */
    *w->at++ = 0; /* default_Per_Sample_IV_Size: there is one for all */
    box_put_bytes(w, key->id, sizeof(key->id));
    *w->at++ = sizeof(key->iv);
    box_put_bytes(w, key->iv, sizeof(key->iv));
    box_close(w, tenc);
}

/* Returns its length. */
static size_t make_sinf(uint8_t *out, const uint8_t *was, const Cbcs *cbcs)
{
    BoxWriter w = {out};
    uint8_t *sinf = box_open(&w, "sinf");

    uint8_t *box = box_open(&w, "frma");
    box_put_bytes(&w, was, 4);
    box_close(&w, box);
    box = box_open_full(&w, "schm", 0, 0);
    box_put_bytes(&w, "cbcs", 4);
    box_put_u32(&w, SCHEME_VERSION);
    box_close(&w, box);
    box = box_open(&w, "schi");
    put_tenc(&w, cbcs);
    box_close(&w, box);
    box_close(&w, sinf);
    return (size_t)(w.at - out);
}

static size_t make_pssh(uint8_t *out, const Cbcs *cbcs)
{
    BoxWriter w = {out};
    uint8_t *pssh = box_open_full(&w, "pssh", 1, 0);

    box_put_bytes(&w, common_system, sizeof(common_system));
    box_put_u32(&w, 1);
    box_put_bytes(&w, cbcs_key(cbcs)->id, CBCS_KEY_SIZE);
    box_put_u32(&w, 0);
    box_close(&w, pssh);
    return (size_t)(w.at - out);
}

/* Finds the first box of this type between `from` and `to`. Returns where it is, or `to`. */
static size_t find(const uint8_t *data, size_t from, size_t to, const char *type)
{
    while (from + BOX_HEAD_SIZE <= to) {
        size_t len = box_read_u32(data + from);
        if (len < BOX_HEAD_SIZE || len > to - from)
            return to;
        if (memcmp(data + from + 4, type, 4) == 0)
            return from;
        from += len;
    }
    return to;
}

static const char *const path[] = {"moov", "trak", "mdia", "minf", "stbl", "stsd"};
#define PATH (sizeof(path) / sizeof(*path))

/* Finds the boxes that lead to the sample entries, and the first of these behind them. */
static bool find_path(const ByteBuffer *init, size_t *at)
{
    size_t from = 0, to = init->len;

    for (size_t i = 0; i < PATH; i++) {
        at[i] = find(init->data, from, to, path[i]);
        if (at[i] == to)
            return false;
        to = at[i] + box_read_u32(init->data + at[i]);
        from = at[i] + BOX_HEAD_SIZE;
    }
    at[PATH] = at[PATH - 1] + STSD_HEAD_SIZE;
    return at[PATH] + BOX_HEAD_SIZE <= to && box_read_u32(init->data + at[PATH]) <= to - at[PATH];
}

/* Puts bytes at the end of box `depth` of the path, for which there is room. */
static void insert(ByteBuffer *init, const size_t *at, size_t depth, const uint8_t *bytes,
                   size_t len)
{
    size_t end = at[depth] + box_read_u32(init->data + at[depth]);

    memmove(init->data + end + len, init->data + end, init->len - end);
    memcpy(init->data + end, bytes, len);
    init->len += len;
    for (size_t i = 0; i <= depth; i++) {
        uint8_t *size = init->data + at[i];
        box_put_u32(&(BoxWriter){size}, box_read_u32(size) + (uint32_t)len);
    }
}

int cenc_protect_init(ByteBuffer *init, const Cbcs *cbcs)
{
    uint8_t bytes[PROTECTION_ROOM];
    size_t at[PATH + 1];

    const CbcsKey *key = cbcs_key(cbcs);

    if (!find_path(init, at) || !byte_buffer_reserve(init, 2 * sizeof(bytes) + key->pssh_len))
        return -1;
    uint8_t *type = init->data + at[PATH] + 4;
    size_t len = make_sinf(bytes, type, cbcs);
    memcpy(type, cbcs_has_map(cbcs) ? "encv" : "enca", 4);
    insert(init, at, PATH, bytes, len);
    if (key->pssh)
        insert(init, at, 0, key->pssh, key->pssh_len);
    else
        insert(init, at, 0, bytes, make_pssh(bytes, cbcs));
    return 0;
}

/* ---- a fragment ---- */

size_t cenc_boxes_room(const Cbcs *cbcs, size_t samples)
{
    return SENC_HEAD_SIZE + cbcs_map(cbcs)->len + SAIZ_HEAD_SIZE + samples + SAIO_SIZE;
}

static void put_saiz(BoxWriter *w, const ByteBuffer *map, size_t samples)
{
    uint8_t *saiz = box_open_full(w, "saiz", 0, 0);
    const uint8_t *entry = map->data;

    *w->at++ = 0; /* default_sample_info_size: each has its own */
    box_put_u32(w, (uint32_t)samples);
    for (size_t i = 0; i < samples; i++) {
        size_t len = CBCS_COUNT_SIZE + CBCS_ENTRY_SIZE * ((size_t)entry[0] << 8 | entry[1]);
        *w->at++ = (uint8_t)len;
        entry += len;
    }
    box_close(w, saiz);
}

void cenc_put_boxes(BoxWriter *w, const uint8_t *moof, const Cbcs *cbcs, size_t samples)
{
    const ByteBuffer *map = cbcs_map(cbcs);
    bool subsamples = cbcs_has_map(cbcs);
    uint8_t *box = box_open_full(w, "senc", 0, subsamples ? USE_SUBSAMPLES : 0);

    box_put_u32(w, (uint32_t)samples);
    uint32_t offset = (uint32_t)(w->at - moof);
    if (subsamples)
        box_put_bytes(w, map->data, map->len);
    box_close(w, box);
    if (!subsamples)
        return; /* the initialisation segment says all; libavformat wants 'senc' all the same */
    put_saiz(w, map, samples);
    box = box_open_full(w, "saio", 0, 0);
    box_put_u32(w, 1);
    box_put_u32(w, offset);
    box_close(w, box);
}
