/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mp4_rules.h"

#include <stdbool.h>
#include <string.h>

/* Source: ISO/IEC 14496-12 (2022), 4.2 (boxes), 8.2.2, 8.3.2, 8.7.3, 8.8.7, 8.8.12. */
#define BASE_DATA_OFFSET 0x000001u /* of tfhd */

typedef struct Box {
    char type[5];
    const uint8_t *body;
    size_t len; /* of the body */
} Box;

/* The bytes of boxes that have not been looked at. */
typedef struct Boxes {
    const uint8_t *at;
    size_t left;
    bool broken; /* a box does not fit into what holds it */
} Boxes;

static uint64_t number(const uint8_t *p, size_t bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | p[i];
    return n;
}

static bool next_box(Boxes *b, Box *out)
{
    size_t head = 8;

    if (b->left == 0 || b->broken)
        return false;
    uint64_t size = b->left >= 8 ? number(b->at, 4) : 0;
    if (size == 1 && b->left >= 16) {
        head = 16;
        size = number(b->at + 8, 8);
    }
    if (size < head || size > b->left) {
        b->broken = true;
        return false;
    }
    memcpy(out->type, b->at + 4, 4);
    out->type[4] = '\0';
    out->body = b->at + head;
    out->len = (size_t)size - head;
    b->at += size;
    b->left -= (size_t)size;
    return true;
}

static Boxes inside(const Box *box)
{
    return (Boxes){box->body, box->len, false};
}

static bool is(const Box *box, const char *type)
{
    return strcmp(box->type, type) == 0;
}

/* The first box of a type inside another, or false. */
static bool child(const Box *parent, const char *type, Box *out)
{
    Boxes boxes = inside(parent);

    while (next_box(&boxes, out))
        if (is(out, type))
            return true;
    return false;
}

/* The number at `at_v0`, of four bytes, or where the box is of version 1 at `at_v1`, of eight. */
static bool versioned(const Box *box, size_t at_v0, size_t at_v1, uint64_t *out)
{
    bool v1 = box->len > 0 && box->body[0] == 1;
    size_t at = v1 ? at_v1 : at_v0, bytes = v1 ? 8 : 4;

    if (box->len < at + bytes)
        return false;
    *out = number(box->body + at, bytes);
    return true;
}

static bool is_new_brand(const uint8_t *brand)
{
    static const char brands[] = "iso6 iso7 iso8 iso9 isoa isob isoc cmfc cmf2";

    for (const char *b = brands; b < brands + sizeof(brands); b += 5)
        if (memcmp(brand, b, 4) == 0)
            return true;
    return false;
}

static void check_brands(Findings *f, const char *name, const Box *ftyp)
{
    for (size_t i = 0; i + 4 <= ftyp->len; i += 4)
        if (i != 4 && is_new_brand(ftyp->body + i)) /* at 4 is the minor version */
            return;
    findings_add(f, "an initialisation segment without a brand of iso6 or higher (3.1.2)", "%s",
                 name);
}

static void check_duration(Findings *f, const char *name, const Box *box, size_t at_v0,
                           size_t at_v1)
{
    uint64_t duration;

    if (!versioned(box, at_v0, at_v1, &duration) || duration != 0)
        findings_add(f, "a duration in an initialisation segment (3.1.2)", "%s: %s", name,
                     box->type);
}

static void check_track(Findings *f, const char *name, const Box *trak, Mp4Tracks *out)
{
    Box tkhd, mdia, minf, stbl, stsz;
    size_t id_at;

    if (!child(trak, "tkhd", &tkhd) || tkhd.len < 24) {
        findings_add(f, "a track without tkhd (3.1.2)", "%s", name);
        return;
    }
    check_duration(f, name, &tkhd, 20, 28);
    id_at = tkhd.body[0] == 1 ? 20 : 12;
    if (out->count < MP4_TRACKS_MAX)
        out->id[out->count++] = (uint32_t)number(tkhd.body + id_at, 4);
    if (!child(trak, "mdia", &mdia) || !child(&mdia, "minf", &minf) ||
        !child(&minf, "stbl", &stbl) || !child(&stbl, "stsz", &stsz))
        findings_remark(f, "a track without a sample table (3.1.2)", "%s", name);
    else if (stsz.len < 12 || number(stsz.body + 8, 4) != 0)
        findings_add(f, "samples in an initialisation segment (3.1.2)", "%s", name);
}

