/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory_format.h"

#include <string.h>

#define IO_BUFFER_BYTES 32768

static int read_memory(void *opaque, uint8_t *buf, int size)
{
    MemoryBytes *m = opaque;
    size_t n = m->len - m->at < (size_t)size ? m->len - m->at : (size_t)size;

    if (n == 0)
        return AVERROR_EOF;
    memcpy(buf, m->data + m->at, n);
    m->at += n;
    return (int)n;
}

static const char *format_of(const MemoryBytes *m)
{
    return m->len > 8 && memcmp(m->data + 4, "ftyp", 4) == 0 ? "mov" : "mpegts";
}

/* What MP4 says at its beginning is all there is to know of its tracks; of a transport stream
 * libavformat finds it out, by decoders of its own. */
static int know_tracks(AVFormatContext *format)
{
    return strstr(format->iformat->name, "mov") ? 0 : avformat_find_stream_info(format, NULL);
}

AVFormatContext *memory_format_open(MemoryBytes *memory)
{
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    AVFormatContext *format = avformat_alloc_context();
    AVIOContext *io =
        buffer ? avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, memory, read_memory, NULL, NULL)
               : NULL;

    if (!format || !io) {
        avformat_free_context(format);
        avio_context_free(&io);
        av_free(buffer);
        return NULL;
    }
    format->pb = io;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    if (avformat_open_input(&format, NULL, av_find_input_format(format_of(memory)), NULL) < 0 ||
        know_tracks(format) < 0)
        avformat_close_input(&format);
    if (!format) {
        av_freep(&io->buffer);
        avio_context_free(&io);
    }
    return format;
}

void memory_format_close(AVFormatContext *format)
{
    AVIOContext *io = format->pb;

    avformat_close_input(&format);
    av_freep(&io->buffer);
    avio_context_free(&io);
}
