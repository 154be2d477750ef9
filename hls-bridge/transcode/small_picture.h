/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMALL_PICTURE_H
#define SMALL_PICTURE_H

/* Makes thumbnails of key pictures, each in a process of its own that is shut in before it looks at
 * the first byte: so a picture that takes a decoder over gets no other stream's pictures, and
 * cannot stand in for them. To start such a process takes a millisecond, since all is loaded
 * already.
 *
 * A picture may take any time: whoever asks for it ends this process, and then that one ends too.
 *
 * Thread-safety: a SmallPicture belongs to one thread, of a process that has no other. */

#include "transcode/transcode_wire.h"

typedef struct SmallPicture SmallPicture;

/* Returns NULL with errno. There is no function that frees it: it goes with the process. */
SmallPicture *small_picture_create(void);

/* Makes one, and waits until it is made. What `shown` has is borrowed until the next call. */
void small_picture_make(SmallPicture *small, const WireShow *show, WireShown *shown);

#endif
