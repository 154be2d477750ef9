/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_DEPAY_RIG_H
#define UNIT_DEPAY_RIG_H

/* Packets by hand into a depacketizer, and what comes out of it. */

#include "harness.h"

#include "hls-bridge/ingest/video_depay.h"

typedef struct DepayRig {
    VideoDepay *depay;
    AccessUnit unit; /* that came out last */
    uint16_t sequence;
} DepayRig;

static DepayRig rig;

/* A group's setup is one line: return depay_rig_open(CODEC). */
static inline int depay_rig_open(Codec codec)
{
    rig = (DepayRig){.depay = video_depay_create(codec)};
    return rig.depay ? 0 : -1;
}

static inline int depay_rig_close(void **state)
{
    (void)state;
    video_depay_destroy(&rig.depay);
    return 0;
}

static inline void push_lost(uint32_t lost, int64_t ts, bool marker, const void *payload,
                             size_t len)
{
    uint8_t *copy = guarded_copy(payload, len);
    RtpPacket packet = {
        .sequence = rig.sequence++, .payload = copy, .payload_len = len, .marker = marker};

    video_depay_push(rig.depay, &packet, ts, ts, lost, false);
    guarded_free(copy, len);
}

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

/* A packet, `lost` of them missing before it. */
#define PUSH_LOST(lost, ts, marker, ...) push_lost(lost, ts, marker, BYTES(__VA_ARGS__))
#define PUSH(ts, marker, ...)            PUSH_LOST(0, ts, marker, __VA_ARGS__)

static inline bool pop(void)
{
    return video_depay_pop(rig.depay, &rig.unit);
}

static inline void require_picture(bool key, const uint8_t *expected, size_t len)
{
    assert_true(pop());
    assert_int_equal(rig.unit.len, len);
    assert_memory_equal(rig.unit.data, expected, len);
    assert_int_equal(rig.unit.idr, key);
    assert_int_equal(rig.unit.codec, video_depay_format(rig.depay)->codec);
    assert_false(pop());
}

/* The next picture is just these bytes, and there is no other. */
#define REQUIRE_KEY(...)     require_picture(true, BYTES(__VA_ARGS__))
#define REQUIRE_PICTURE(...) require_picture(false, BYTES(__VA_ARGS__))

static inline void require_counts(uint64_t good, uint64_t damaged, uint64_t undecodable)
{
    VideoDepayStats stats = video_depay_stats(rig.depay);

    assert_int_equal(stats.access_units, good);
    assert_int_equal(stats.damaged, damaged);
    assert_int_equal(stats.undecodable, undecodable);
}

/* A packet that cannot be read: nothing comes of its picture, and the next key frame goes on. */
static inline void require_malformed(const char *name, const uint8_t *payload, size_t len)
{
    uint64_t before = video_depay_stats(rig.depay).malformed;

    push_lost(0, 1000000 + rig.sequence, true, payload, len);
    assert_row(!pop(), name, "a picture came of it");
    assert_row(video_depay_stats(rig.depay).malformed == before + 1, name, "it is not counted");
    assert_row(video_depay_needs_key(rig.depay), name, "no key frame is needed");
}

#endif
