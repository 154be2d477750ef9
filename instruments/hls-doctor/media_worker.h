/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_WORKER_H
#define MEDIA_WORKER_H

/* Decodes segments and their parts on a thread of its own, because decoding takes so long that the
 * network would have to wait.
 *
 * Thread-safety: one thread beside its own. */

#include "align_rules.h"
#include "findings.h"
#include "given_keys.h"
#include "iframe_rules.h"
#include "m3u8.h"
#include "m3u8_multi.h"
#include "marks.h"
#include "media_rules.h"

typedef struct MediaWorker MediaWorker;

typedef struct MediaBytes {
    uint8_t *data;
    size_t len;
} MediaBytes;

/* A whole segment with all its bytes, which the worker takes over and frees. */
typedef struct MediaJob {
    bool is_iframe; /* it is of an I-frame playlist; `rendition` counts those */
    size_t rendition;
    int64_t target_us;
    size_t multi_version; /* of the multivariant playlist: the newest when it was listed */
    M3u8Segment segment;  /* its texts and parts too */
    MediaBytes init;      /* its initialisation segment */
    MediaBytes bytes;     /* of the segment */
    MediaBytes *part;     /* segment.part_count of them; NULL: they were not all seen */
    bool has_key;         /* that was fetched for it: */
    uint8_t key[AES_BYTES];
    struct MediaJob *next;
} MediaJob;

/* `tell`: a line for each segment goes to standard error. `aligned`: renditions that are not cut at
 * the same places are a fault, else a remark. `keys` are borrowed. NULL: there is no memory. */
MediaWorker *media_worker_create(const GivenKeys *keys, bool tell, bool aligned);
void media_worker_destroy(MediaWorker **worker); /* accepts NULL, leaves NULL */

/* A rendition, whose name is borrowed; they are numbered in this order, and all there before the
 * first job. Returns 0, or -1. */
int media_worker_add(MediaWorker *worker, const char *name);

/* An I-frame playlist, likewise. */
int media_worker_add_iframes(MediaWorker *worker, const char *name);

/* Hands over a job that malloc() made. */
void media_worker_do(MediaWorker *worker, MediaJob *job);

/* Waits until all jobs are done. Call the functions below only then. */
void media_worker_finish(MediaWorker *worker);

const MediaRules *media_worker_rules(const MediaWorker *worker, size_t rendition);
IframeHistory media_worker_iframes(const MediaWorker *worker, size_t which);
RenditionMedia media_worker_iframes_media(const MediaWorker *worker, size_t which, const char *uri,
                                          uint64_t first, uint64_t end);
const Findings *media_worker_findings(const MediaWorker *worker);
AlignHistory media_worker_alignment(const MediaWorker *worker);

/* Whether a rendition has pictures; and the marks in them, with those of the sound that is played
 * with them: its own, or that of the renditions that have sound alone. */
bool media_worker_shows(const MediaWorker *worker, size_t rendition);
MarksReport media_worker_marks(const MediaWorker *worker, size_t rendition);

void media_job_free(MediaJob *job);

#endif
