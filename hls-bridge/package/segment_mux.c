/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/segment_mux.h"

#include <libavutil/opt.h>
#include <stdlib.h>

#include "codec/h264_filler.h"
#include "codec/h264_parameter_sets.h"
#include "package/memory_muxer.h"
#include "package/sample_queue.h"

/* PCR runs this much before decoding, us; half of it may be one audio PES. */
#define PCR_LEAD_US   200000
#define PCR_PERIOD_MS "60" /* at the most 100, ISO 13818-1 section 2.7.2 */
#define PAT_PERIOD_S  "1"  /* beside the ones at each segment's beginning */

enum { VIDEO, AUDIO, TRACKS };

/* What a picture needs that repeats the newest one in a segment. */
typedef struct Repeat {
    ParameterSets sets;
    H264Filler filler; /* of these */
} Repeat;

struct SegmentMux {
    AVFormatContext *format;
    int stream_index[TRACKS]; /* -1: there is no such track */
    SampleQueue queue[TRACKS];
    AVPacket *packet; /* that lends libavformat a sample */
    size_t pending;
    Repeat *repeat; /* owned; NULL: none is made */
    bool formats;
    VideoFormat shown; /* of the newest IDR picture that is in a segment */
    bool reorders;     /* some pictures since the last IDR picture that was written are shown later
                          than they are decoded */
    int64_t last_90k;  /* decoding time of the newest picture as it came, or was repeated */
    ByteBuffer out;    /* the segment that is being written */
    ByteBuffer *sink;
};

static int add_tracks(SegmentMux *mux, const SegmentMuxParams *params)
{
    AVStream *stream;

    if (params->video) {
        stream = memory_muxer_add_video(mux->format, &(VideoFormat){0}, TICKS_PER_S, NULL, 0);
        if (!stream)
            return -1;
        mux->stream_index[VIDEO] = stream->index;
    }
    if (params->audio) {
        stream = memory_muxer_add_aac(mux->format, TICKS_PER_S, params->aac_config,
                                      params->aac_config_len);
        if (!stream)
            return -1;
        mux->stream_index[AUDIO] = stream->index;
    }
    return 0;
}

static int open_format(SegmentMux *mux)
{
    mux->format = memory_muxer_open("mpegts", &mux->sink);
    if (!mux->format)
        return -1;
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
    mux->sink = &mux->out;
    mux->last_90k = INT64_MIN;
    mux->formats = params->formats;
    mux->packet = av_packet_alloc();
    if (params->repeats)
        mux->repeat = calloc(1, sizeof(*mux->repeat));
    if (!mux->packet || (params->repeats && !mux->repeat))
        goto fail;
    if (open_format(mux) < 0 || add_tracks(mux, params) < 0)
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
    for (int t = 0; t < TRACKS; t++)
        sample_queue_free(&m->queue[t]);
    av_packet_free(&m->packet);
    free(m->repeat);
    memory_muxer_close(&m->format);
    byte_buffer_free(&m->out);
    free(m);
    *mux = NULL;
}

/* Takes over `bytes`. */
static int collect(SegmentMux *mux, int track, SampleBytes *bytes, int64_t pts, int64_t dts,
                   bool key)
{
    size_t len = bytes ? bytes->len : 0;

    byte_buffer_free(&mux->out); /* of the last segment; the next one is seconds away */
    if (sample_queue_add(&mux->queue[track], bytes, pts, dts, key) < 0)
        return -1;
    mux->pending += len;
    return 0;
}

int segment_mux_video(SegmentMux *mux, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    int64_t newest_90k = segment_mux_newest(mux);

    if (newest_90k < mux->last_90k)
        newest_90k = mux->last_90k;
    if (dts_90k <= newest_90k) /* that one was moved to a cut, or repeats another */
        dts_90k = newest_90k + 1;
    if (pts_90k < dts_90k)
        pts_90k = dts_90k;
    mux->last_90k = dts_90k;
    return collect(mux, VIDEO, sample_bytes_of_unit(unit), pts_90k, dts_90k, unit->idr);
}

int segment_mux_audio(SegmentMux *mux, const AacFrame *frame)
{
    int64_t pts = samples_to_90k(frame->pts_samples);

    return collect(mux, AUDIO, sample_bytes_of_frame(frame), pts, pts, true);
}

size_t segment_mux_pending(const SegmentMux *mux)
{
    return mux->pending;
}

int64_t segment_mux_newest(const SegmentMux *mux)
{
    const SampleQueue *q = &mux->queue[VIDEO];

    return q->first < q->count ? q->sample[q->count - 1].dts : INT64_MIN;
}

/* Returns which picture stands at the cut then; the count: none does. */
static size_t align(SampleQueue *q, int64_t cut_90k, int64_t apart_90k)
{
    for (size_t i = q->first; i < q->count; i++) {
        QueuedSample *s = &q->sample[i];
        if (!s->key || s->pts < cut_90k || s->pts > cut_90k + apart_90k)
            continue;
        if ((i > q->first && s[-1].dts >= cut_90k) || (i + 1 < q->count && s[1].dts <= cut_90k))
            continue;
        s->pts = s->dts = cut_90k;
        return i;
    }
    return q->count;
}

void segment_mux_begin(SegmentMux *mux, int64_t start_90k, int64_t apart_90k)
{
    SampleQueue *q = &mux->queue[VIDEO];
    size_t first = align(q, start_90k, apart_90k);

    for (size_t i = q->first; first < q->count && i < first; i++)
        mux->pending -= q->sample[i].bytes->len;
    if (first < q->count)
        sample_queue_drop(q, first - q->first);
}

