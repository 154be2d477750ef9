/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Pictures that are decoded in another order than they are shown, from libx264 through the intake
 * into segments of both kinds, which libavformat reads again. */

#include "media_rig.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "hls-bridge/clock/frame_order.h"
#include "hls-bridge/package/segment_mux.h"
#include "temp_file.h"
#include "unit_of.h"
#include "common/h264_bits.h"
#include "common/h264_sps.h"
#include "x264_picture.h"

#define RATE      30
#define FRAME_90K (TICKS_PER_S / RATE)
#define FRAGMENT  1100 /* bytes of a NAL unit in one packet */
#define SECONDS   14
#define UNSENT    4 /* pictures at the end, whose B-frames are still in the encoder */
#define PICTURES  (SECONDS * RATE)

/* A publisher's encoder. */
typedef struct Encoder {
    const char *name, *options;
    int b_frames, key_every;
    bool says_depth;  /* in its parameter sets */
    bool low_latency; /* of the outputs: CMAF too */
    int64_t held_us;  /* for so long nothing of it comes, in each second */
} Encoder;

/* What an encoder gives, in decoding order. */
typedef struct Encoded {
    AVPacket *packet[PICTURES];
    int after[PICTURES]; /* so many pictures went in before */
    size_t count;
} Encoded;

static MediaRig rig;
static const Encoder *row;

/* ---- the encoder ---- */

static AVCodecContext *open_encoder(const Encoder *e)
{
    AVDictionary *options = NULL;
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"));

    assert_non_null(c);
    c->width = 320;
    c->height = 180;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){1, RATE};
    c->max_b_frames = e->b_frames;
    c->gop_size = e->key_every;
    c->thread_count = 1;
    c->log_level_offset = AV_LOG_TRACE;
    av_dict_set(&options, "preset", "ultrafast", 0);
    av_dict_set(&options, "x264-params", e->options, 0);
    assert_int_equal(avcodec_open2(c, NULL, &options), 0);
    av_dict_free(&options);
    return c;
}

/* A sequence parameter set without its VUI: all before it, and nothing behind it. */
static size_t without_vui(const uint8_t *nal, size_t len, uint8_t *out, size_t room)
{
    H264Bits r = h264_bits_of_nal(nal, len);
    H264Writer w = h264_writer(out, room, nal[0]);

    h264_write_bits(&w, h264_read_bits(&r, 24), 24);
    assert_true(nal[1] == 77);  /* Main has no chroma fields */
    for (int i = 0; i < 2; i++) /* id, log2_max_frame_num */
        h264_write_ue(&w, h264_read_ue(&r));
    uint32_t type = h264_read_ue(&r);
    h264_write_ue(&w, type);
    assert_int_equal(type, 0);
    h264_write_ue(&w, h264_read_ue(&r)); /* log2_max_pic_order_cnt_lsb */
    h264_write_ue(&w, h264_read_ue(&r)); /* max_num_ref_frames */
    h264_write_bits(&w, h264_read_bit(&r), 1);
    h264_write_ue(&w, h264_read_ue(&r)); /* width and height */
    h264_write_ue(&w, h264_read_ue(&r));
    h264_write_bits(&w, h264_read_bits(&r, 2), 2); /* frames only, direct inference */
    unsigned cropped = h264_read_bit(&r);
    h264_write_bits(&w, cropped, 1);
    for (int i = 0; cropped && i < 4; i++)
        h264_write_ue(&w, h264_read_ue(&r));
    assert_false(r.overrun);
    h264_write_bits(&w, 0, 1);
    return h264_write_end(&w);
}

/* ---- the sender ---- */

static void send_nal(const uint8_t *nal, size_t len, uint32_t ts, bool last)
{
    uint8_t payload[FRAGMENT + 2];

    if (len <= FRAGMENT) {
        rig_send(&rig, RIG_PICTURES, ts, last, nal, len);
        return;
    }
    for (size_t at = 1; at < len; at += FRAGMENT) {
        size_t n = len - at < FRAGMENT ? len - at : FRAGMENT;
        payload[0] = (uint8_t)((nal[0] & 0xE0) | 28);
        payload[1] = (uint8_t)((nal[0] & 0x1F) | (at == 1 ? 0x80 : 0) | (at + n == len ? 0x40 : 0));
        memcpy(payload + 2, nal + at, n);
        rig_send(&rig, RIG_PICTURES, ts, last && at + n == len, payload, n + 2);
    }
}

