/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FUZZ_MEMORY_PARTS_H
#define FUZZ_MEMORY_PARTS_H

/* What stands for three parts of the bridge where its whole path is fuzzed: a store that
 * writes nothing and counts; an aac_encoder whose frames are all of the same silence, as encoding
 * is most of the time and has a fuzz target of its own; and a log that says nothing. The linker
 * takes these for those of the library. */

#include <stdint.h>

typedef struct MemoryFiles {
    uint64_t files, bytes; /* of media */
    uint64_t lists;        /* writes of playlists and manifests */
    uint64_t repeated;     /* files of media that were there already */
} MemoryFiles;

extern MemoryFiles memory_files;

/* There is no file, and none was written. */
void memory_files_reset(void);

/* A playlist as it was last put; NULL: it was not. Of those in CMAF alone, `video….m3u8`. */
const char *memory_files_list(const char *name);

#endif
