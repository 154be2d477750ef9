/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_probe.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec_name.h"
#include "libav_errors.h"
#include "memory_format.h"
#include "picture_units.h"

#define TICKS_PER_S  90000
#define TIME_MAX_90K (1ll << 56) /* 25,000 years; what is later is taken for this */

enum { VIDEO, AUDIO, TRACKS };

typedef struct Decoders {
    AVCodecContext *track[TRACKS];
} Decoders;

struct SegmentProbe {
    ProbeSink sink;
    Decoders running;       /* in sequence */
    AVCodecContext *before; /* of the pictures of the segment before */
    bool begun;             /* these have come to an IDR picture */
    AVFrame *frame;
    AVPacket *packet;
};

SegmentProbe *segment_probe_create(const ProbeSink *sink)
{
    SegmentProbe *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->sink = *sink;
    p->frame = av_frame_alloc();
    p->packet = av_packet_alloc();
    libav_errors_listen();
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
    avcodec_free_context(&(*probe)->before);
    av_frame_free(&(*probe)->frame);
    av_packet_free(&(*probe)->packet);
    free(*probe);
    *probe = NULL;
}

/* `before`: the decoder before this one, or NULL: it knows how far pictures are out of order. */
static AVCodecContext *decoder(Decoders *d, int track, const AVStream *stream,
                               const AVCodecContext *before)
{
    if (d->track[track])
        return d->track[track];
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!c)
        return NULL;
    c->thread_count = 1;
    c->pkt_timebase = (AVRational){1, TICKS_PER_S};
    c->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
    if (avcodec_parameters_to_context(c, stream->codecpar) < 0)
        avcodec_free_context(&c);
    if (c && before)
        c->has_b_frames = FFMAX(c->has_b_frames, before->has_b_frames);
    if (c && avcodec_open2(c, codec, NULL) < 0)
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
        libav_errors_add();
    while (avcodec_receive_frame(c, p->frame) == 0) {
        if (p->frame->decode_error_flags || p->frame->flags & AV_FRAME_FLAG_CORRUPT)
            libav_errors_add();
        if (sink && p->frame->pts != AV_NOPTS_VALUE)
            (track == VIDEO ? sink->picture : sink->sound)(sink->user, p->frame, p->frame->pts);
        av_frame_unref(p->frame);
    }
}

/* ---- what a packet shows without decoding ---- */

static void note_picture(SegmentFacts *facts, const AVStream *stream, const AVPacket *packet)
{
    const AVCodecParameters *codec = stream->codecpar;
    bool file = codec->extradata_size > 0 && codec->extradata[0] == 1;
    PictureUnits u = codec->codec_id == AV_CODEC_ID_H264
                         ? picture_units(packet->data, packet->size, file)
                         : picture_units_of(codec->codec_id, packet->data, packet->size);

    facts->has_idr = facts->has_idr || u.idr;
    if (facts->video.packets > 0)
        return;
    facts->starts_with_idr = u.idr;
    facts->has_parameter_sets = u.sps && u.pps;
}

static void note_codec(ProbeTrack *t, const AVCodecParameters *codec)
{
    t->width = codec->width;
    t->height = codec->height;
    t->channels = codec->ch_layout.nb_channels;
    codec_name(codec, t->codec, sizeof(t->codec));
    t->each_alone = strcmp(t->codec, "mp4a.40.2") == 0 || strcmp(t->codec, "opus") == 0;
}

static int64_t bounded(int64_t time_90k)
{
    if (time_90k == AV_NOPTS_VALUE)
        return time_90k;
    return FFMAX(-TIME_MAX_90K, FFMIN(time_90k, TIME_MAX_90K));
}

/* In ticks, whatever the file says. */
static void take_times(AVPacket *packet, const AVStream *stream)
{
    av_packet_rescale_ts(packet, stream->time_base, (AVRational){1, TICKS_PER_S});
    packet->pts = bounded(packet->pts);
    packet->dts = bounded(packet->dts);
    packet->duration = bounded(packet->duration);
}

