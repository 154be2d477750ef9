/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a browser sends in three sizes, as it was recorded: simulcast.pcap. */

#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/ingest/intake.h"

#define STARTS_90K   (10 * TICKS_PER_S)
#define SETTLED_90K  (STARTS_90K + 5 * TICKS_PER_S) /* the corrections of a beginning are over */
#define SKEW_MAX_90K (10 * 90)
#define IDRS_MAX     32
#define ETHERNET     14 /* bytes before the IP header */
#define AUDIO_PORT   5002

enum { SOUND, HIGH, MID, LOW, TRACKS };

static struct {
    unsigned pictures, idrs;
    int64_t idr_90k[IDRS_MAX]; /* where they stand */
} seen[TRACKS];
static unsigned frames;

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user, (void)dts_90k;
    assert_in_range(unit->track, HIGH, LOW);
    seen[unit->track].pictures++;
    if (!unit->idr)
        return;
    assert_in_range(seen[unit->track].idrs, 0, IDRS_MAX - 1);
    seen[unit->track].idr_90k[seen[unit->track].idrs++] = pts_90k;
}

static void on_audio(void *user, const AacFrame *frame)
{
    (void)user, (void)frame;
    frames++;
}

static uint32_t u32(const uint8_t *p) /* of this machine, like the file */
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return value;
}

/* Hands the UDP payloads of the file to the intake, each to the track of its port. Returns how many
 * there were. */
static unsigned play(Intake *intake)
{
    static uint8_t file[1 << 20];
    unsigned datagrams = 0;
    int64_t now_us = 0;

    FILE *f = fopen(FIXTURES_DIR "/rtp/simulcast.pcap", "r");
    assert_non_null(f);
    size_t len = fread(file, 1, sizeof(file), f);
    fclose(f);
    assert_in_range(len, 24, sizeof(file) - 1);
    assert_int_equal(u32(file), 0xA1B2C3D4); /* microseconds, little-endian */
    for (size_t at = 24; at + 16 <= len;) {
        size_t captured = u32(file + at + 8);
        const uint8_t *ip = file + at + 16 + ETHERNET;
        const uint8_t *udp = ip + 4 * (ip[0] & 0xF);
        size_t track = ((size_t)udp[2] << 8 | udp[3]) / 2 - AUDIO_PORT / 2;
        now_us = u32(file + at) * US_PER_S + u32(file + at + 4);
        assert_in_range(track, SOUND, LOW);
        intake_datagram(intake, track, udp + 8, ((size_t)udp[4] << 8 | udp[5]) - 8, now_us);
        intake_tick(intake, now_us);
        at += 16 + captured;
        datagrams++;
    }
    return datagrams;
}

/* The distance of the track's IDR picture that is nearest. */
static int64_t nearest_idr(size_t track, int64_t at_90k)
{
    int64_t nearest = INT64_MAX;

    for (unsigned i = 0; i < seen[track].idrs; i++)
        nearest = smaller(nearest, llabs(seen[track].idr_90k[i] - at_90k));
    return nearest;
}

static Intake *open_intake(OpusToAac *transcoder)
{
    static const IntakeSink sink = {.picture = on_picture, .audio = on_audio};
    static const char offer[] =
        "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 5002 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
        "m=video 5004 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\na=label:high\r\n"
        "m=video 5006 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\na=label:mid\r\n"
        "m=video 5008 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\na=label:low\r\n";
    SourceSdp sdp;

    assert_null(source_sdp_read(offer, sizeof(offer) - 1, &sdp));
    Intake *intake = intake_create(&sdp);
    assert_true(intake && transcoder);
    intake_start(intake, &sink, transcoder, STARTS_90K);
    return intake;
}

static void a_browsers_three_sizes_stand_together(void **state)
{
    static const unsigned width[TRACKS] = {0, 640, 320, 160};
    static const char *const name[TRACKS] = {"", "high", "mid", "low"};
    OpusToAac *transcoder = opus_to_aac_create(&(OpusToAacParams){0}, NULL);
    Intake *intake = open_intake(transcoder);
    unsigned compared = 0;

    (void)state;
    assert_in_range(play(intake), 1800, 2100);
    IntakeStats stats = intake_stats(intake);
    intake_destroy(&intake);
    opus_to_aac_destroy(&transcoder);
    assert_true(stats.timeline.by_reports);
    assert_in_range(frames, 590, 620); /* 13 s */
    for (size_t i = HIGH; i < TRACKS; i++) {
        assert_string_equal(stats.track[i].name, name[i]);
        assert_int_equal(stats.track[i].format.width, width[i]);
        assert_int_equal(stats.track[i].video.damaged, 0);
        assert_int_equal(seen[i].pictures, 341); /* behind the first IDR picture: */
        assert_int_equal(stats.track[i].video.undecodable, 49);
        assert_int_equal(seen[i].idrs, 6);
    }
    for (unsigned i = 0; i < seen[HIGH].idrs; i++) {
        int64_t at_90k = seen[HIGH].idr_90k[i];
        if (at_90k < SETTLED_90K)
            continue;
        compared++;
        assert_in_range(nearest_idr(MID, at_90k), 0, SKEW_MAX_90K);
        assert_in_range(nearest_idr(LOW, at_90k), 0, SKEW_MAX_90K);
    }
    assert_in_range(compared, 3, IDRS_MAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_browsers_three_sizes_stand_together),
};

TEST_GROUP(simulcast, tests);
