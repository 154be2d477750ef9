/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_mux.h"

#include <libavutil/opt.h>
#include <stdlib.h>

#include "package/cenc_boxes.h"
#include "package/cmaf_fragment.h"
#include "package/memory_muxer.h"

/* libavformat writes the initialisation segment, at once, since the codec's configuration is known;
 * edit lists would shift what is on the stream's clock already. */
#define MOV_FLAGS "frag_custom+empty_moov+default_base_moof+skip_trailer"

struct CmafMux {
    TrackKind kind;
    Codec codec; /* of video */
    SampleQueue queue;
    uint32_t fragments;   /* written so far */
    bool keeps_sets;      /* as the params have it */
    bool reordered;       /* a sample was shown later than decoded */
    SampleBytes *last;    /* of the newest fragment */
    ByteBuffer init;      /* as libavformat has written it */
    Cbcs *cbcs;           /* NULL: nothing is encrypted; else */
    ByteBuffer encrypted; /* init of a track that is */
};

/* ---- create and destroy ---- */

static int add_track(AVFormatContext *format, const CmafMuxParams *params)
{
    if (params->opus)
        return memory_muxer_add_opus(format, params->config, params->config_len) ? 0 : -1;
    if (params->kind == TRACK_AUDIO)
        return memory_muxer_add_aac(format, SAMPLES_PER_S, params->config, params->config_len) ? 0
                                                                                               : -1;
    return memory_muxer_add_video(format, params->format, TICKS_PER_S, params->config,
                                  params->config_len)
               ? 0
               : -1;
}

static void set_options(AVFormatContext *format)
{
    format->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED; /* it would begin at 0 */
    format->flags |= AVFMT_FLAG_BITEXACT; /* no name of a program in every file */
    av_opt_set(format->priv_data, "movflags", MOV_FLAGS, 0);
    av_opt_set(format->priv_data, "use_editlist", "0", 0);
    av_opt_set(format->priv_data, "brand", "cmfc", 0);
}

/* Returns NULL, or a static sentence. */
static const char *write_init(CmafMux *mux, const CmafMuxParams *params)
{
    ByteBuffer *sink = &mux->init;
    AVFormatContext *format = memory_muxer_open("mp4", &sink);
    const char *error = "there is no memory for a muxer";

    if (!format)
        return error;
    set_options(format);
    if (add_track(format, params) == 0) {
        error = "libavformat cannot write fragmented MP4";
        if (avformat_write_header(format, NULL) >= 0) {
            avio_flush(format->pb);
            error = mux->init.len > 0 && !mux->init.failed ? NULL : error;
        }
    }
    memory_muxer_close(&format);
    return error;
}

/* Says in the initialisation segment how samples are encrypted. Returns 0, or -1. */
static int protect_init(CmafMux *mux)
{
    byte_buffer_clear(&mux->encrypted);
    if (byte_buffer_add(&mux->encrypted, mux->init.data, mux->init.len) < 0)
        return -1;
    return cenc_protect_init(&mux->encrypted, mux->cbcs);
}

/* Returns NULL, or a static sentence. */
static const char *encrypt(CmafMux *mux, const CmafMuxParams *params)
{
    bool video = params->kind == TRACK_VIDEO;

    if (!params->key)
        return NULL;
    if (video && mux->codec != CODEC_H264)
        return "only pictures of H.264 can be encrypted by cbcs; these are left out";
    mux->cbcs = cbcs_create(params->key, video ? params->config : NULL, params->config_len);
    return mux->cbcs && protect_init(mux) == 0 ? NULL : "there is no memory to encrypt";
}

CmafMux *cmaf_mux_create(const CmafMuxParams *params, const char **error)
{
    CmafMux *mux = calloc(1, sizeof(*mux));

    *error = "there is no memory for a muxer";
    if (!mux)
        return NULL;
    mux->kind = params->kind;
    mux->keeps_sets = params->keeps_sets;
    mux->codec = params->format ? params->format->codec : CODEC_H264;
    *error = write_init(mux, params);
    if (!*error)
        *error = encrypt(mux, params);
    if (*error)
        cmaf_mux_destroy(&mux);
    return mux;
}

void cmaf_mux_destroy(CmafMux **mux)
{
    CmafMux *m = *mux;

    if (!m)
        return;
    sample_queue_free(&m->queue);
    sample_bytes_release(&m->last);
    byte_buffer_free(&m->init);
    byte_buffer_free(&m->encrypted);
    cbcs_destroy(&m->cbcs);
    free(m);
    *mux = NULL;
}

CmafBytes cmaf_mux_init(const CmafMux *mux)
{
    const ByteBuffer *init = mux->cbcs ? &mux->encrypted : &mux->init;

    return (CmafBytes){init->data, init->len};
}

const CbcsKey *cmaf_mux_key(const CmafMux *mux)
{
    return mux->cbcs ? cbcs_key(mux->cbcs) : NULL;
}

int cmaf_mux_set_key(CmafMux *mux, const CbcsKey *key)
{
    return cbcs_set_key(mux->cbcs, key) < 0 || protect_init(mux) < 0 ? -1 : 0;
}

