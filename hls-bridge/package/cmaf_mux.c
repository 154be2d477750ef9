/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_mux.h"

#include <libavutil/opt.h>
#include <stdlib.h>

#include "codec/packet_queue.h"
#include "h264_sps.h"
#include "package/memory_muxer.h"

/* The initialisation segment at once, since the codec's configuration is known; fragments when
 * asked for; edit lists would shift what is on the stream's clock already. */
#define MOV_FLAGS "frag_custom+empty_moov+default_base_moof+skip_trailer"

struct CmafMux {
    AVFormatContext *format;
    TrackKind kind;
    PacketQueue queue;
    ByteBuffer init, out, scratch;
    ByteBuffer *sink; /* where libavformat writes */
};

/* ---- create and destroy ---- */

static int add_track(CmafMux *mux, const CmafMuxParams *params)
{
    if (params->kind == TRACK_AUDIO)
        return memory_muxer_add_aac(mux->format, SAMPLES_PER_S, params->config, params->config_len)
                   ? 0
                   : -1;
    AVStream *stream =
        memory_muxer_add_h264(mux->format, TICKS_PER_S, params->config, params->config_len);
    if (!stream)
        return -1;
    stream->codecpar->width = params->width;
    stream->codecpar->height = params->height;
    return 0;
}

static int open_format(CmafMux *mux)
{
    mux->format = memory_muxer_open("mp4", &mux->sink);
    if (!mux->format)
        return -1;
    mux->format->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED; /* it would begin at 0 */
    mux->format->flags |= AVFMT_FLAG_BITEXACT; /* no name of a program in every file */
    av_opt_set(mux->format->priv_data, "movflags", MOV_FLAGS, 0);
    av_opt_set(mux->format->priv_data, "use_editlist", "0", 0);
    av_opt_set(mux->format->priv_data, "brand", "cmfc", 0);
    return 0;
}

CmafMux *cmaf_mux_create(const CmafMuxParams *params, const char **error)
{
    CmafMux *mux = calloc(1, sizeof(*mux));

    *error = "there is no memory for a muxer";
    if (!mux)
        return NULL;
    mux->kind = params->kind;
    mux->sink = &mux->init;
    if (open_format(mux) < 0 || add_track(mux, params) < 0)
        goto fail;
    *error = "libavformat cannot write fragmented MP4";
    if (avformat_write_header(mux->format, NULL) < 0)
        goto fail;
    avio_flush(mux->format->pb);
    if (mux->init.len == 0 || mux->init.failed)
        goto fail;
    mux->sink = &mux->out;
    return mux;
fail:
    cmaf_mux_destroy(&mux);
    return NULL;
}

void cmaf_mux_destroy(CmafMux **mux)
{
    CmafMux *m = *mux;

    if (!m)
        return;
    packet_queue_free(&m->queue);
    memory_muxer_close(&m->format);
    byte_buffer_free(&m->init);
    byte_buffer_free(&m->out);
    byte_buffer_free(&m->scratch);
    free(m);
    *mux = NULL;
}

CmafBytes cmaf_mux_init(const CmafMux *mux)
{
    return (CmafBytes){mux->init.data, mux->init.len};
}

/* ---- samples ---- */

/* The NAL units of an access unit that belong into a sample, in `mux->scratch`: ISO 14496-15 keeps
 * parameter sets of an `avc1` track out of it. */
static void collect_sample(CmafMux *mux, const AccessUnit *unit)
{
    static const uint8_t start_code[] = {0, 0, 0, 1};

    byte_buffer_clear(&mux->scratch);
    for (size_t i = 0; i < unit->nals; i++) {
        const uint8_t *nal = unit->data + unit->nal[i].at;
        unsigned type = h264_nal_type(nal);
        if (type == H264_NAL_SPS || type == H264_NAL_PPS || type == H264_NAL_AUD)
            continue;
        byte_buffer_add(&mux->scratch, start_code, sizeof(start_code));
        byte_buffer_add(&mux->scratch, nal, unit->nal[i].len);
    }
}

static int add(CmafMux *mux, CmafBytes sample, int64_t pts, int64_t dts, bool key)
{
    AVPacket *packet = packet_queue_add(&mux->queue, sample.data, sample.len);

    if (!packet)
        return -1;
    packet->pts = pts;
    packet->dts = dts;
    packet->flags = key ? AV_PKT_FLAG_KEY : 0;
    return 0;
}

int cmaf_mux_picture(CmafMux *mux, const AccessUnit *unit, int64_t pts, int64_t dts)
{
    collect_sample(mux, unit);
    if (mux->scratch.failed)
        return -1;
    return add(mux, (CmafBytes){mux->scratch.data, mux->scratch.len}, pts, dts, unit->idr);
}

int cmaf_mux_sound(CmafMux *mux, const AacFrame *frame)
{
    return add(mux, (CmafBytes){frame->data, frame->len}, frame->pts_samples, frame->pts_samples,
               true);
}

/* How many samples are decoded before `before`. */
static size_t count_before(const CmafMux *mux, int64_t before)
{
    const PacketQueue *q = &mux->queue;
    size_t n = 0;

    while (q->first + n < q->count && q->packet[q->first + n]->dts < before)
        n++;
    return n;
}

int64_t cmaf_mux_newest(const CmafMux *mux, int64_t before)
{
    size_t n = count_before(mux, before);

    return n > 0 ? mux->queue.packet[mux->queue.first + n - 1]->dts : INT64_MIN;
}

/* Gives the samples decoding times that join: the first at the start, each later than the one
 * before, the last one until the end. No sample is shown before it is decoded. */
static void settle_times(AVPacket **sample, size_t n, const PartCut *cut)
{
    bool reordered = sample[0]->pts != sample[0]->dts;

    for (size_t i = 0; i < n; i++) {
        int64_t least = i > 0 ? sample[i - 1]->dts + 1 : cut->start;
        if (i == 0 || sample[i]->dts < least)
            sample[i]->dts = least;
        if (sample[i]->pts < sample[i]->dts)
            sample[i]->pts = sample[i]->dts;
    }
    for (size_t i = 0; i < n; i++)
        sample[i]->duration = (i + 1 < n ? sample[i + 1]->dts : cut->end) - sample[i]->dts;
    /* The first is shown later than it is decoded: it could last into the next segment, and hls.js
     * would take that for the end of this one. */
    if (cut->last && !reordered)
        sample[0]->pts = smaller(sample[0]->pts, cut->end - sample[0]->duration);
}

int cmaf_mux_cut(CmafMux *mux, const PartCut *cut, CmafFragment *out)
{
    size_t n = count_before(mux, cut->until);
    AVPacket **sample = mux->queue.packet + mux->queue.first;
    int status = 0;

    *out = (CmafFragment){.samples = n};
    if (n == 0)
        return 1;
    byte_buffer_clear(&mux->out);
    settle_times(sample, n, cut);
    out->independent = sample[0]->flags & AV_PKT_FLAG_KEY;
    /* else the fragment would be put where the last one has ended */
    av_opt_set(mux->format->priv_data, "movflags", "+frag_discont", 0);
    for (size_t i = 0; i < n; i++) {
        if (status >= 0)
            status = av_write_frame(mux->format, sample[i]);
        av_packet_free(&sample[i]);
    }
    mux->queue.first += n;
    if (status >= 0)
        status = av_write_frame(mux->format, NULL); /* the fragment itself */
    avio_flush(mux->format->pb);
    if (status < 0 || mux->out.failed)
        return -1;
    out->bytes = (CmafBytes){mux->out.data, mux->out.len};
    return 0;
}
