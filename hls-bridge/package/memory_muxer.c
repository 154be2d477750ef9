/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/memory_muxer.h"

#include <string.h>

#include "base/media.h"

#define IO_BUFFER_BYTES 16384

/* libavformat 61 (FFmpeg 7) lends what is written as const. */
#if LIBAVFORMAT_VERSION_MAJOR < 61
typedef uint8_t LentByte;
#else
typedef const uint8_t LentByte;
#endif

/* avio's callback. */
static int append(void *opaque, LentByte *data, int len)
{
    ByteBuffer **sink = opaque;

    return byte_buffer_add(*sink, data, (size_t)len) < 0 ? AVERROR(ENOMEM) : len;
}

AVFormatContext *memory_muxer_open(const char *name, ByteBuffer **sink)
{
    AVFormatContext *format = NULL;

    if (avformat_alloc_output_context2(&format, NULL, name, NULL) < 0)
        return NULL;
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    format->pb =
        buffer ? avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, sink, NULL, append, NULL) : NULL;
    if (!format->pb) {
        av_free(buffer);
        memory_muxer_close(&format);
    }
    return format;
}

void memory_muxer_close(AVFormatContext **format)
{
    if (*format && (*format)->pb) {
        av_freep(&(*format)->pb->buffer);
        avio_context_free(&(*format)->pb);
    }
    avformat_free_context(*format);
    *format = NULL;
}

static AVStream *add_track(AVFormatContext *format, int per_second, const uint8_t *config,
                           size_t len)
{
    AVStream *stream = avformat_new_stream(format, NULL);

    if (!stream)
        return NULL;
    stream->time_base = (AVRational){1, per_second};
    if (len == 0)
        return stream;
    AVCodecParameters *codec = stream->codecpar;
    codec->extradata = av_mallocz(len + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!codec->extradata)
        return NULL;
    memcpy(codec->extradata, config, len);
    codec->extradata_size = (int)len;
    return stream;
}

AVStream *memory_muxer_add_h264(AVFormatContext *format, int per_second, const uint8_t *config,
                                size_t len)
{
    AVStream *stream = add_track(format, per_second, config, len);

    if (stream) {
        stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
        stream->codecpar->codec_id = AV_CODEC_ID_H264;
    }
    return stream;
}

AVStream *memory_muxer_add_aac(AVFormatContext *format, int per_second, const uint8_t *config,
                               size_t len)
{
    AVStream *stream = add_track(format, per_second, config, len);

    if (stream) {
        stream->codecpar->codec_type = AVMEDIA_TYPE_AUDIO;
        stream->codecpar->codec_id = AV_CODEC_ID_AAC;
        stream->codecpar->sample_rate = SAMPLES_PER_S;
        stream->codecpar->frame_size = AAC_FRAME_SAMPLES;
        av_channel_layout_default(&stream->codecpar->ch_layout, 2);
    }
    return stream;
}
