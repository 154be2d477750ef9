/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A publisher of sound and of three sizes of its pictures, in virtual time. Each track has a clock
 * and a way through the network of its own; what becomes of one is nothing to the others. */

#include "harness.h"

#include <stdlib.h>

#include "common/rtcp_packet.h"
#include "hls-bridge/ingest/intake.h"

#define MS           US_PER_MS
#define UNIX_US      (1700000000 * US_PER_S)
#define STARTS_90K   (10 * TICKS_PER_S)
#define OPUS_MS      20
#define PICTURE_MS   40
#define SHOTS        16384
#define SKEW_MAX_90K (5 * 90) /* reports are this exact */

enum { SOUND, HIGH, MID, LOW, TRACKS };

typedef struct Sending {
    uint32_t ssrc, first_ts;
    uint16_t sequence;
    int64_t delay_us; /* of its way */
    bool stopped, loses_one;
} Sending;

/* What came out of each picture that was taken, by the time at which it was. */
typedef struct Shot {
    int64_t pts_90k; /* 0: it did not come out */
    bool idr;
} Shot;

static Intake *intake;
static OpusToAac *transcoder;
static Sending sending[TRACKS];
static Shot shots[TRACKS][SHOTS];
static int64_t media_us; /* when what is sent next was captured */
static int64_t now_us;

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user;
    assert_in_range(unit->track, 0, LOW);
    assert_true(dts_90k <= pts_90k);
    /* the last bytes of its slice say which it is */
    size_t shot = (size_t)unit->data[unit->len - 2] << 7 | unit->data[unit->len - 1] >> 1;
    assert_in_range(shot, 0, SHOTS - 1);
    shots[unit->track][shot] = (Shot){pts_90k, unit->idr};
}

static void on_audio(void *user, const AacFrame *frame)
{
    (void)user;
    (void)frame;
}

static int open_intake(bool sound)
{
    static const char audio[] = "m=audio 5000 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n";
    static const char video[] =
        "m=video %d RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
        "a=fmtp:96 packetization-mode=1\r\n";
    static const IntakeSink sink = {.picture = on_picture, .audio = on_audio};
    char offer[1024] = "v=0\r\nc=IN IP4 127.0.0.1\r\n";
    size_t n = strlen(offer);
    SourceSdp sdp;

    if (sound)
        n += (size_t)snprintf(offer + n, sizeof(offer) - n, audio);
    for (int i = HIGH; i < TRACKS; i++)
        n += (size_t)snprintf(offer + n, sizeof(offer) - n, video, 5000 + 2 * i);
    assert_null(source_sdp_read(offer, n, &sdp));
    transcoder = opus_to_aac_create(&(OpusToAacParams){0}, NULL);
    intake = intake_create(&sdp);
    assert_true(intake && transcoder);
    intake_start(intake, &sink, sound ? transcoder : NULL, STARTS_90K);
    memset(shots, 0, sizeof(shots));
    media_us = 0;
    now_us = 1000 * US_PER_S;
    for (int i = 0; i < TRACKS; i++)
        sending[i] = (Sending){.ssrc = 1000u + (uint32_t)i,
                               .first_ts = 4294000000u + 777777777u * (uint32_t)i,
                               .sequence = 65500,
                               .delay_us = 40 * MS * i};
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return open_intake(true);
}

static int teardown(void **state)
{
    (void)state;
    intake_destroy(&intake);
    opus_to_aac_destroy(&transcoder);
    return 0;
}

/* ---- a publisher ---- */

