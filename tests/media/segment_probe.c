/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_probe.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IO_BUFFER_BYTES 32768
#define TICKS_PER_S     90000
#define AAC_FRAME_90K   1920

enum { VIDEO, AUDIO, TRACKS };

typedef struct Decoders {
    AVCodecContext *track[TRACKS];
} Decoders;

struct SegmentProbe {
    ProbeSink sink;
    Decoders running; /* in sequence */
    AVFrame *frame;
    AVPacket *packet;
};

/* The bytes that are read, as avio sees them. */
typedef struct Memory {
    const uint8_t *data;
    size_t len, at;
} Memory;

/* What libav logs as an error while a segment is decoded: it has no other count of them. */
static struct {
    bool counting;
    size_t errors;
    char first[128];
} libav_log;

static void on_log(void *context, int level, const char *format, va_list args)
{
    (void)context;
    if (level > AV_LOG_ERROR || !libav_log.counting)
        return;
    if (libav_log.errors++ == 0) {
        vsnprintf(libav_log.first, sizeof(libav_log.first), format, args);
        libav_log.first[strcspn(libav_log.first, "\n")] = '\0';
    }
}

SegmentProbe *segment_probe_create(const ProbeSink *sink)
{
    SegmentProbe *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->sink = *sink;
    p->frame = av_frame_alloc();
    p->packet = av_packet_alloc();
    av_log_set_callback(on_log);
    if (!p->frame || !p->packet)
        segment_probe_destroy(&p);
    return p;
}

static void close_decoders(Decoders *d)
{
    for (int t = 0; t < TRACKS; t++)
        avcodec_free_context(&d->track[t]);
}

void segment_probe_destroy(SegmentProbe **probe)
{
    if (!*probe)
        return;
    close_decoders(&(*probe)->running);
    av_frame_free(&(*probe)->frame);
    av_packet_free(&(*probe)->packet);
    free(*probe);
    *probe = NULL;
}

static AVCodecContext *decoder(Decoders *d, int track, const AVStream *stream)
{
    if (d->track[track])
        return d->track[track];
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!c)
        return NULL;
    c->thread_count = 1;
    c->pkt_timebase = stream->time_base;
    c->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
    if (avcodec_parameters_to_context(c, stream->codecpar) < 0 || avcodec_open2(c, codec, NULL) < 0)
        avcodec_free_context(&c);
    d->track[track] = c;
    return c;
}

/* Decodes one packet, NULL: drains. `sink` NULL: nobody looks at what comes out. */
static void decode(SegmentProbe *p, AVCodecContext *c, int track, const AVPacket *packet,
                   const ProbeSink *sink)
{
    if (!c)
        return;
    if (avcodec_send_packet(c, packet) < 0 && packet)
        libav_log.errors++;
    while (avcodec_receive_frame(c, p->frame) == 0) {
        if (p->frame->decode_error_flags || p->frame->flags & AV_FRAME_FLAG_CORRUPT)
            libav_log.errors++;
        if (sink && p->frame->pts != AV_NOPTS_VALUE)
            (track == VIDEO ? sink->picture : sink->sound)(sink->user, p->frame, p->frame->pts);
        av_frame_unref(p->frame);
    }
}

/* ---- what a packet shows without decoding ---- */

/* Walks the NAL units of a first picture, Annex B. */
static void note_first_picture(SegmentFacts *facts, const AVPacket *packet)
{
    bool sps = false, pps = false;

    for (int i = 0; i + 3 < packet->size; i++) {
        const uint8_t *p = packet->data + i;
        if (p[0] != 0 || p[1] != 0 || p[2] != 1)
            continue;
        int type = p[3] & 0x1F;
        sps = sps || type == 7;
        pps = pps || type == 8;
        if (type == 1 || type == 5) {
            facts->starts_with_idr = type == 5;
            facts->has_parameter_sets = sps && pps;
            return;
        }
        i += 3;
    }
}

