/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/codec/av1_header.h"
#include "hls-bridge/codec/vp9_header.h"
#include "hls-bridge/ingest/video_depay.h"

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

/* The input is a list of packets: a byte of length, a byte of flags (marker, loss, restart, a new
 * timestamp), the payload. */
static int try_codec(Codec codec, const uint8_t *data, size_t size)
{
    VideoDepay *depay = video_depay_create(codec);
    int64_t rtp_ts = 0, now_us = 0;
    uint16_t sequence = 0;
    AccessUnit unit;

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
        }
        data += 2 + len;
        size -= 2 + len;
    }
    video_depay_destroy(&depay);
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