int segment_mux_repeat(SegmentMux *mux, int64_t at_90k)
{
    uint8_t bytes[H264_FILLER_SIZE];
    NalUnit nal[H264_FILLER_NALS];
    size_t len = h264_filler_write(&mux->repeat->filler, bytes, nal);

    if (len == 0)
        return 1;
    if (sample_queue_add_first(&mux->queue[VIDEO],
                               sample_bytes_create(bytes, len, nal, H264_FILLER_NALS), at_90k,
                               at_90k, false) < 0)
        return -1;
    mux->pending += len;
    mux->last_90k = at_90k > mux->last_90k ? at_90k : mux->last_90k;
    return 0;
}

/* A sample that waits, if it lies before the cut; else NULL. */
static const QueuedSample *before_cut(const SampleQueue *q, size_t i, int64_t cut)
{
    if (i == q->count)
        return NULL;
    const QueuedSample *sample = &q->sample[i];
    return (sample->key ? sample->pts : sample->dts) < cut ? sample : NULL;
}

/* The first sample of a track that lies before the cut, or NULL. */
static const QueuedSample *head(const SegmentMux *mux, int track, int64_t cut)
{
    return before_cut(&mux->queue[track], mux->queue[track].first, cut);
}

/* Pictures of before the start, which the predecessor lacks, go on from there. */
static void put_late(SegmentMux *mux, int64_t start_90k)
{
    SampleQueue *q = &mux->queue[VIDEO];
    int64_t least = start_90k;

    if (!head(mux, VIDEO, start_90k))
        return;
    for (size_t i = q->first; i < q->count && q->sample[i].dts < least; i++) {
        q->sample[i].dts = least++;
        if (q->sample[i].pts < q->sample[i].dts)
            q->sample[i].pts = q->sample[i].dts;
    }
    mux->last_90k = larger(mux->last_90k, least - 1);
}

void segment_mux_lead_in(SegmentMux *mux, int64_t start_90k, int64_t cut_90k)
{
    put_late(mux, start_90k);
    const QueuedSample *first = head(mux, VIDEO, cut_90k);
    /* with B-frames, the newest may be shown much later than here */
    bool repeats =
        mux->repeat && !mux->reorders && first && !first->key && first->pts == first->dts;
    if (repeats && first->dts > start_90k)
        segment_mux_repeat(mux, start_90k); /* or it begins later, if none can be made */
}

/* A picture is in the segment: notes what one needs that repeats it, if it is the last, and what is
 * asked for of its format. */
static void follow(SegmentMux *mux, const QueuedSample *picture, bool last)
{
    const AccessUnit unit = sample_bytes_unit(picture->bytes, CODEC_H264, picture->key);
    Repeat *repeat = mux->repeat;
    H264Sps sps;

    if (mux->formats && picture->key && h264_picture_sps(&unit, &sps))
        h264_format(&sps, &mux->shown);
    if (repeat && picture->key && parameter_sets_differ(&repeat->sets, &unit))
        parameter_sets_read(&repeat->sets, &unit);
    if (repeat && last)
        h264_filler_follow(&repeat->filler, &repeat->sets, &unit);
}

/* The track whose sample comes next, or -1. */
static int next_track(const SegmentMux *mux, int64_t cut)
{
    const QueuedSample *video = head(mux, VIDEO, cut), *audio = head(mux, AUDIO, cut);

    if (!video || !audio)
        return video ? VIDEO : audio ? AUDIO : -1;
    return video->dts <= audio->dts ? VIDEO : AUDIO;
}

bool segment_mux_drop_sound(SegmentMux *mux, int64_t cut_90k)
{
    SampleQueue *q = &mux->queue[AUDIO];

    if (head(mux, VIDEO, cut_90k))
        return false;
    while (head(mux, AUDIO, cut_90k)) {
        mux->pending -= q->sample[q->first].bytes->len;
        sample_queue_drop(q, 1);
    }
    return true;
}

/* Has libavformat write a sample. It only reads the bytes, which nothing copies for it. */
static int write_sample(SegmentMux *mux, int track, const QueuedSample *sample)
{
    AVPacket *packet = mux->packet;

    packet->data = (uint8_t *)sample_bytes_data(sample->bytes);
    packet->size = (int)sample->bytes->len;
    packet->stream_index = mux->stream_index[track];
    packet->pts = sample->pts;
    packet->dts = sample->dts;
    packet->flags = sample->key ? AV_PKT_FLAG_KEY : 0;
    return av_write_frame(mux->format, packet);
}

int segment_mux_cut(SegmentMux *mux, int64_t cut_90k, Segment *out)
{
    int status = 0, track;

    *out = (Segment){0};
    byte_buffer_clear(&mux->out);
    if (next_track(mux, cut_90k) < 0)
        return 1;
    av_opt_set(mux->format->priv_data, "mpegts_flags", "+resend_headers", 0);
    while ((track = next_track(mux, cut_90k)) >= 0) {
        SampleQueue *q = &mux->queue[track];
        const QueuedSample *sample = &q->sample[q->first];
        if (track == VIDEO && out->pictures++ == 0)
            out->starts_with_idr = sample->key;
        out->aac_frames += track == AUDIO;
        if (track == VIDEO)
            mux->reorders = (mux->reorders && !sample->key) || sample->pts > sample->dts;
        mux->pending -= sample->bytes->len;
        if (status >= 0)
            status = write_sample(mux, track, sample);
        if (track == VIDEO && (mux->repeat || mux->formats))
            follow(mux, sample, !before_cut(q, q->first + 1, cut_90k));
        sample_queue_drop(q, 1);
    }
    if (status >= 0)
        status = av_write_frame(mux->format, NULL); /* the audio that waits for a full PES */
    avio_flush(mux->format->pb);
    if (status < 0 || mux->out.failed)
        return -1;
    out->data = mux->out.data;
    out->len = mux->out.len;
    out->format = mux->shown;
    return 0;
}