static void put(uint8_t *p, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static uint32_t ts_of(int track, int64_t at_us)
{
    return sending[track].first_ts + (uint32_t)(at_us * (track == SOUND ? 48 : 90) / 1000);
}

static bool has_sound(void)
{
    return intake_stats(intake).track[0].kind == TRACK_AUDIO;
}

static size_t index_of(int track)
{
    return (size_t)track - (has_sound() ? 0 : 1);
}

static void send_packet(int track, int64_t at_us, bool marker, const void *payload, size_t len)
{
    Sending *s = &sending[track];
    uint8_t data[128];

    put(data, 2, 0x8000u | (unsigned)marker << 7 | (track == SOUND ? 111 : 96));
    put(data + 2, 2, s->sequence++);
    put(data + 4, 4, ts_of(track, at_us));
    put(data + 8, 4, s->ssrc);
    memcpy(data + 12, payload, len);
    if (!s->loses_one)
        intake_datagram(intake, index_of(track), data, 12 + len, now_us);
    s->loses_one = false;
}

static void send_picture(int track, int64_t at_us, bool idr)
{
    /* 1280x720 */
    static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                                  0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
    unsigned shot = (unsigned)(at_us / (PICTURE_MS * MS));
    const uint8_t slice[] = {idr ? 0x65 : 0x41, 0x9A, (uint8_t)(shot >> 7),
                             (uint8_t)(shot << 1 | 1)};

    if (idr) {
        send_packet(track, at_us, false, sps, sizeof(sps));
        send_packet(track, at_us, false, "\x68\xCE\x3C\x80", 4);
    }
    send_packet(track, at_us, true, slice, sizeof(slice));
}

static void send_report(int track, int64_t at_us)
{
    uint8_t data[28];

    put(data, 4, 0x80C80006);
    put(data + 4, 4, sending[track].ssrc);
    put(data + 8, 8, rtcp_ntp_from_unix_us(UNIX_US + at_us));
    put(data + 16, 4, ts_of(track, at_us));
    put(data + 20, 8, 0);
    intake_datagram(intake, index_of(track), data, sizeof(data), now_us);
}

/* All that comes at this moment: each track's media of as long ago as its way takes. */
static void send_all(bool idr_when_asked)
{
    for (int i = has_sound() ? SOUND : HIGH; i < TRACKS; i++) {
        int64_t at_us = media_us - sending[i].delay_us;
        int64_t every_us = (i == SOUND ? OPUS_MS : PICTURE_MS) * MS;
        if (sending[i].stopped || at_us < 0 || at_us % every_us != 0)
            continue;
        if (i == SOUND)
            send_packet(i, at_us, false, "\xF8\xFF\xFE", 3); /* silence */
        else
            send_picture(i, at_us,
                         at_us % (2 * US_PER_S) == 0 ||
                             (idr_when_asked && intake_needs_idr(intake, index_of(i))));
        if (at_us % US_PER_S == 0)
            send_report(i, at_us);
    }
}

static void publish(int64_t ms)
{
    for (int64_t end_us = media_us + ms * MS; media_us < end_us; media_us += OPUS_MS * MS) {
        send_all(false);
        now_us += OPUS_MS * MS;
        intake_tick(intake, now_us);
    }
}

/* ---- what came of it ---- */

static size_t shot_at(int64_t at_us)
{
    return (size_t)(at_us / (PICTURE_MS * MS));
}

/* Pictures of a track that came out of those taken since. */
static size_t count_since(int track, int64_t from_us)
{
    size_t n = 0;

    for (size_t i = shot_at(from_us); i < SHOTS; i++)
        n += shots[index_of(track)][i].pts_90k != 0;
    return n;
}

/* Those of two tracks taken at the same time since stand at the same time. */
static void assert_together(int a, int b, int64_t from_us)
{
    size_t seen = 0;

    for (size_t i = shot_at(from_us); i < SHOTS; i++) {
        int64_t at_a = shots[index_of(a)][i].pts_90k, at_b = shots[index_of(b)][i].pts_90k;
        if (at_a == 0 || at_b == 0)
            continue;
        seen++;
        assert_in_range(llabs(at_a - at_b), 0, SKEW_MAX_90K);
    }
    assert_true(seen >= 20);
}

/* ---- tests ---- */

static void each_is_placed_by_its_own_reports(void **state)
{
    (void)state;
    publish(8000); /* the corrections of a beginning are made by then */
    int64_t from_us = media_us;
    publish(4000);
    assert_true(intake_stats(intake).timeline.by_reports);
    assert_together(HIGH, MID, from_us);
    assert_together(HIGH, LOW, from_us);
    for (int i = HIGH; i < TRACKS; i++)
        assert_in_range(count_since(i, from_us), 95, 100);
}

/* The first of them leads, where there is no sound. */
static void without_sound_the_first_leads(void **state)
{
    teardown(state);
    open_intake(false);
    publish(8000);
    int64_t from_us = media_us;
    publish(4000);
    assert_together(HIGH, MID, from_us);
    assert_together(HIGH, LOW, from_us);
}

/* It has not come yet, and there is no clock for the others: they wait, and nothing is made of
 * them. */
static void without_a_leader_nothing_comes(void **state)
{
    teardown(state);
    open_intake(false);
    sending[HIGH].stopped = true;
    publish(4000);
    assert_int_equal(count_since(MID, 0) + count_since(LOW, 0), 0);
    int64_t from_us = media_us;
    sending[HIGH].stopped = false;
    publish(12000);
    assert_together(HIGH, MID, from_us + 8 * US_PER_S);
}

static void a_loss_touches_no_other(void **state)
{
    (void)state;
    publish(9000);
    int64_t from_us = media_us;
    sending[MID].loses_one = true;
    publish(600); /* so long it might be sent again */
    assert_true(intake_needs_idr(intake, MID));
    assert_false(intake_needs_idr(intake, HIGH));
    assert_false(intake_needs_idr(intake, LOW));
    assert_false(intake_needs_idr(intake, SOUND));
    assert_in_range(count_since(HIGH, from_us), 13, 15);
    assert_in_range(count_since(LOW, from_us), 11, 15);
    assert_in_range(count_since(MID, from_us), 0, 3);
    media_us -= OPUS_MS * MS; /* who is asked answers at once */
    for (int i = 0; i < 2; i++) {
        media_us += OPUS_MS * MS;
        now_us += OPUS_MS * MS;
        send_all(true);
        intake_tick(intake, now_us);
    }
    media_us += OPUS_MS * MS;
    assert_false(intake_needs_idr(intake, MID));
    from_us = media_us;
    publish(800);
    assert_in_range(count_since(MID, from_us), 15, 20);
    IntakeStats stats = intake_stats(intake);
    assert_true(stats.track[MID].video.damaged + stats.track[MID].video.undecodable > 0);
    assert_int_equal(stats.track[HIGH].video.damaged + stats.track[HIGH].video.undecodable, 0);
    assert_int_equal(stats.track[LOW].video.damaged + stats.track[LOW].video.undecodable, 0);
}

static void one_stops_and_comes_back(void **state)
{
    (void)state;
    publish(8000);
    int64_t from_us = media_us;
    sending[HIGH].stopped = true;
    publish(10000);
    assert_int_equal(count_since(HIGH, from_us), 0);
    assert_in_range(count_since(MID, from_us), 245, 250);
    assert_together(MID, LOW, from_us);
    sending[HIGH].stopped = false;
    from_us = media_us;
    publish(8000);
    assert_in_range(count_since(HIGH, from_us), 145, 200); /* from its next IDR on */
    assert_together(HIGH, MID, from_us + 4 * US_PER_S);
}

/* A browser's encoder is set up again: other numbers of everything. */
static void one_begins_again_under_another_ssrc(void **state)
{
    (void)state;
    publish(9000);
    int64_t from_us = media_us;
    sending[LOW].ssrc = 77;
    sending[LOW].first_ts += 123456789;
    sending[LOW].sequence = 9;
    publish(12000);
    assert_in_range(count_since(LOW, from_us), 220, 300);
    assert_in_range(count_since(HIGH, from_us), 295, 300);
    assert_together(HIGH, MID, from_us);
    assert_together(HIGH, LOW, from_us + 9 * US_PER_S);
    assert_int_equal(intake_stats(intake).track[LOW].reorder.restarts, 1);
    assert_int_equal(intake_stats(intake).track[HIGH].reorder.restarts, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(each_is_placed_by_its_own_reports), TEST(without_sound_the_first_leads),
    TEST(without_a_leader_nothing_comes),    TEST(a_loss_touches_no_other),
    TEST(one_stops_and_comes_back),          TEST(one_begins_again_under_another_ssrc),
};

TEST_GROUP(video_tracks, tests);
