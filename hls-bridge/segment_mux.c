/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_mux.h"

#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <stdlib.h>
#include <string.h>

#define IO_BUFFER_BYTES 16384
#define PCR_LEAD_US                                                                                \
    200000                 /* PCR runs this much before decoding; half of it may be one audio PES  \
                            */
#define PCR_PERIOD_MS "60" /* at the most 100, ISO 13818-1 section 2.7.2 */
#define PAT_PERIOD_S  "1"  /* beside the ones at each segment's beginning */

/* Samples of one track, in decoding order, from `first` to `count`. */
typedef struct Queue {
    AVPacket **packet;
    size_t first, count, capacity;
} Queue;

enum { VIDEO, AUDIO, TRACKS };

struct SegmentMux {
    AVFormatContext *format;
    int stream_index[TRACKS]; /* -1: there is no such track */
    Queue queue[TRACKS];
    size_t pending;
    uint8_t *out; /* the segment that is being written */
    size_t out_len, out_capacity;
    bool out_failed;
};

/* avio's callback: appends to the segment in memory. */
static int append(void *opaque, uint8_t *data, int len)
{
    SegmentMux *mux = opaque;
    size_t needed = mux->out_len + (size_t)len;

    if (needed > mux->out_capacity) {
        size_t capacity = needed + needed / 2;
        uint8_t *grown = realloc(mux->out, capacity);
        if (!grown) {
            mux->out_failed = true;
            return AVERROR(ENOMEM);
        }
        mux->out = grown;
        mux->out_capacity = capacity;
    }
    memcpy(mux->out + mux->out_len, data, (size_t)len);
    mux->out_len = needed;
    return len;
}

static int add_stream(SegmentMux *mux, int track, enum AVMediaType type, enum AVCodecID codec)
{
    AVStream *stream = avformat_new_stream(mux->format, NULL);

    if (!stream)
        return -1;
    stream->codecpar->codec_type = type;
    stream->codecpar->codec_id = codec;
    stream->time_base = (AVRational){1, TICKS_PER_S};
    mux->stream_index[track] = stream->index;
    return 0;
}

static int add_audio(SegmentMux *mux, const SegmentMuxParams *params)
{
    if (add_stream(mux, AUDIO, AVMEDIA_TYPE_AUDIO, AV_CODEC_ID_AAC) < 0)
        return -1;
    AVCodecParameters *codec = mux->format->streams[mux->stream_index[AUDIO]]->codecpar;
    codec->sample_rate = SAMPLES_PER_S;
    codec->frame_size = AAC_FRAME_SAMPLES;
    av_channel_layout_default(&codec->ch_layout, 2);
    codec->extradata = av_mallocz(params->aac_config_len + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!codec->extradata)
        return -1;
    memcpy(codec->extradata, params->aac_config, params->aac_config_len);
    codec->extradata_size = (int)params->aac_config_len;
    return 0;
}

static int open_format(SegmentMux *mux)
{
    uint8_t *buffer;

    if (avformat_alloc_output_context2(&mux->format, NULL, "mpegts", NULL) < 0)
        return -1;
    buffer = av_malloc(IO_BUFFER_BYTES);
    mux->format->pb =
        buffer ? avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, mux, NULL, append, NULL) : NULL;
    if (!mux->format->pb) {
        av_free(buffer);
        return -1;
    }
    mux->format->max_delay = PCR_LEAD_US;
    mux->format->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    /* our timestamps are the ones that are written */
    av_opt_set(mux->format->priv_data, "mpegts_copyts", "1", 0);
    av_opt_set(mux->format->priv_data, "pcr_period", PCR_PERIOD_MS, 0);
    av_opt_set(mux->format->priv_data, "pat_period", PAT_PERIOD_S, 0);
    return 0;
}

SegmentMux *segment_mux_create(const SegmentMuxParams *params, const char **error)
{
    SegmentMux *mux = calloc(1, sizeof(*mux));

    *error = "there is no memory for a muxer";
    if (!mux)
        return NULL;
    mux->stream_index[VIDEO] = mux->stream_index[AUDIO] = -1;
    if (open_format(mux) < 0)
        goto fail;
    if (params->video && add_stream(mux, VIDEO, AVMEDIA_TYPE_VIDEO, AV_CODEC_ID_H264) < 0)
        goto fail;
    if (params->audio && add_audio(mux, params) < 0)
        goto fail;
    *error = "libavformat cannot write MPEG-TS";
    if (avformat_write_header(mux->format, NULL) < 0)
        goto fail;
    return mux;
fail:
    segment_mux_destroy(&mux);
    return NULL;
}

