/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef THUMBNAIL_H
#define THUMBNAIL_H

/* A small picture of each stream every few seconds: thumb.jpg in its folder.
 *
 * A stream offers its key frames; one thread for all of them, which yields to every other, makes
 * pictures of them, and the stream puts them in their place. Nobody waits: a key frame that is
 * offered while another still lies there takes its place.
 *
 * Thread-safety: a Thumbnail belongs to its stream's thread; many may use one Thumbnailer. */

#include "package/output.h"

#define THUMBNAIL_FILE "thumb.jpg"

typedef struct Thumbnailer Thumbnailer;
typedef struct Thumbnail Thumbnail;

/* Returns NULL with errno. */
Thumbnailer *thumbnailer_create(void);

/* All thumbnails must have been closed. Accepts NULL, leaves NULL. */
void thumbnailer_destroy(Thumbnailer **thumbnailer);

/* A stream's, every `period_us`; one that an earlier run has left is removed. `thumbnailer` and
 * `clock` are borrowed; without a thumbnailer there will be none. Returns NULL with errno. */
Thumbnail *thumbnail_open(Thumbnailer *thumbnailer, const char *directory, const char *stream,
                          int64_t period_us, const Clock *clock);

/* The file stays. Accepts NULL, leaves NULL. */
void thumbnail_close(Thumbnail **thumbnail);

/* An IDR picture with its parameter sets: it is copied where the time has come for one. */
void thumbnail_offer(Thumbnail *thumbnail, const AccessUnit *unit, int64_t now_us);

/* Puts the newest in its place, where there is one. */
void thumbnail_update(Thumbnail *thumbnail);

/* Removes the file. */
void thumbnail_remove(Thumbnail *thumbnail);

ThumbnailStats thumbnail_stats(const Thumbnail *thumbnail);

/* A stream's as an output, of its best pictures. Is switched off without a thumbnailer: what an
 * earlier run has left goes all the same. An OutputOpen. */
int thumbnail_output_open(OutputParams *params, int64_t now_us, Output *out);

#endif