static void note_packet(SegmentFacts *facts, int track, AVPacket *packet)
{
    ProbeTrack *t = track == VIDEO ? &facts->video : &facts->audio;

    /* A PES packet has one time, that of its first frame; for short files libavformat leaves it to
     * us to count on from there. */
    if (packet->pts == AV_NOPTS_VALUE)
        packet->pts = packet->dts = t->end_pts;
    int64_t hole = packet->pts - t->end_pts;

    if (t->packets == 0) {
        t->first_pts = packet->pts;
        t->first_dts = packet->dts;
        if (track == VIDEO)
            note_first_picture(facts, packet);
    } else {
        t->backward += packet->dts <= t->last_dts;
        if (track == AUDIO && hole != 0) {
            int64_t samples = hole * 8 / 15;
            t->holes++;
            if (llabs(samples) > llabs(t->hole_samples))
                t->hole_samples = samples;
        }
    }
    t->packets++;
    t->last_dts = packet->dts;
    if (track == AUDIO)
        t->end_pts = packet->pts + AAC_FRAME_90K;
    else if (packet->pts >= t->end_pts)
        t->end_pts = packet->pts + (packet->duration > 0 ? packet->duration : TICKS_PER_S / 30);
}

/* ---- reading ---- */

static int read_memory(void *opaque, uint8_t *buf, int size)
{
    Memory *m = opaque;
    size_t n = m->len - m->at < (size_t)size ? m->len - m->at : (size_t)size;

    if (n == 0)
        return AVERROR_EOF;
    memcpy(buf, m->data + m->at, n);
    m->at += n;
    return (int)n;
}

static AVFormatContext *open_memory(Memory *memory)
{
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    AVFormatContext *format = avformat_alloc_context();
    AVIOContext *io =
        buffer ? avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, memory, read_memory, NULL, NULL)
               : NULL;

    if (!format || !io) {
        avformat_free_context(format);
        return NULL;
    }
    format->pb = io;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    if (avformat_open_input(&format, NULL, av_find_input_format("mpegts"), NULL) < 0 ||
        avformat_find_stream_info(format, NULL) < 0)
        avformat_close_input(&format);
    if (!format) {
        av_freep(&io->buffer);
        avio_context_free(&io);
    }
    return format;
}

static void close_memory(AVFormatContext *format)
{
    AVIOContext *io = format->pb;

    avformat_close_input(&format);
    av_freep(&io->buffer);
    avio_context_free(&io);
}

static int track_of(const AVStream *stream)
{
    if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
        return VIDEO;
    return stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO ? AUDIO : -1;
}

/* One pass over the segment. Returns the errors, or -1. */
static ssize_t pass(SegmentProbe *p, const uint8_t *data, size_t len, Decoders *decoders,
                    const ProbeSink *sink, SegmentFacts *facts)
{
    Memory memory = {data, len, 0};

    libav_log.counting = false; /* finding out what there is guesses, and says so */
    AVFormatContext *format = open_memory(&memory);
    if (!format)
        return -1;
    libav_log.counting = true;
    libav_log.errors = 0;
    while (av_read_frame(format, p->packet) >= 0) {
        const AVStream *stream = format->streams[p->packet->stream_index];
        int track = track_of(stream);
        if (track >= 0) {
            note_packet(facts, track, p->packet);
            if (track == VIDEO) {
                facts->video.width = stream->codecpar->width;
                facts->video.height = stream->codecpar->height;
            }
            decode(p, decoder(decoders, track, stream), track, p->packet, sink);
        }
        av_packet_unref(p->packet);
    }
    libav_log.counting = false;
    close_memory(format);
    return (ssize_t)libav_log.errors;
}

int segment_probe_read(SegmentProbe *p, const uint8_t *data, size_t len, bool restart,
                       SegmentFacts *out)
{
    Decoders alone = {0};
    SegmentFacts again = {0};

    *out = (SegmentFacts){0};
    libav_log.first[0] = '\0';
    ssize_t errors = pass(p, data, len, &alone, NULL, out);
    for (int t = 0; t < TRACKS; t++)
        decode(p, alone.track[t], t, NULL, NULL);
    close_decoders(&alone);
    if (errors < 0)
        return -1;
    out->errors_alone = (size_t)errors;
    if (restart)
        segment_probe_drain(p);
    errors = pass(p, data, len, &p->running, &p->sink, &again);
    out->errors_in_sequence = errors > 0 ? (size_t)errors : 0;
    memcpy(out->first_error, libav_log.first, sizeof(out->first_error));
    return 0;
}

void segment_probe_drain(SegmentProbe *p)
{
    for (int t = 0; t < TRACKS; t++)
        decode(p, p->running.track[t], t, NULL, &p->sink);
    close_decoders(&p->running);
}