static void send_picture(const AVPacket *packet)
{
    uint32_t ts = 4294000000u + (uint32_t)(packet->pts * FRAME_90K);
    AccessUnit unit = unit_of(packet->data, (size_t)packet->size, false);
    uint8_t set[256];

    for (size_t i = 0; i < unit.nals; i++) {
        const uint8_t *nal = unit.data + unit.nal[i].at;
        size_t len = unit.nal[i].len;
        bool last = i + 1 == unit.nals;
        if (h264_nal_type(nal) == H264_NAL_SPS && !row->says_depth)
            send_nal(set, without_vui(nal, len, set, sizeof(set)), ts, last);
        else
            send_nal(nal, len, ts, last);
    }
}

/* Takes what comes out of the encoder, and notes after which picture that went in. */
static void take_out(AVCodecContext *c, int frame, Encoded *out)
{
    AVPacket *packet = av_packet_alloc();

    while (avcodec_receive_packet(c, packet) == 0) {
        out->after[out->count] = frame;
        out->packet[out->count++] = av_packet_clone(packet);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
}

static void encode(const Encoder *e, int pictures, Encoded *out)
{
    AVCodecContext *c = open_encoder(e);

    for (int i = 0; i < pictures; i++) {
        AVFrame *frame = paint(c, 16 + i % 100);
        frame->pts = i;
        assert_int_equal(avcodec_send_frame(c, frame), 0);
        av_frame_free(&frame);
        take_out(c, i, out);
    }
    avcodec_free_context(&c);
}

/* Sends all, each picture when it comes out of the encoder. */
static void publish(const Encoder *e)
{
    static Encoded media;
    int64_t began_us = rig.now_us;
    size_t next = 0;

    media.count = 0;
    encode(e, PICTURES, &media);
    for (int64_t at_us = 0; at_us < SECONDS * US_PER_S; at_us += 10 * US_PER_MS) {
        rig.now_us = began_us + at_us;
        if (at_us % (20 * US_PER_MS) == 0)
            rig_send_silence(&rig, (uint32_t)us_to_samples(at_us));
        for (; at_us % US_PER_S >= e->held_us && next < media.count &&
               media.after[next] * US_PER_S / RATE <= at_us;
             next++) {
            send_picture(media.packet[next]);
            av_packet_free(&media.packet[next]);
        }
        rig_tick(&rig);
    }
    for (; next < media.count; next++)
        av_packet_free(&media.packet[next]);
    segmenter_finish(rig.segmenter, rig.now_us);
}

/* ---- the viewer ---- */

/* What a viewer reads of one rendition, in one file after the other. */
typedef struct Reader {
    int64_t last_dts;
    int64_t shown[PICTURES]; /* in decoding order */
    size_t count;
} Reader;

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void read_file(Reader *r, const char *path)
{
    AVFormatContext *format = NULL;
    AVPacket *packet = av_packet_alloc();

    assert_row(avformat_open_input(&format, path, NULL, NULL) == 0, row->name, "%s", path);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    while (av_read_frame(format, packet) == 0) {
        AVStream *s = format->streams[packet->stream_index];
        if (s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
            assert_int_equal(s->time_base.den, 90000);
            assert_row(packet->pts >= packet->dts, row->name, "%lld before %lld",
                       (long long)packet->pts, (long long)packet->dts);
            assert_row(packet->dts > r->last_dts, row->name, "%lld behind %lld",
                       (long long)packet->dts, (long long)r->last_dts);
            r->last_dts = packet->dts;
            r->shown[r->count++] = packet->pts;
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    avformat_close_input(&format);
}

/* Every picture is there, and is shown a frame behind the one before it. */
static void check_times(Reader *r, const char *what)
{
    size_t misplaced = 0;

    assert_row(r->count > 8 * RATE, row->name, "%s: %zu pictures", what, r->count);
    qsort(r->shown, r->count, sizeof(r->shown[0]), by_time);
    for (size_t i = 1; i < r->count - UNSENT; i++)
        misplaced += llabs(r->shown[i] - r->shown[i - 1] - FRAME_90K) > FRAME_90K / 2;
    /* what comes later than it is waited for is shown late */
    assert_row(misplaced <= (row->held_us > 0 ? r->count / 20 : 0), row->name,
               "%s: %zu of %zu are misplaced", what, misplaced, r->count);
}

static void check_ts(void)
{
    const Playlist *list = packager_playlist(rig.packager);
    Reader r = {.last_dts = INT64_MIN};
    char path[TEMP_FOLDER_SIZE + 128];

    for (size_t i = 0; i < list->window.count; i++) {
        assert_row(!list->segments[i].common.discontinuity, row->name, "segment %zu", i);
        snprintf(path, sizeof(path), "%s/shop/%s", rig.root, list->segments[i].name);
        read_file(&r, path);
    }
    check_times(&r, "TS");
}

/* Puts a file behind another. */
static void append(FILE *out, const char *name)
{
    char path[TEMP_FOLDER_SIZE + 128], data[4096];
    size_t n;

    snprintf(path, sizeof(path), "%s/shop/%s", rig.root, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    while ((n = fread(data, 1, sizeof(data), in)) > 0)
        fwrite(data, 1, n, out);
    fclose(in);
}

static void check_cmaf(void)
{
    char path[TEMP_FOLDER_SIZE + 16], text[65536], name[64], *line, *rest = text;
    Reader r = {.last_dts = INT64_MIN};

    snprintf(path, sizeof(path), "%s/all.mp4", rig.root);
    snprintf(text, sizeof(text), "%s", rig_read(&rig, "video.m3u8"));
    FILE *out = fopen(path, "wb");
    while ((line = strtok_r(rest, "\n", &rest))) {
        assert_row(!strstr(line, "GAP") && !strstr(line, "#EXT-X-DISCONTINUITY\0"), row->name, "%s",
                   line);
        if (sscanf(line, "#EXT-X-MAP:URI=\"%63[^\"]\"", name) == 1)
            append(out, name);
        else if (line[0] != '#')
            append(out, line);
    }
    fclose(out);
    read_file(&r, path);
    check_times(&r, "CMAF");
}

static void b_frames_come_out_as_they_went_in(void **state)
{
    static const Encoder rows[] = {
        {"no B-frames", "scenecut=0", 0, 60, true, true, 0},
        {"two, as GStreamer has them", "b-adapt=0:b-pyramid=none:scenecut=0", 2, 60, true, true, 0},
        {"two, TS alone", "b-adapt=0:b-pyramid=none:scenecut=0", 2, 60, true, false, 0},
        {"two, from a network that stutters", "b-adapt=0:b-pyramid=none:scenecut=0", 2, 75, true,
         true, 100 * US_PER_MS},
        {"a pyramid", "b-adapt=0:b-pyramid=normal:scenecut=0", 3, 50, true, true, 0},
        {"two, unsaid", "b-adapt=0:b-pyramid=none:scenecut=0", 2, 60, false, true, 0},
        {"a pyramid, unsaid", "b-adapt=0:b-pyramid=normal:scenecut=0", 3, 50, false, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row = &rows[i];
        rig_open(&rig, row->low_latency);
        publish(row);
        OutputStats stats = packager_stats(rig.packager);
        assert_row(stats.ts.discontinuities == 0, row->name, "%llu discontinuities",
                   (unsigned long long)stats.ts.discontinuities);
        check_ts();
        if (row->low_latency)
            check_cmaf();
        rig_close(&rig);
    }
}

/* ---- the start of a segment ---- */

#define CUTS 8 /* one every ten pictures, so in each place among the B-frames */

/* Muxes what an encoder gives, cut by time, as the best of several sizes is. Returns how many
 * pictures there are in all. */
static size_t cut_by_time(const Encoder *e, FILE *out)
{
    const SegmentMuxParams params = {.video = true, .repeats = true};
    static Encoded media;
    FrameOrder order = {0};
    Segment segment;
    const char *error;
    SegmentMux *mux = segment_mux_create(&params, &error);
    size_t pictures = 0;

    assert_non_null(mux);
    media.count = 0;
    encode(e, (CUTS + 1) * 10, &media);
    for (size_t i = 0; i < media.count; i++) {
        AVPacket *packet = media.packet[i];
        bool idr = packet->flags & AV_PKT_FLAG_KEY;
        AccessUnit unit = unit_of(packet->data, (size_t)packet->size, idr);
        int64_t pts = TICKS_PER_S + packet->pts * FRAME_90K;
        if (idr)
            frame_order_idr(&order, e->b_frames > 0);
        int64_t dts = frame_order_dts(&order, &pts);
        assert_int_equal(segment_mux_video(mux, &unit, pts, dts), 0);
        if (i > 0)
            av_packet_free(&media.packet[i]);
    }
    /* the next key frame is here before they are cut, and is decoded as it is shown */
    AccessUnit key = unit_of(media.packet[0]->data, (size_t)media.packet[0]->size, true);
    int64_t at = TICKS_PER_S + (CUTS + 2) * 10 * FRAME_90K;
    assert_int_equal(segment_mux_video(mux, &key, at, at), 0);
    av_packet_free(&media.packet[0]);
    int64_t start = TICKS_PER_S;
    for (int i = 0; i < CUTS; i++) {
        int64_t cut = TICKS_PER_S + (i + 1) * 10 * FRAME_90K + FRAME_90K / 2;
        segment_mux_lead_in(mux, start, cut);
        assert_int_equal(segment_mux_cut(mux, cut, &segment), 0);
        assert_int_equal(fwrite(segment.data, 1, segment.len, out), segment.len);
        pictures += segment.pictures;
        start = cut;
    }
    segment_mux_destroy(&mux);
    return pictures;
}

/* The pictures of a file, which become brighter, as they are shown. Returns how many there are. */
static size_t watch(const char *path)
{
    AVFormatContext *format = NULL;
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
    int64_t last_pts = INT64_MIN;
    int brightest = 0, status = 0;
    size_t shown = 0;

    assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    c->thread_count = 1;
    assert_int_equal(avcodec_open2(c, NULL, NULL), 0);
    while (status == 0) {
        status = av_read_frame(format, packet);
        assert_int_equal(avcodec_send_packet(c, status == 0 ? packet : NULL), 0);
        av_packet_unref(packet);
        while (avcodec_receive_frame(c, frame) == 0) {
            int luma = frame->data[0][frame->width - 1];
            assert_row(frame->pts > last_pts, row->name, "%lld after %lld", (long long)frame->pts,
                       (long long)last_pts);
            assert_row(luma >= brightest - 1, row->name, "at %lld: %d after %d",
                       (long long)frame->pts, luma, brightest);
            brightest = luma > brightest ? luma : brightest;
            last_pts = frame->pts;
            shown++;
        }
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&c);
    avformat_close_input(&format);
    return shown;
}

/* If no key frame stands there, what is shown at the start is what was shown before, or nothing. */
static void no_picture_is_shown_early_at_a_start(void **state)
{
    static const Encoder rows[] = {
        {"no B-frames", "scenecut=0", 0, 250, true, false, 0},
        {"two", "b-adapt=0:b-pyramid=none:scenecut=0", 2, 250, true, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[TEMP_FILE_SIZE];
        row = &rows[i];
        temp_file(path, "");
        FILE *out = fopen(path, "wb");
        size_t pictures = cut_by_time(row, out);
        assert_int_equal(fclose(out), 0);
        size_t shown = watch(path);
        assert_row(shown == pictures, row->name, "%zu of %zu", shown, pictures);
        assert_row(row->b_frames > 0 || pictures == CUTS * 10 + CUTS, row->name, "%zu", pictures);
        unlink(path);
    }
}

static int quiet(void **state)
{
    (void)state;
    av_log_set_level(AV_LOG_FATAL);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(b_frames_come_out_as_they_went_in),
    cmocka_unit_test(no_picture_is_shown_early_at_a_start),
};

TEST_GROUP(b_frames, tests, .setup = quiet);
