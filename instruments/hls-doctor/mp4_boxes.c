/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mp4_boxes.h"

#include <string.h>

uint64_t mp4_number(const uint8_t *p, size_t bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | p[i];
    return n;
}

bool mp4_box_next(Mp4Boxes *b, Mp4Box *out)
{
    size_t head = 8;

    if (b->left == 0 || b->broken)
        return false;
    uint64_t size = b->left >= 8 ? mp4_number(b->at, 4) : 0;
    if (size == 1 && b->left >= 16) {
        head = 16;
        size = mp4_number(b->at + 8, 8);
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

Mp4Boxes mp4_boxes_in(const Mp4Box *box, size_t at)
{
    return at < box->len ? (Mp4Boxes){box->body + at, box->len - at, false}
                         : (Mp4Boxes){box->body, 0, false};
}

bool mp4_box_is(const Mp4Box *box, const char *type)
{
    return strcmp(box->type, type) == 0;
}

bool mp4_box_child(const Mp4Box *parent, const char *type, Mp4Box *out)
{
    Mp4Boxes boxes = mp4_boxes_in(parent, 0);

    while (mp4_box_next(&boxes, out))
        if (mp4_box_is(out, type))
            return true;
    return false;
}

bool mp4_sample_table(const Mp4Box *trak, Mp4Box *out)
{
    Mp4Box mdia, minf;

    return mp4_box_child(trak, "mdia", &mdia) && mp4_box_child(&mdia, "minf", &minf) &&
           mp4_box_child(&minf, "stbl", out);
}

bool mp4_track_id(const Mp4Box *tkhd, uint32_t *out)
{
    if (tkhd->len < 24)
        return false;
    *out = (uint32_t)mp4_number(tkhd->body + (tkhd->body[0] == 1 ? 20 : 12), 4);
    return true;
}
