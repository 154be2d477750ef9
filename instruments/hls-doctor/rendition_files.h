/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RENDITION_FILES_H
#define RENDITION_FILES_H

/* The files of a rendition: each is fetched when it is listed, or hinted at, and whole segments go
 * to the worker with all that belongs to them.
 *
 * Thread-safety: one thread. */

#include "http_client.h"
#include "m3u8.h"
#include "media_worker.h"
#include "names.h"
#include "reload_rules.h"

/* What the renditions of a stream share; borrowed. */
typedef struct RenditionWorld {
    HttpClient *http;
    const GivenKeys *keys;
    MediaWorker *worker;
    Findings *findings;
    Names *names;
    size_t multi_versions; /* of the multivariant playlist, that were seen */
    bool over;             /* nothing new is asked for */
} RenditionWorld;

typedef struct RenditionFiles RenditionFiles;

typedef struct FilesStats {
    size_t hints;    /* parts that came as hinted */
    size_t retained; /* files that were tried after they had left the list */
} FilesStats;

/* `url` is that of the playlist; it and `world` are borrowed. It is number `index` of those of the
 * worker. Returns NULL if there is no memory. */
RenditionFiles *rendition_files_create(RenditionWorld *world, const char *url, size_t index);
void rendition_files_destroy(RenditionFiles **files); /* accepts NULL, leaves NULL */

/* The next version, or the same again, that was asked for at `asked_us` (monotonic). Borrowed until
 * the one after it. */
void rendition_files_version(RenditionFiles *files, const M3u8 *list, int64_t asked_us);

/* Tries a file that has left the list, and must be there until `until_us`. */
void rendition_files_try(RenditionFiles *files, const char *uri, int64_t until_us);

FilesStats rendition_files_stats(const RenditionFiles *files);

/* What an answer is to the rules; it is borrowed. */
Exchange exchange_of(const char *url, const char *name, int64_t target_us,
                     const HttpAnswer *answer);

/* Whether it is not a file of this machine. */
bool is_http(const char *url);

#endif
