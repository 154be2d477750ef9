/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEMORY_MUXER_H
#define MEMORY_MUXER_H

/* A muxer of libavformat that writes into memory, and our two kinds of track.
 *
 * Thread-safety: one thread. */

#include <libavformat/avformat.h>

#include "base/byte_buffer.h"
#include "base/media.h"

/* Opens a muxer by libavformat's name of it. It writes to the buffer at which `*sink` points when
 * it writes; `sink` must outlive it. Returns NULL if there is no memory, or no such muxer. */
AVFormatContext *memory_muxer_open(const char *name, ByteBuffer **sink);

/* Accepts NULL, leaves NULL. */
void memory_muxer_close(AVFormatContext **format);

/* Add a track whose times are in 1/per_second s; `config` is copied, and may be empty: parameter
 * sets, an OBU, AudioSpecificConfig, or an identification header (RFC 7845, 5.1). `video` may be
 * {0}: H.264 of a size that is not known. Return NULL if there is no memory. */
AVStream *memory_muxer_add_video(AVFormatContext *format, const VideoFormat *video, int per_second,
                                 const uint8_t *config, size_t len);
AVStream *memory_muxer_add_aac(AVFormatContext *format, int per_second, const uint8_t *config,
                               size_t len);
AVStream *memory_muxer_add_opus(AVFormatContext *format, const uint8_t *config, size_t len);

#endif
