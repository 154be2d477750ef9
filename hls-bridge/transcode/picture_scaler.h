/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_SCALER_H
#define PICTURE_SCALER_H

/* Makes a smaller picture, as encoders take it (4:2:0 of 8 bits), with libswscale.
 *
 * Zero-initialise. No I/O, no clock. Thread-safety: a PictureScaler belongs to one thread. */

#include <libavutil/frame.h>

struct SwsContext;

/* What takes pictures of one kind. */
typedef struct PictureScaling {
    struct SwsContext *sws; /* owned */
    int width, lines;       /* of these pictures */
    int format, full_range; /* likewise */
} PictureScaling;

typedef struct PictureScaler {
    PictureScaling of[2]; /* of whole pictures, and of those of two fields: they may alternate */
    AVFrame *frame;       /* owned */
    unsigned built;       /* how often one of them was made ready, for this size of `frame` */
} PictureScaler;

/* Makes a picture of `width` by `height` pixels of `from`, which may have any size and format; its
 * time is that of `from`. Of one that is interlaced the upper field is taken. One that is as it
 * must be already is not copied. Borrowed until the next call, and no longer than `from`; NULL:
 * there is no memory, or nobody can scale it. */
const AVFrame *picture_scaler_make(PictureScaler *scaler, const AVFrame *from, int width,
                                   int height);

void picture_scaler_free(PictureScaler *scaler);

#endif