void segment_mux_destroy(SegmentMux **mux)
{
    SegmentMux *m = *mux;

    if (!m)
        return;
    for (int t = 0; t < TRACKS; t++) {
        for (size_t i = m->queue[t].first; i < m->queue[t].count; i++)
            av_packet_free(&m->queue[t].packet[i]);
        free(m->queue[t].packet);
    }
    if (m->format && m->format->pb) {
        av_freep(&m->format->pb->buffer);
        avio_context_free(&m->format->pb);
    }
    avformat_free_context(m->format);
    free(m->out);
    free(m);
    *mux = NULL;
}

/* Makes room for one more; the ones that are done with are squeezed out first. */
static int reserve(Queue *q)
{
    if (q->count < q->capacity)
        return 0;
    if (q->first > 0) {
        memmove(q->packet, q->packet + q->first, (q->count - q->first) * sizeof(AVPacket *));
        q->count -= q->first;
        q->first = 0;
        return 0;
    }
    size_t capacity = q->capacity ? q->capacity * 2 : 64;
    AVPacket **grown = realloc(q->packet, capacity * sizeof(AVPacket *));
    if (!grown)
        return -1;
    q->packet = grown;
    q->capacity = capacity;
    return 0;
}

static int collect(SegmentMux *mux, int track, const uint8_t *data, size_t len, int64_t pts,
                   int64_t dts, bool key)
{
    Queue *q = &mux->queue[track];
    AVPacket *packet = av_packet_alloc();

    if (!packet || av_new_packet(packet, (int)len) < 0 || reserve(q) < 0) {
        av_packet_free(&packet);
        return -1;
    }
    memcpy(packet->data, data, len);
    packet->stream_index = mux->stream_index[track];
    packet->pts = pts;
    packet->dts = dts;
    packet->flags = key ? AV_PKT_FLAG_KEY : 0;
    q->packet[q->count++] = packet;
    mux->pending += len;
    return 0;
}

int segment_mux_video(SegmentMux *mux, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    return collect(mux, VIDEO, unit->data, unit->len, pts_90k, dts_90k, unit->idr);
}

int segment_mux_audio(SegmentMux *mux, const AacFrame *frame)
{
    int64_t pts = samples_to_90k(frame->pts_samples);

    return collect(mux, AUDIO, frame->data, frame->len, pts, pts, true);
}

size_t segment_mux_pending(const SegmentMux *mux)
{
    return mux->pending;
}

/* The first sample of a track that lies before the cut, or NULL. */
static AVPacket *head(const SegmentMux *mux, int track, int64_t cut)
{
    const Queue *q = &mux->queue[track];

    if (q->first == q->count)
        return NULL;
    AVPacket *packet = q->packet[q->first];
    int64_t at = packet->flags & AV_PKT_FLAG_KEY ? packet->pts : packet->dts;
    return at < cut ? packet : NULL;
}

/* The track whose sample comes next, or -1. */
static int next_track(const SegmentMux *mux, int64_t cut)
{
    const AVPacket *video = head(mux, VIDEO, cut), *audio = head(mux, AUDIO, cut);

    if (!video || !audio)
        return video ? VIDEO : audio ? AUDIO : -1;
    return video->dts <= audio->dts ? VIDEO : AUDIO;
}

int segment_mux_cut(SegmentMux *mux, int64_t cut_90k, Segment *out)
{
    int status = 0, track;

    *out = (Segment){0};
    mux->out_len = 0;
    mux->out_failed = false;
    if (next_track(mux, cut_90k) < 0)
        return 1;
    av_opt_set(mux->format->priv_data, "mpegts_flags", "+resend_headers", 0);
    while ((track = next_track(mux, cut_90k)) >= 0) {
        Queue *q = &mux->queue[track];
        AVPacket *packet = q->packet[q->first++];
        if (track == VIDEO && out->pictures++ == 0)
            out->starts_with_idr = packet->flags & AV_PKT_FLAG_KEY;
        out->aac_frames += track == AUDIO;
        mux->pending -= (size_t)packet->size;
        if (status >= 0)
            status = av_write_frame(mux->format, packet);
        av_packet_free(&packet);
    }
    if (status >= 0)
        status = av_write_frame(mux->format, NULL); /* the audio that waits for a full PES */
    avio_flush(mux->format->pb);
    if (status < 0 || mux->out_failed)
        return -1;
    out->data = mux->out;
    out->len = mux->out_len;
    return 0;
}