static void note_packet(SegmentFacts *facts, int track, const AVStream *stream, AVPacket *packet)
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
        note_codec(t, stream->codecpar);
    } else {
        t->backward += packet->dts <= t->last_dts;
        if (track == AUDIO && hole != 0) {
            int64_t samples = hole * 8 / 15;
            t->holes++;
            if (llabs(samples) > llabs(t->hole_samples))
                t->hole_samples = samples;
        }
    }
    if (track == VIDEO)
        note_picture(facts, stream, packet);
    t->packets++;
    t->sum += av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), 0, packet->data, (size_t)packet->size);
    t->last_dts = packet->dts;
    t->end_dts = packet->dts + packet->duration;
    if (track == AUDIO)
        t->end_pts = packet->pts + codec_sound_90k(stream->codecpar, packet->data, packet->size);
    else if (packet->pts >= t->end_pts)
        t->end_pts = packet->pts + (packet->duration > 0 ? packet->duration : TICKS_PER_S / 30);
}

/* ---- reading ---- */

static int track_of(const AVStream *stream)
{
    if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
        return VIDEO;
    return stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO ? AUDIO : -1;
}

/* Packets of MP4 whose composition is offset have no durations of their own; its tracks have. */
static void note_ends(SegmentFacts *facts, const AVFormatContext *format)
{
    if (!strstr(format->iformat->name, "mov"))
        return;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        int track = track_of(stream);
        if (track >= 0 && stream->duration != AV_NOPTS_VALUE)
            (track == VIDEO ? &facts->video : &facts->audio)->end_dts = bounded(
                av_rescale_q(stream->duration, stream->time_base, (AVRational){1, TICKS_PER_S}));
    }
}

/* Whether a decoder that begins with this stream would be set up like the one that runs. */
static bool is_set_up_for(const AVCodecContext *c, const AVCodecParameters *codec)
{
    return c->codec_id == codec->codec_id && c->extradata_size == codec->extradata_size &&
           (c->extradata_size == 0 ||
            memcmp(c->extradata, codec->extradata, (size_t)c->extradata_size) == 0);
}

/* At the first packet of a track: whether what decodes it in sequence finds what one finds that
 * begins with it. For pictures that begin with a key picture one begins now. What H.265 shows
 * behind a key picture may need what was before. */
static bool is_as_alone(SegmentProbe *p, int track, const AVStream *stream,
                        const SegmentFacts *facts)
{
    AVCodecContext *running = p->running.track[track];

    if (!running)
        return true;
    if (!is_set_up_for(running, stream->codecpar))
        return false;
    if (track == AUDIO)
        return facts->audio.each_alone;
    if (!facts->starts_with_idr || running->codec_id == AV_CODEC_ID_HEVC)
        return false;
    libav_errors_pause(true); /* what it still holds is of the segment before */
    decode(p, running, VIDEO, NULL, &p->sink);
    libav_errors_pause(false);
    p->before = running;
    p->running.track[VIDEO] = NULL;
    return true;
}

/* One pass over the segment; `decoders` NULL: nothing is decoded. `as_alone` NULL, or whether
 * decoding it alone would find the same. Returns the errors, or -1. */
static ssize_t pass(SegmentProbe *p, const uint8_t *data, size_t len, Decoders *decoders,
                    const ProbeSink *sink, SegmentFacts *facts, bool *as_alone)
{
    MemoryBytes memory = {data, len, 0};
    AVFormatContext *format = memory_format_open(&memory); /* what it says then is guessed */
    if (!format)
        return -1;
    libav_errors_begin();
    while (libav_errors_read(format, p->packet) >= 0) {
        const AVStream *stream = format->streams[p->packet->stream_index];
        int track = track_of(stream);
        take_times(p->packet, stream);
        if (track >= 0) {
            note_packet(facts, track, stream, p->packet);
            bool first = (track == VIDEO ? &facts->video : &facts->audio)->packets == 1;
            if (first && as_alone && !is_as_alone(p, track, stream, facts))
                *as_alone = false;
            AVCodecContext *before = track == VIDEO ? p->before : NULL;
            if (decoders)
                decode(p, decoder(decoders, track, stream, before), track, p->packet, sink);
        }
        av_packet_unref(p->packet);
    }
    size_t errors = libav_errors_end();
    note_ends(facts, format);
    memory_format_close(format);
    return (ssize_t)errors;
}

int segment_probe_look(SegmentProbe *p, const uint8_t *data, size_t len, bool decode_it,
                       SegmentFacts *out)
{
    Decoders alone = {0};

    *out = (SegmentFacts){0};
    libav_errors_forget();
    ssize_t errors = pass(p, data, len, decode_it ? &alone : NULL, NULL, out, NULL);
    close_decoders(&alone);
    if (errors < 0)
        return -1;
    out->errors_alone = (size_t)errors;
    snprintf(out->first_error, sizeof(out->first_error), "%s", libav_errors_first());
    return 0;
}