static void check_movie(Findings *f, const char *name, const Box *moov, Mp4Tracks *out)
{
    Boxes boxes = inside(moov);
    bool extends = false, late = false;
    Box box;

    while (next_box(&boxes, &box)) {
        if (is(&box, "mvhd"))
            check_duration(f, name, &box, 16, 24);
        if (is(&box, "trak")) {
            check_track(f, name, &box, out);
            late = extends;
        }
        extends = extends || is(&box, "mvex");
    }
    if (boxes.broken)
        findings_add(f, "a box does not fit into its parent (3.1.2)", "%s: moov", name);
    if (!extends)
        findings_add(f, "an initialisation segment without mvex (3.1.2)", "%s", name);
    if (late)
        findings_remark(f, "mvex before a track (3.1.2)", "%s", name);
}

void mp4_rules_init(Findings *f, const char *name, const uint8_t *data, size_t len, Mp4Tracks *out)
{
    Boxes boxes = {data, len, false};
    Box box;

    *out = (Mp4Tracks){0};
    if (!next_box(&boxes, &box) || !is(&box, "ftyp")) {
        findings_add(f, "an initialisation segment does not begin with ftyp (3.1.2)", "%s", name);
        return;
    }
    check_brands(f, name, &box);
    if (!next_box(&boxes, &box) || !is(&box, "moov")) {
        findings_add(f, "ftyp is not followed by moov (3.1.2)", "%s", name);
        return;
    }
    check_movie(f, name, &box, out);
    while (next_box(&boxes, &box))
        if (is(&box, "mdat") || is(&box, "moof"))
            findings_add(f, "media in an initialisation segment (3.1)", "%s: %s", name, box.type);
    if (boxes.broken)
        findings_add(f, "a box does not fit into its parent (3.1.2)", "%s", name);
}

static bool known(const Mp4Tracks *tracks, uint32_t id)
{
    for (size_t i = 0; i < tracks->count; i++)
        if (tracks->id[i] == id)
            return true;
    return false;
}

static void check_fragment(Findings *f, const char *name, const Box *moof, const Mp4Tracks *tracks)
{
    Boxes boxes = inside(moof);
    Box traf, tfhd, tfdt;

    while (next_box(&boxes, &traf)) {
        if (!is(&traf, "traf"))
            continue;
        if (!child(&traf, "tfdt", &tfdt))
            findings_add(f, "a fragment without tfdt (3.1.2)", "%s", name);
        if (!child(&traf, "tfhd", &tfhd) || tfhd.len < 8) {
            findings_add(f, "a fragment without tfhd (3.1.2)", "%s", name);
            continue;
        }
        if (number(tfhd.body, 4) & BASE_DATA_OFFSET)
            findings_add(f, "a fragment whose addresses are not relative to it (3.1.2)", "%s",
                         name);
        if (!known(tracks, (uint32_t)number(tfhd.body + 4, 4)))
            findings_add(f, "a fragment of a track that its initialisation lacks (3.1.2)", "%s",
                         name);
    }
    if (boxes.broken)
        findings_add(f, "a box does not fit into its parent (3.1.2)", "%s: moof", name);
}

void mp4_rules_media(Findings *f, const char *name, const uint8_t *data, size_t len,
                     const Mp4Tracks *tracks)
{
    Boxes boxes = {data, len, false};
    bool moof = false, mdat = false;
    Box box;

    while (next_box(&boxes, &box)) {
        if (is(&box, "moof"))
            check_fragment(f, name, &box, tracks);
        moof = moof || is(&box, "moof");
        mdat = mdat || (moof && is(&box, "mdat"));
    }
    if (boxes.broken)
        findings_add(f, "a box does not fit into its parent (3.1.2)", "%s", name);
    else if (!mdat)
        findings_add(f, "media without moof and mdat (3.1.2)", "%s", name);
}
