/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_MEDIA_RIG_H
#define UNIT_MEDIA_RIG_H

/* From datagrams to segments in virtual time: an intake and a packager, on a folder in memory,
 * put together as the pipeline has them. */

#include <arpa/inet.h>
#include <stdlib.h>

#include "harness.h"

#include "common/rtcp_packet.h"
#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"
#include "hls-bridge/ingest/intake.h"
#include "temp_folder.h"
#include "virtual_clock.h"

#define RIG_TARGET_S 2
#define RIG_UNIX_US  VIRTUAL_WALL_US /* wall clock of the publisher at time 0 */

enum { RIG_SOUND, RIG_PICTURES };

typedef struct MediaRig {
    char root[TEMP_FOLDER_SIZE];
    LlHub *hub;
    Packager *packager;
    Segmenter *segmenter; /* the packager's */
    Intake *intake;
    int64_t now_us, last_asked_us;
    Clock clock;
    int64_t newest_dts_90k;
    uint16_t sequence[2];
    void (*on_picture)(const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k); /* NULL: none */
} MediaRig;

static inline WallTime rig_wall_clock(void *user, int64_t at_90k)
{
    return (WallTime){RIG_UNIX_US + intake_arrival_of(((MediaRig *)user)->intake, at_90k),
                      RIG_UNIX_US};
}

static inline void rig_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    MediaRig *r = user;

    assert_true(dts_90k <= pts_90k && dts_90k > r->newest_dts_90k);
    r->newest_dts_90k = dts_90k;
    if (r->on_picture)
        r->on_picture(unit, pts_90k, dts_90k);
    segmenter_picture(r->segmenter, unit, pts_90k, dts_90k);
}

static inline void rig_audio(void *user, const AacFrame *frame)
{
    segmenter_sound(((MediaRig *)user)->segmenter, frame);
}

static inline void rig_open_packager(MediaRig *r, bool low_latency)
{
    const PackagerParams params = {
        .stream = "shop",
        .directory = r->root,
        .outputs = {.segment_us = RIG_TARGET_S * US_PER_S,
                    .window = 6,
                    .writes_ts = true,
                    .ll_hub = low_latency ? r->hub : NULL,
                    .ll_part_us = 200 * US_PER_MS},
        .clock = &r->clock,
    };

    r->packager = packager_open(&params, r->now_us);
    assert_non_null(r->packager);
    r->segmenter = packager_segmenter(r->packager);
}

/* A publisher of sound and pictures begins. */
static inline void rig_open(MediaRig *r, bool low_latency)
{
    static const char offer[] =
        "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 6000 RTP/AVPF 111\r\n"
        "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n"
        "m=video 6002 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
        "a=fmtp:96 packetization-mode=1\r\na=rtcp-mux\r\n";
    const Renditions both = renditions_of(true, true);
    const IntakeSink sink = {.user = r, .picture = rig_picture, .audio = rig_audio};
    SourceSdp sdp;

    *r = (MediaRig){.now_us = 1000 * US_PER_S, .clock = VIRTUAL_CLOCK_US(&r->now_us)};
    temp_folder(r->root);
    r->hub = ll_hub_create(NULL);
    assert_non_null(r->hub);
    rig_open_packager(r, low_latency);
    assert_null(source_sdp_read(offer, sizeof(offer) - 1, &sdp));
    r->intake = intake_create(&sdp);
    assert_non_null(r->intake);
    intake_start(r->intake, &sink, packager_audio(r->packager), segmenter_end_90k(r->segmenter));
    segmenter_begin(r->segmenter, &both, rig_wall_clock, r);
}

static inline void rig_close(MediaRig *r)
{
    intake_destroy(&r->intake);
    packager_close(&r->packager);
    ll_hub_destroy(&r->hub);
    temp_folder_remove(r->root);
}

/* ---- a publisher ---- */

static inline void rig_put(uint8_t *p, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static inline void rig_send(MediaRig *r, size_t track, uint32_t ts, bool marker,
                            const uint8_t *payload, size_t len)
{
    uint8_t packet[RTP_PACKET_MAX];

    assert_true(len + RTP_HEADER_SIZE <= sizeof(packet));
    rig_put(packet, 2, 0x8000u | (marker ? 0x80 : 0) | (track == RIG_SOUND ? 111 : 96));
    rig_put(packet + 2, 2, r->sequence[track]++);
    rig_put(packet + 4, 4, ts);
    rig_put(packet + 8, 4, 1000 + track);
    memcpy(packet + RTP_HEADER_SIZE, payload, len);
    intake_datagram(r->intake, track, packet, RTP_HEADER_SIZE + len, r->now_us);
}

/* 20 ms of silence. */
static inline void rig_send_silence(MediaRig *r, uint32_t ts)
{
    static const uint8_t silence[] = {0xF8, 0xFF, 0xFE};

    rig_send(r, RIG_SOUND, ts, false, silence, sizeof(silence));
}

/* A sender report: at `at_us` the track's clock stood at `ts`. */
static inline void rig_report(MediaRig *r, size_t track, int64_t at_us, uint32_t ts)
{
    uint8_t report[28];

    rig_put(report, 4, 0x80C80006);
    rig_put(report + 4, 4, 1000 + track);
    rig_put(report + 8, 8, rtcp_ntp_from_unix_us(RIG_UNIX_US + at_us));
    rig_put(report + 16, 4, ts);
    rig_put(report + 20, 8, 0);
    intake_datagram(r->intake, track, report, sizeof(report), r->now_us);
}

/* ---- what the bridge does at a time ---- */

/* Returns whether it asks for an IDR picture. */
static inline bool rig_tick(MediaRig *r)
{
    int64_t clock_90k, since_us = r->now_us - r->last_asked_us;

    intake_tick(r->intake, r->now_us);
    bool asks = intake_needs_idr(r->intake, RIG_PICTURES) && since_us >= 400 * US_PER_MS;
    if (intake_clock(r->intake, r->now_us, &clock_90k) &&
        segmenter_tick(r->segmenter, clock_90k, r->now_us))
        asks = asks || since_us >= 100 * US_PER_MS;
    if (asks)
        r->last_asked_us = r->now_us;
    return asks;
}

/* ---- what was written ---- */

/* A file of the stream's, in memory of the next call. */
static inline const char *rig_read(const MediaRig *r, const char *name)
{
    static char text[65536];
    char path[TEMP_FOLDER_SIZE + 64];

    snprintf(path, sizeof(path), "%s/shop/%s", r->root, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    return text;
}

static inline size_t rig_count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

#endif
