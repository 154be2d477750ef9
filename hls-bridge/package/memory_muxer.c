/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/memory_muxer.h"

#include <string.h>

#include "codec/vp9_header.h"

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

static enum AVPixelFormat pixels_of(const VideoFormat *video)
{
    bool deep = video->bit_depth > 8, deeper = video->bit_depth > 10;

    if (video->chroma_format == 3)
        return deeper ? AV_PIX_FMT_YUV444P12 : deep ? AV_PIX_FMT_YUV444P10 : AV_PIX_FMT_YUV444P;
    if (video->chroma_format == 2)
        return deeper ? AV_PIX_FMT_YUV422P12 : deep ? AV_PIX_FMT_YUV422P10 : AV_PIX_FMT_YUV422P;
    return deeper ? AV_PIX_FMT_YUV420P12 : deep ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
}

AVStream *memory_muxer_add_video(AVFormatContext *format, const VideoFormat *video, int per_second,
                                 const uint8_t *config, size_t len)
{
    static const enum AVCodecID ids[CODECS_MAX] = {
        [CODEC_H264] = AV_CODEC_ID_H264, [CODEC_VP8] = AV_CODEC_ID_VP8,
        [CODEC_VP9] = AV_CODEC_ID_VP9,   [CODEC_AV1] = AV_CODEC_ID_AV1,
        [CODEC_H265] = AV_CODEC_ID_HEVC,
    };
    AVStream *stream = add_track(format, per_second, config, len);

    if (!stream)
        return NULL;
    AVCodecParameters *codec = stream->codecpar;
    codec->codec_type = AVMEDIA_TYPE_VIDEO;
    codec->codec_id = ids[video->codec];
    codec->width = video->width;
    codec->height = video->height;
    if (video->codec == CODEC_H265)
        codec->codec_tag = MKTAG('h', 'v', 'c', '1'); /* parameter sets stand nowhere else */
    if (video->codec == CODEC_VP9) {                  /* its vpcC is made of these */
        codec->format = pixels_of(video);
        codec->profile = video->profile;
        codec->level = vp9_level(video->width, video->height);
    }
    return stream;
}

static AVStream *add_sound(AVFormatContext *format, enum AVCodecID codec, int per_second,
                           const uint8_t *config, size_t len)
{
    AVStream *stream = add_track(format, per_second, config, len);

    if (stream) {
        stream->codecpar->codec_type = AVMEDIA_TYPE_AUDIO;
        stream->codecpar->codec_id = codec;
        stream->codecpar->sample_rate = SAMPLES_PER_S;
        av_channel_layout_default(&stream->codecpar->ch_layout, 2);
    }
    return stream;
}

AVStream *memory_muxer_add_aac(AVFormatContext *format, int per_second, const uint8_t *config,
                               size_t len)
{
    AVStream *stream = add_sound(format, AV_CODEC_ID_AAC, per_second, config, len);

    if (stream)
        stream->codecpar->frame_size = AAC_FRAME_SAMPLES;
    return stream;
}

AVStream *memory_muxer_add_opus(AVFormatContext *format, const uint8_t *config, size_t len)
{
    return add_sound(format, AV_CODEC_ID_OPUS, SAMPLES_PER_S, config, len);
}
