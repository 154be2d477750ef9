/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEMORY_FORMAT_H
#define MEMORY_FORMAT_H

/* A transport stream or fragmented MP4 that is in memory, for libavformat to demux. */

#include <libavformat/avformat.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes that are read, as avio sees them. They are the caller's. */
typedef struct MemoryBytes {
    const uint8_t *data;
    size_t len, at; /* at: how far they are read */
} MemoryBytes;

/* `memory` stays where it is until memory_format_close(). NULL: there are no streams in it. */
AVFormatContext *memory_format_open(MemoryBytes *memory);
void memory_format_close(AVFormatContext *format);

#endif
