/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_NAMES_H
#define LL_NAMES_H

/* The names of low-latency files, as a viewer asks for them. LIST is the name of a rendition's
 * playlist: "audio", "video" (the best), or "video-NAME".
 *
 *   LIST.m3u8                  its playlist
 *   LIST-EPOCH-MSN.PART.m4s    a part
 *
 * A NAME may look like a number, so a part's name is parsed from its end.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "base/rendition.h"

#define LL_LIST_NAME_SIZE (sizeof("video-") - 1 + RENDITION_NAME_SIZE) /* bytes, with the 0 */
#define LL_FILE_NAME_SIZE 80 /* bytes of a file name in a stream's folder, with the 0 */

typedef struct LlPartName {
    char list[LL_LIST_NAME_SIZE];
    int64_t epoch, msn, part; /* 0 to 10^15 - 1 */
} LlPartName;

/* Parses the name of a playlist. Returns false if it is none. */
bool ll_names_list(const char *file, char list[LL_LIST_NAME_SIZE]);

/* Parses the name of a part. Returns false if it is none. */
bool ll_names_part(const char *file, LlPartName *out);

#endif
