/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libavutil/log.h>
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/codec/av1_header.h"
#include "hls-bridge/codec/picture_repeat.h"
#include "hls-bridge/codec/vp9_header.h"
#include "hls-bridge/ingest/video_depay.h"
#include "hls-bridge/package/cmaf_mux.h"

#define PART_90K 3000

/* What viewers get of it. */
typedef struct Boxes {
    PictureConfig config;
    PictureRepeat repeat;
    CmafMux *mux;
    int64_t end_90k;
    ByteBuffer bytes;
} Boxes;

/* Annex B: a start code before each NAL unit, and a delimiter first, whose header begins with this
 * byte. */
static void check_nals(const AccessUnit *unit, uint8_t delimiter)
{
    static const uint8_t start_code[] = {0, 0, 0, 1};

    REQUIRE(unit->nals >= 2);
    REQUIRE(unit->data[unit->nal[0].at] == delimiter);
    for (size_t i = 0, end = 0; i < unit->nals; i++) {
        const NalUnit *nal = &unit->nal[i];
        REQUIRE(nal->at >= end + 4 && nal->len >= 1 && nal->at + nal->len <= unit->len);
        REQUIRE(memcmp(unit->data + nal->at - 4, start_code, 4) == 0);
        end = nal->at + nal->len;
    }
}

/* OBUs with sizes, to the last byte. */
static void check_obus(const AccessUnit *unit)
{
    Av1Obu obu;
    size_t at = 0;

    while (at < unit->len) {
        REQUIRE(unit->data[at] & AV1_OBU_HAS_SIZE);
        REQUIRE(av1_obu_read(unit->data + at, unit->len - at, &obu));
        REQUIRE(obu.type != AV1_OBU_TEMPORAL_DELIMITER);
        at += obu.head + obu.len;
    }
}

static void check_unit(const AccessUnit *unit, const VideoFormat *format)
{
    uint32_t lens[VP9_FRAMES_MAX];

    REQUIRE(unit->len > 0 && unit->codec == format->codec);
    REQUIRE(format->width > 0 && format->height > 0); /* there was a key frame */
    switch (unit->codec) {
    case CODEC_H264:
        check_nals(unit, 0x09);
        break;
    case CODEC_H265:
        check_nals(unit, 0x46);
        break;
    case CODEC_AV1:
        REQUIRE(unit->nals == 0);
        check_obus(unit);
        break;
    case CODEC_VP9:
        REQUIRE(vp9_frames(unit->data, unit->len, lens) >= 1);
        /* fall through */
    case CODEC_VP8:
        REQUIRE(unit->nals == 0);
    }
}

/* A key frame may need an initialisation segment of its own. */
static void configure(Boxes *b, const AccessUnit *unit)
{
    uint8_t bytes[PICTURE_CONFIG_ROOM];
    PictureConfig other;
    const char *error;

    if (!unit->idr || unit->codec == CODEC_VP8 ||
        !picture_config_read_other(&b->config, unit, &other))
        return;
    b->config = other;
    const CmafMuxParams params = {.kind = TRACK_VIDEO,
                                  .config = bytes,
                                  .config_len = picture_config_write(&b->config, bytes),
                                  .format = &b->config.format};
    REQUIRE(params.config_len <= sizeof(bytes));
    cmaf_mux_destroy(&b->mux);
    b->mux = cmaf_mux_create(&params, &error);
    REQUIRE(!b->mux || cmaf_mux_init(b->mux).len > 0);
}

/* Makes a part of what was collected. */
static void cut(Boxes *b)
{
    const PartCut part = {b->end_90k, b->end_90k + PART_90K, b->end_90k + PART_90K, false};
    CmafFragment made;

    byte_buffer_clear(&b->bytes);
    REQUIRE(cmaf_mux_cut(b->mux, &part, &b->bytes, &made) == 0);
    REQUIRE(made.samples == 1 && made.bytes.len > 0 && made.last);
    const AccessUnit last = {.data = sample_bytes_data(made.last),
                             .len = made.last->len,
                             .nal = made.last->nal,
                             .nals = made.last->nals,
                             .bytes = made.last,
                             .codec = b->config.format.codec,
                             .idr = made.last_key};
    picture_repeat_follow(&b->repeat, &b->config, &last);
    b->end_90k += PART_90K;
}

/* A part of each picture, and one that repeats it. */
static void pack(Boxes *b, const AccessUnit *unit)
{
    PictureRoom room;
    AccessUnit again;

    configure(b, unit);
    if (!b->mux || cmaf_mux_picture(b->mux, unit, b->end_90k, b->end_90k) < 0)
        return;
    cut(b);
    if (picture_repeat_make(&b->repeat, &room, &again) &&
        cmaf_mux_picture_first(b->mux, &again, b->end_90k) == 0)
        cut(b);
}

/* The input is a list of packets: a byte of length, a byte of flags (marker, loss, restart, a new
 * timestamp), the payload. What comes of them goes into boxes, as for viewers. */
static int try_codec(Codec codec, const uint8_t *data, size_t size)
{
    VideoDepay *depay = video_depay_create(codec);
    int64_t rtp_ts = 0, now_us = 0;
    uint16_t sequence = 0;
    AccessUnit unit;
    Boxes boxes = {.end_90k = PART_90K};

    av_log_set_level(AV_LOG_QUIET);
    REQUIRE(depay);
    while (size >= 2) {
        size_t len = data[0] < size - 2 ? data[0] : size - 2;
        uint8_t flags = data[1];
        if (flags & 8)
            rtp_ts += 3000;
        RtpPacket packet = {.marker = flags & 1,
                            .sequence = sequence++,
                            .timestamp = (uint32_t)rtp_ts,
                            .payload = data + 2,
                            .payload_len = len};
        if ((flags & 0xF0) == 0xF0)
            video_depay_add_parameter_set(depay, data + 2, len);
        else
            video_depay_push(depay, &packet, rtp_ts, now_us += 1000, flags & 2 ? 1 : 0, flags & 4);
        bool needed = video_depay_needs_key(depay);
        for (bool first = true; video_depay_pop(depay, &unit); first = false) {
            REQUIRE(!first || !needed || unit.idr);
            check_unit(&unit, video_depay_format(depay));
            pack(&boxes, &unit);
        }
        data += 2 + len;
        size -= 2 + len;
    }
    video_depay_destroy(&depay);
    cmaf_mux_destroy(&boxes.mux);
    picture_repeat_clear(&boxes.repeat);
    byte_buffer_free(&boxes.bytes);
    return 0;
}

#define TRY(name, codec)                                                                           \
    static int try_##name(const uint8_t *data, size_t size)                                        \
    {                                                                                              \
        return try_codec(codec, data, size);                                                       \
    }                                                                                              \
    FUZZ_TARGET(name##_depay, try_##name)

TRY(h264, CODEC_H264);
TRY(h265, CODEC_H265);
TRY(vp8, CODEC_VP8);
TRY(vp9, CODEC_VP9);
TRY(av1, CODEC_AV1);