/* `errors` were found. If it was by a decoder that began here, returns those of the one before. */
static ssize_t go_on(SegmentProbe *p, const uint8_t *data, size_t len, ssize_t errors)
{
    SegmentFacts again = {0};

    if (!p->before)
        return errors;
    avcodec_free_context(&p->running.track[VIDEO]);
    p->running.track[VIDEO] = p->before;
    p->before = NULL;
    avcodec_flush_buffers(p->running.track[VIDEO]); /* it was drained, and takes more now */
    return pass(p, data, len, &p->running, NULL, &again, NULL);
}

static void look_alone(SegmentProbe *p, const uint8_t *data, size_t len, SegmentFacts *facts)
{
    SegmentFacts alone;

    if (segment_probe_look(p, data, len, true, &alone) == 0 && alone.errors_alone > 0) {
        facts->errors_alone = alone.errors_alone;
        memcpy(facts->first_error, alone.first_error, sizeof(facts->first_error));
    }
}

int segment_probe_read(SegmentProbe *p, const uint8_t *data, size_t len, bool restart,
                       SegmentFacts *out)
{
    bool as_alone = true;

    *out = (SegmentFacts){0};
    libav_errors_forget();
    if (restart)
        segment_probe_drain(p);
    ssize_t errors = pass(p, data, len, &p->running, &p->sink, out, &as_alone);
    if (errors < 0)
        return -1;
    if (as_alone)
        out->errors_alone = (size_t)errors;
    if (errors > 0)
        errors = go_on(p, data, len, errors);
    snprintf(out->first_error, sizeof(out->first_error), "%s", libav_errors_first());
    avcodec_free_context(&p->before);
    if (!as_alone)
        look_alone(p, data, len, out);
    /* what the first pictures are made of has left the list, or is before a discontinuity */
    bool counts = p->begun || out->starts_with_idr || out->video.packets == 0;
    out->errors_in_sequence = counts && errors > 0 ? (size_t)errors : 0;
    p->begun = p->begun || out->has_idr;
    return 0;
}

/* ---- I-frames ---- */

static void count_picture(void *user, const AVFrame *frame, int64_t pts_90k)
{
    (void)frame;
    (void)pts_90k;
    ++*(size_t *)user;
}

/* Only what decoding says of it counts: that the file ends after it is as it must be. */
static void look_at_iframe(SegmentProbe *p, const AVStream *stream, IframeFacts *out)
{
    const ProbeSink sink = {&out->decoded, count_picture, NULL};
    SegmentFacts facts = {0};
    Decoders alone = {0};

    take_times(p->packet, stream);
    note_packet(&facts, VIDEO, stream, p->packet);
    out->is_idr = facts.starts_with_idr && facts.has_parameter_sets;
    out->is_cut = p->packet->flags & AV_PKT_FLAG_CORRUPT;
    out->pts_90k = p->packet->pts;
    out->width = facts.video.width;
    out->height = facts.video.height;
    memcpy(out->codec, facts.video.codec, sizeof(out->codec));
    libav_errors_begin();
    decode(p, decoder(&alone, VIDEO, stream, NULL), VIDEO, p->packet, &sink);
    decode(p, alone.track[VIDEO], VIDEO, NULL, &sink);
    out->errors = libav_errors_end();
    close_decoders(&alone);
}

int segment_probe_iframe(SegmentProbe *p, const uint8_t *data, size_t len, IframeFacts *out)
{
    MemoryBytes memory = {data, len, 0};

    *out = (IframeFacts){0};
    AVFormatContext *format = memory_format_open(&memory);
    if (!format)
        return -1;
    while (av_read_frame(format, p->packet) >= 0) {
        const AVStream *stream = format->streams[p->packet->stream_index];
        if (track_of(stream) == VIDEO && out->pictures == 0) {
            out->pictures = 1;
            look_at_iframe(p, stream, out);
        } else if (track_of(stream) == VIDEO && !(p->packet->flags & AV_PKT_FLAG_CORRUPT)) {
            out->pictures++;
        }
        av_packet_unref(p->packet);
    }
    memory_format_close(format);
    return out->pictures > 0 ? 0 : -1;
}

void segment_probe_drain(SegmentProbe *p)
{
    for (int t = 0; t < TRACKS; t++)
        decode(p, p->running.track[t], t, NULL, &p->sink);
    close_decoders(&p->running);
    p->begun = false;
}
