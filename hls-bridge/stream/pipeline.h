/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PIPELINE_H
#define PIPELINE_H

/* What a publisher sends, through all stages: from its source to the packager.
 *
 * Thread-safety: one thread, the stream's. It may be held up by the disk for as long as that likes;
 * what it makes of the media is the same. */

#include "base/clock.h"
#include "segment/packager.h"
#include "ingest/ingest.h"
#include "stream/rungs.h"

typedef struct Pipeline Pipeline;

/* All are borrowed; `stream` is for log lines, `rungs` is what is transcoded, NULL: nothing.
 * Returns NULL if there is no memory. */
Pipeline *pipeline_create(const char *stream, Packager *packager, const RungsParams *rungs,
                          const Clock *clock);

/* What has not been taken in is lost: finish first. Accepts NULL, leaves NULL. */
void pipeline_destroy(Pipeline **pipeline);

/* A publisher begins; `source` is borrowed until pipeline_finish(). */
void pipeline_begin(Pipeline *pipeline, Ingest *source);

/* With a publisher: reads the sockets, takes in what came at one time, and does what that time has
 * brought about. Returns whether there is more, to be taken in at once. */
bool pipeline_run(Pipeline *pipeline, int64_t now_us);

/* Since when (monotonic) this thread is held up, more than a second behind what comes; 0: it is
 * not, or has caught up. Ask after pipeline_run() and pipeline_finish(). */
int64_t pipeline_held_up_since_us(const Pipeline *pipeline);

/* What is transcoded of the publisher; zeros if nothing is. */
TranscoderStats pipeline_transcoder_stats(const Pipeline *pipeline);

/* Waits from `now_us` until something can be read, pipeline_run() has something to do though
 * nothing comes, `wake_fd` is readable, or until `until_us`. Returns whether `wake_fd` is. */
bool pipeline_rest(Pipeline *pipeline, int64_t now_us, int64_t until_us, int wake_fd);

/* As packager_expire(), but for as much later as the disk has ever held up this publisher's media:
 * so much later viewers may have known of it. */
int64_t pipeline_expire(Pipeline *pipeline, int64_t now_us);

/* The publisher goes, or has gone: takes in what has come, and writes out what there is. */
void pipeline_finish(Pipeline *pipeline, int64_t now_us);

#endif
