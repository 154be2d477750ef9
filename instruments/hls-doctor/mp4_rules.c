/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mp4_rules.h"

#include <stdbool.h>
#include <string.h>

#include "mp4_boxes.h"

/* Source: ISO/IEC 14496-12 (2022), 8.2.2, 8.3.2, 8.7.3, 8.8.7, 8.8.12. */
#define BASE_DATA_OFFSET 0x000001u /* of tfhd */

/* The number at `at_v0`, of four bytes, or where the box is of version 1 at `at_v1`, of eight. */
static bool versioned(const Mp4Box *box, size_t at_v0, size_t at_v1, uint64_t *out)
{
    bool v1 = box->len > 0 && box->body[0] == 1;
    size_t at = v1 ? at_v1 : at_v0, bytes = v1 ? 8 : 4;

    if (box->len < at + bytes)
        return false;
    *out = mp4_number(box->body + at, bytes);
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

static void check_brands(Findings *f, const char *name, const Mp4Box *ftyp)
{
    for (size_t i = 0; i + 4 <= ftyp->len; i += 4)
        if (i != 4 && is_new_brand(ftyp->body + i)) /* at 4 is the minor version */
            return;
    findings_add(f, "an initialisation segment without a brand of iso6 or higher (3.1.2)", "%s",
                 name);
}

static void check_duration(Findings *f, const char *name, const Mp4Box *box, size_t at_v0,
                           size_t at_v1)
{
    uint64_t duration;

    if (!versioned(box, at_v0, at_v1, &duration) || duration != 0)
        findings_add(f, "a duration in an initialisation segment (3.1.2)", "%s: %s", name,
                     box->type);
}

static void check_track(Findings *f, const char *name, const Mp4Box *trak, Mp4Tracks *out)
{
    Mp4Box tkhd, stbl, stsz;
    uint32_t id;

    if (!mp4_box_child(trak, "tkhd", &tkhd) || !mp4_track_id(&tkhd, &id)) {
        findings_add(f, "a track without tkhd (3.1.2)", "%s", name);
        return;
    }
    check_duration(f, name, &tkhd, 20, 28);
    if (out->count < MP4_TRACKS_MAX)
        out->id[out->count++] = id;
    if (!mp4_sample_table(trak, &stbl) || !mp4_box_child(&stbl, "stsz", &stsz))
        findings_remark(f, "a track without a sample table (3.1.2)", "%s", name);
    else if (stsz.len < 12 || mp4_number(stsz.body + 8, 4) != 0)
        findings_add(f, "samples in an initialisation segment (3.1.2)", "%s", name);
}

static void check_movie(Findings *f, const char *name, const Mp4Box *moov, Mp4Tracks *out)
{
    Mp4Boxes boxes = mp4_boxes_in(moov, 0);
    bool extends = false, late = false;
    Mp4Box box;

    while (mp4_box_next(&boxes, &box)) {
        if (mp4_box_is(&box, "mvhd"))
            check_duration(f, name, &box, 16, 24);
        if (mp4_box_is(&box, "trak")) {
            check_track(f, name, &box, out);
            late = extends;
        }
        extends = extends || mp4_box_is(&box, "mvex");
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
    Mp4Boxes boxes = {data, len, false};
    Mp4Box box;

    *out = (Mp4Tracks){0};
    if (!mp4_box_next(&boxes, &box) || !mp4_box_is(&box, "ftyp")) {
        findings_add(f, "an initialisation segment does not begin with ftyp (3.1.2)", "%s", name);
        return;
    }
    check_brands(f, name, &box);
    if (!mp4_box_next(&boxes, &box) || !mp4_box_is(&box, "moov")) {
        findings_add(f, "ftyp is not followed by moov (3.1.2)", "%s", name);
        return;
    }
    check_movie(f, name, &box, out);
    while (mp4_box_next(&boxes, &box))
        if (mp4_box_is(&box, "mdat") || mp4_box_is(&box, "moof"))
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

static void check_fragment(Findings *f, const char *name, const Mp4Box *moof,
                           const Mp4Tracks *tracks)
{
    Mp4Boxes boxes = mp4_boxes_in(moof, 0);
    Mp4Box traf, tfhd, tfdt;

    while (mp4_box_next(&boxes, &traf)) {
        if (!mp4_box_is(&traf, "traf"))
            continue;
        if (!mp4_box_child(&traf, "tfdt", &tfdt))
            findings_add(f, "a fragment without tfdt (3.1.2)", "%s", name);
        if (!mp4_box_child(&traf, "tfhd", &tfhd) || tfhd.len < 8) {
            findings_add(f, "a fragment without tfhd (3.1.2)", "%s", name);
            continue;
        }
        if (mp4_number(tfhd.body, 4) & BASE_DATA_OFFSET)
            findings_add(f, "a fragment whose addresses are not relative to it (3.1.2)", "%s",
                         name);
        if (!known(tracks, (uint32_t)mp4_number(tfhd.body + 4, 4)))
            findings_add(f, "a fragment of a track that its initialisation lacks (3.1.2)", "%s",
                         name);
    }
    if (boxes.broken)
        findings_add(f, "a box does not fit into its parent (3.1.2)", "%s: moof", name);
}

void mp4_rules_media(Findings *f, const char *name, const uint8_t *data, size_t len,
                     const Mp4Tracks *tracks)
{
    Mp4Boxes boxes = {data, len, false};
    bool moof = false, mdat = false;
    Mp4Box box;

    while (mp4_box_next(&boxes, &box)) {
        if (mp4_box_is(&box, "moof"))
            check_fragment(f, name, &box, tracks);
        moof = moof || mp4_box_is(&box, "moof");
        mdat = mdat || (moof && mp4_box_is(&box, "mdat"));
    }
    if (boxes.broken)
        findings_add(f, "a box does not fit into its parent (3.1.2)", "%s", name);
    else if (!mdat)
        findings_add(f, "media without moof and mdat (3.1.2)", "%s", name);
}
