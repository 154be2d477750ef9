/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libavutil/log.h>

#include "fuzz.h"

#include "hls-bridge/transcode/transcode_work.h"

#define STEP_90K 3000

/* What comes back is right whatever was given: times only grow, and what is said is sayable. */
static void check_said(const ByteBuffer *out, int64_t last_90k[RUNGS_MAX])
{
    WireMessage m;
    long len;

    for (size_t at = 0; at < out->len; at += (size_t)len) {
        len = transcode_wire_read(WIRE_FROM_TRANSCODER, out->data + at, out->len - at, &m);
        REQUIRE(len > 0);
        REQUIRE(m.kind == WIRE_UNIT || m.kind == WIRE_RUNG);
        if (m.kind != WIRE_UNIT)
            continue;
        REQUIRE(m.unit.pts_90k > last_90k[m.unit.rung]);
        last_90k[m.unit.rung] = m.unit.pts_90k;
    }
}

/* The input is the number of a codec, and pictures: two bytes of length, of which the highest bit
 * says that it is a key picture, and that many bytes. */
static int try_input(const uint8_t *data, size_t size)
{
    TranscodeConfig config = {.codec = CODEC_H264, .encoder = "libx264", .threads = 1};
    int64_t last_90k[RUNGS_MAX];
    char error[WIRE_TEXT_MAX + 1];
    ByteBuffer out = {0};
    WireTook took;
    uint32_t id = 0;

    if (size < 1)
        return 0;
    av_log_set_level(AV_LOG_QUIET);
    config.codec = data[0] % CODECS_MAX;
    config.ladder = (RungLadder){.count = 2, .rung = {{120, 90000, false}, {90, 60000, true}}};
    TranscodeWork *w = transcode_work_create(&config, error);
    REQUIRE(w);
    for (size_t i = 0; i < RUNGS_MAX; i++)
        last_90k[i] = INT64_MIN;
    for (size_t at = 1; at + 2 < size;) {
        size_t len = (size_t)(data[at] & 0x7F) << 8 | data[at + 1];
        WirePicture p = {.id = id, .pts_90k = id * (int64_t)STEP_90K, .key = data[at] >> 7};

        id++;
        at += 2;
        p.len = len < 1 ? 1 : len < size - at ? len : size - at;
        p.data = data + at;
        at += p.len;
        byte_buffer_clear(&out);
        if (transcode_work_picture(w, &p, 0, &out, &took) < 0)
            break;
        REQUIRE(took.id == p.id);
        check_said(&out, last_90k);
    }
    byte_buffer_free(&out);
    transcode_work_destroy(&w);
    REQUIRE(!w);
    return 0;
}

FUZZ_TARGET(transcode_work, try_input);
