/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef THUMBNAIL_H
#define THUMBNAIL_H

/* A small picture of each stream every few seconds: thumb.jpg in its folder.
 *
 * A stream offers its key frames. One thread for all streams, with the lowest priority, has small
 * pictures made of them, and the stream's thread puts them into its store. Nothing waits: a new key
 * frame replaces one that still waits, and a stream goes though its picture is being made.
 *
 * Thread-safety: a Thumbnail belongs to its stream's thread; many may use one Thumbnailer. */

#include "base/byte_buffer.h"
#include "package/output.h"
#include "store/store.h"

#define THUMBNAIL_FILE "thumb.jpg"

typedef struct Thumbnailer Thumbnailer;
typedef struct Thumbnail Thumbnail;

/* Who makes them: hls-transcoder, since this decodes what strangers send (parts.c). */
typedef struct ThumbnailMaker {
    /* Makes `jpeg` from a key frame, as AccessUnit has it; may take its time. Returns 0 or -1. */
    int (*make)(void *self, Codec codec, const uint8_t *data, size_t len, ByteBuffer *jpeg);
    void (*rest)(void *self); /* none is due for a while */
    void (*stop)(void *self); /* make() is to return soon, from now on; another thread calls it */
    void *self;
} ThumbnailMaker;

/* `maker` is copied; what it stands for is borrowed. Returns NULL with errno. */
Thumbnailer *thumbnailer_create(const ThumbnailMaker *maker);

/* All thumbnails must have been closed. Accepts NULL, leaves NULL. */
void thumbnailer_destroy(Thumbnailer **thumbnailer);

/* Opens a stream's thumbnail, made every `period_us`, or less often if one takes long; one of an
 * earlier run is removed. All that is given is borrowed. `folder` is the stream's store; without a
 * thumbnailer none is made. Returns NULL with errno. */
Thumbnail *thumbnail_open(Thumbnailer *thumbnailer, Store *folder, int64_t period_us,
                          const Clock *clock);

/* The file stays. Accepts NULL, leaves NULL. */
void thumbnail_close(Thumbnail **thumbnail);

/* Offers an IDR picture with its parameter sets: it is copied if a thumbnail is due. */
void thumbnail_offer(Thumbnail *thumbnail, const AccessUnit *unit, int64_t now_us);

/* Writes the newest one to its file, if there is one. */
void thumbnail_update(Thumbnail *thumbnail);

/* Removes the file; what was offered before does not come any more. */
void thumbnail_remove(Thumbnail *thumbnail);

ThumbnailStats thumbnail_stats(const Thumbnail *thumbnail);

/* A stream's as an output, of its best pictures. Is switched off without a thumbnailer: what an
 * earlier run has left goes all the same. An OutputOpen. */
int thumbnail_output_open(OutputParams *params, int64_t now_us, Output *out);

#endif