/* ---- samples ---- */

int cmaf_mux_picture(CmafMux *mux, const AccessUnit *unit, int64_t pts, int64_t dts)
{
    return sample_queue_add(&mux->queue, sample_bytes_of_unit(unit), pts, dts, unit->idr);
}

int cmaf_mux_picture_first(CmafMux *mux, const AccessUnit *unit, int64_t at)
{
    return sample_queue_add_first(&mux->queue, sample_bytes_of_unit(unit), at, at, unit->idr);
}

int cmaf_mux_sound(CmafMux *mux, const AacFrame *frame)
{
    return sample_queue_add(&mux->queue, sample_bytes_of_frame(frame), frame->pts_samples,
                            frame->pts_samples, true);
}

int cmaf_mux_opus(CmafMux *mux, const OpusPacket *packet)
{
    SampleQueue *q = &mux->queue;

    if (sample_queue_add(q, sample_bytes_hold(packet->bytes), packet->pts_samples,
                         packet->pts_samples, true) < 0)
        return -1;
    q->sample[q->count - 1].duration = packet->samples;
    return 0;
}

int64_t cmaf_mux_from(const CmafMux *mux, int64_t at, int64_t end)
{
    const SampleQueue *q = &mux->queue;

    for (size_t i = q->first; i < q->count; i++)
        if (q->sample[i].dts >= at)
            return q->sample[i].dts;
    return end;
}

int64_t cmaf_mux_up_to(const CmafMux *mux, int64_t at, int64_t end)
{
    const SampleQueue *q = &mux->queue;

    if (end <= at)
        return end;
    for (size_t i = q->count; i > q->first; i--)
        if (q->sample[i - 1].dts <= at)
            return q->sample[i - 1].dts;
    return INT64_MIN;
}

int64_t cmaf_mux_fit(const CmafMux *mux, int64_t start, int64_t most)
{
    const SampleQueue *q = &mux->queue;
    int64_t fit = 0, next = 0;

    for (size_t i = q->first; i < q->count; i++) {
        next = q->sample[i].dts + q->sample[i].duration - start;
        if (next > most)
            return i > q->first ? fit : next;
        fit = next;
    }
    return q->count > q->first && fit + q->sample[q->count - 1].duration > most ? fit : 0;
}

/* How many samples are decoded before `before`. */
static size_t count_before(const CmafMux *mux, int64_t before)
{
    const SampleQueue *q = &mux->queue;
    size_t n = 0;

    while (q->first + n < q->count && q->sample[q->first + n].dts < before)
        n++;
    return n;
}

const QueuedSample *cmaf_mux_waiting(const CmafMux *mux, int64_t before, size_t newer)
{
    size_t n = count_before(mux, before);

    return n > newer ? &mux->queue.sample[mux->queue.first + n - 1 - newer] : NULL;
}

/* Gives the samples decoding times that join: the first at the start, each later than the one
 * before, the last one until the end. No sample is shown before it is decoded. */
static void settle_times(QueuedSample *sample, size_t n, const PartCut *cut)
{
    bool reordered = sample[0].pts != sample[0].dts;

    for (size_t i = 0; i < n; i++) {
        int64_t least = i > 0 ? sample[i - 1].dts + 1 : cut->start;
        if (i == 0 || sample[i].dts < least)
            sample[i].dts = least;
        if (sample[i].pts < sample[i].dts)
            sample[i].pts = sample[i].dts;
    }
    for (size_t i = 0; i < n; i++)
        sample[i].duration = (i + 1 < n ? sample[i + 1].dts : cut->end) - sample[i].dts;
    /* The first is shown later than it is decoded: it could last into the next segment, and hls.js
     * would take that for the end of this one. */
    if (cut->last && !reordered)
        sample[0].pts = smaller(sample[0].pts, cut->end - sample[0].duration);
}

int cmaf_mux_cut(CmafMux *mux, const PartCut *cut, ByteBuffer *to, CmafFragment *out)
{
    size_t n = count_before(mux, cut->until);
    QueuedSample *sample = mux->queue.sample + mux->queue.first;

    *out = (CmafFragment){.samples = n};
    if (n == 0)
        return 1;
    settle_times(sample, n, cut);
    for (size_t i = 0; i < n; i++)
        mux->reordered = mux->reordered || sample[i].pts != sample[i].dts;
    const CmafFragmentParams fragment = {.kind = mux->kind,
                                         .codec = mux->codec,
                                         .sequence = ++mux->fragments,
                                         .keeps_sets = mux->keeps_sets,
                                         .cbcs = mux->cbcs,
                                         .reordered = mux->reordered,
                                         .sample = sample,
                                         .samples = n};
    size_t before = to->len;
    int status = cmaf_fragment_write(&fragment, to, &out->first_len);
    out->independent = sample[0].key;
    sample_bytes_release(&mux->last);
    out->last = mux->last = sample[n - 1].bytes;
    out->last_key = sample[n - 1].key;
    sample[n - 1].bytes = NULL;
    sample_queue_drop(&mux->queue, n);
    if (status == 0)
        out->bytes = (CmafBytes){to->data + before, to->len - before};
    return status;
}
