/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MP4_BOXES_H
#define MP4_BOXES_H

/* Walks over the boxes of MP4 (ISO/IEC 14496-12 (2022), 4.2).
 *
 * Pure; reads what it is given and nothing past it. Thread-safety: none needed, there is no state.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Mp4Box {
    char type[5];
    const uint8_t *body;
    size_t len; /* of the body */
} Mp4Box;

/* The bytes of boxes that have not been looked at. */
typedef struct Mp4Boxes {
    const uint8_t *at;
    size_t left;
    bool broken; /* a box does not fit into what holds it */
} Mp4Boxes;

/* A big-endian number of up to eight bytes. */
uint64_t mp4_number(const uint8_t *at, size_t bytes);

/* The next box; false: there is none, or it is broken. */
bool mp4_box_next(Mp4Boxes *boxes, Mp4Box *out);

/* The boxes in a box, from byte `at` of its body on; none if it is shorter. */
Mp4Boxes mp4_boxes_in(const Mp4Box *box, size_t at);

bool mp4_box_is(const Mp4Box *box, const char *type);

/* The first box of a type in another; false: there is none. */
bool mp4_box_child(const Mp4Box *parent, const char *type, Mp4Box *out);

/* The sample table (stbl) of a track (trak); false: there is none. */
bool mp4_sample_table(const Mp4Box *trak, Mp4Box *out);

/* The track_ID of a track header (tkhd, 8.3.2); false: it is too short. */
bool mp4_track_id(const Mp4Box *tkhd, uint32_t *out);

#endif
