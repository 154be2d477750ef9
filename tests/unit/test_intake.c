/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a publisher's timestamps do to the stream's clock, in virtual time. Whatever they say, media
 * time runs ahead of real time by no more than MEDIA_LEAD_US, and an honest publisher's media is
 * put out soon afterwards. */

#include "harness.h"

#include <stdlib.h>

#include "common/rtcp_packet.h"
#include "hls-bridge/ingest/intake.h"

#define MS           US_PER_MS
#define STARTS_90K   (10 * TICKS_PER_S)
#define OPUS_MS      20
#define PICTURE_MS   40
#define AAC_CALL_MAX 600 /* frames out of one call: what is filled is 10 s at the most */

enum { AUDIO, VIDEO };

typedef struct Seen {
    uint64_t frames, pictures, idrs;
    uint64_t frames_of_call, frames_of_worst_call;
    int64_t sound_90k, picture_90k; /* the latest that came */
    int64_t first_sound_90k, first_picture_90k;
} Seen;

static Intake *intake;
static OpusToAac *transcoder;
static Seen seen;
static int64_t now_us, began_us; /* began: the first packet came */
static uint16_t sequence[2];
static uint32_t clock_ts[2]; /* RTP time of what is sent next */
static bool has_audio, has_video;
static char row[64]; /* that is tried */
static int64_t skew_max_90k;

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user;
    assert_true(dts_90k <= pts_90k);
    assert_true(dts_90k > seen.picture_90k || seen.pictures == 0);
    seen.picture_90k = dts_90k;
    if (seen.pictures == 0)
        seen.first_picture_90k = pts_90k;
    seen.pictures++;
    seen.idrs += unit->idr;
}

static void on_audio(void *user, const AacFrame *frame)
{
    (void)user;
    seen.sound_90k = samples_to_90k(frame->pts_samples);
    if (seen.frames == 0)
        seen.first_sound_90k = seen.sound_90k;
    seen.frames++;
    seen.frames_of_call++;
}

static void open_intake(bool audio, bool video)
{
    static const IntakeSink sink = {.picture = on_picture, .audio = on_audio};
    static const OpusToAacParams params = {0};
    SourceSdp sdp;
    char offer[512];

    int n = snprintf(offer, sizeof(offer), "v=0\r\nc=IN IP4 127.0.0.1\r\n%s%s",
                     audio ? "m=audio 5000 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n" : "",
                     video ? "m=video 5002 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
                             "a=fmtp:96 packetization-mode=1\r\n"
                           : "");
    assert_null(source_sdp_read(offer, (size_t)n, &sdp));
    intake = intake_create(&sdp);
    transcoder = opus_to_aac_create(&params, NULL);
    assert_true(intake && transcoder);
    intake_start(intake, &sink, audio ? transcoder : NULL, STARTS_90K);
    seen = (Seen){0};
    skew_max_90k = us_to_90k(MEDIA_LEAD_US); /* what an attack has left of itself */
    now_us = 1000 * US_PER_S;
    began_us = 0;
    sequence[0] = sequence[1] = 65500;
    clock_ts[AUDIO] = 4294000000u;
    clock_ts[VIDEO] = 77;
    has_audio = audio;
    has_video = video;
}

static int teardown(void **state)
{
    (void)state;
    intake_destroy(&intake);
    opus_to_aac_destroy(&transcoder);
    return 0;
}

/* ---- what is held at any time ---- */

static int64_t real_90k(void)
{
    return STARTS_90K + us_to_90k(now_us - began_us);
}

static void check(void)
{
    int64_t latest = real_90k() + us_to_90k(MEDIA_LEAD_US + (now_us - began_us) / 1000) + 1;
    int64_t clock_90k;

    assert_row(seen.sound_90k <= latest, "sound", "%lld", (long long)(seen.sound_90k - latest));
    assert_row(seen.picture_90k <= latest, "picture", "%lld",
               (long long)(seen.picture_90k - latest));
    if (intake_clock(intake, now_us, &clock_90k))
        assert_row(clock_90k <= latest, "clock", "%lld", (long long)(clock_90k - latest));
    if (seen.frames_of_call > seen.frames_of_worst_call)
        seen.frames_of_worst_call = seen.frames_of_call;
    seen.frames_of_call = 0;
    assert_in_range(seen.frames_of_worst_call, 0, AAC_CALL_MAX);
}

static void tick(void)
{
    intake_tick(intake, now_us);
    check();
}

/* ---- a publisher ---- */

static void put(uint8_t *p, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static void send_packet(size_t track, bool marker, const void *payload, size_t len)
{
    uint8_t data[128];

    /* audio is the first track, if there is any */
    put(data, 2, 0x8000u | (unsigned)marker << 7 | (track == AUDIO ? 111 : 96));
    put(data + 2, 2, sequence[track]++);
    put(data + 4, 4, clock_ts[track]);
    put(data + 8, 4, 1000 + track);
    memcpy(data + 12, payload, len);
    if (began_us == 0)
        began_us = now_us;
    intake_datagram(intake, has_audio ? track : 0, data, 12 + len, now_us);
    check();
}

static void send_sound(void)
{
    send_packet(AUDIO, false, "\xF8\xFF\xFE", 3); /* 20 ms of silence */
}

static void send_picture(bool idr)
{
    /* 1280x720 */
    static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                                  0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};

    if (idr) {
        send_packet(VIDEO, false, sps, sizeof(sps));
        send_packet(VIDEO, false, "\x68\xCE\x3C\x80", 4);
    }
    send_packet(VIDEO, true, idr ? "\x65\x88\x80" : "\x41\x9A\x02", 3);
}

static void send_report(size_t track, int64_t unix_us)
{
    uint8_t data[28];

    put(data, 4, 0x80C80006);
    put(data + 4, 4, 1000 + track);
    put(data + 8, 8, rtcp_ntp_from_unix_us(unix_us));
    put(data + 16, 4, clock_ts[track]);
    put(data + 20, 8, 0);
    intake_datagram(intake, has_audio ? track : 0, data, sizeof(data), now_us);
    check();
}

/* An honest publisher, for so long. */
static void publish(int64_t ms)
{
    for (int64_t at = 0; at < ms; at += OPUS_MS) {
        if (has_audio) {
            send_sound();
            clock_ts[AUDIO] += OPUS_MS * 48;
        }
        if (has_video && at % PICTURE_MS == 0) {
            send_picture(at % 1000 == 0);
            clock_ts[VIDEO] += PICTURE_MS * 90;
        }
        now_us += OPUS_MS * MS;
        tick();
    }
}

static uint64_t unheard_samples(void)
{
    AudioClockStats stats = intake_stats(intake).audio;

    return stats.dropped_samples + stats.silent_samples + stats.concealed_samples;
}

/* What comes now is put out, and nothing is made up: media time goes on with real time, and
 * pictures come. */
static void assert_honest_is_heard(void)
{
    publish(6000); /* what an attack has left is over by then */
    Seen before = seen;
    uint64_t unheard = unheard_samples();
    publish(2000);
    assert_int_equal(unheard_samples(), unheard);
    int64_t sound_90k = seen.sound_90k - before.sound_90k;
    int64_t picture_90k = seen.picture_90k - before.picture_90k;
    if (has_audio)
        assert_row(llabs(sound_90k - 2000 * 90) < 50 * 90, row, "%lld", (long long)sound_90k);
    if (!has_video)
        return;
    assert_row(seen.pictures - before.pictures == 50, row, "%llu",
               (unsigned long long)(seen.pictures - before.pictures));
    assert_row(llabs(picture_90k - 2000 * 90) < 110 * 90, row, "%lld", (long long)picture_90k);
    int64_t ahead_90k = seen.picture_90k - seen.sound_90k;
    if (has_audio)
        assert_row(llabs(ahead_90k - 60 * 90) < skew_max_90k, row, "%lld", (long long)ahead_90k);
}

/* ---- tests ---- */

static void honest_media_keeps_to_real_time(void **state)
{
    (void)state;
    open_intake(true, true);
    publish(5000);
    assert_honest_is_heard();
    assert_true(seen.sound_90k > real_90k() - 300 * 90 && seen.sound_90k < real_90k());
}

/* Sound whose clock moves by `step` with each packet, beside honest pictures. */
static void attack_by_sound(int64_t step, int packets, int64_t packet_us)
{
    open_intake(true, true);
    snprintf(row, sizeof(row), "sound by %lld", (long long)step);
    publish(1000);
    for (int i = 0; i < packets; i++) {
        send_sound();
        clock_ts[AUDIO] += (uint32_t)step;
        now_us += packet_us;
        if (i % 20 == 0) {
            clock_ts[VIDEO] += (uint32_t)(20 * packet_us * 9 / 100);
            send_picture(i % 100 == 0);
        }
        tick();
    }
    assert_honest_is_heard();
}

static void sound_cannot_run_ahead(void **state)
{
    static const int64_t steps[] = {
        48000, /* as far ahead as one packet may be */
        47000,
        9600,
        961,
        3 * 48000,
        30 * 48000,
        INT32_MAX,        /* ahead, ever more */
        -(1ll << 31) + 1, /* back: overflows in time */
        -48000,
        -3 * 48000,
    };

    for (size_t i = 0; i < COUNT(steps); i++) {
        attack_by_sound(steps[i], 5000, 2 * MS);
        teardown(state);
    }
    attack_by_sound(INT32_MIN + 1, 20000, 100); /* 4,300 packets would overflow */
}

/* What arrives when is known for 20 s: after that nothing is left of it. */
static void nothing_is_left_of_an_attack(void **state)
{
    (void)state;
    attack_by_sound(48000, 1000, 2 * MS);
    publish(20000);
    skew_max_90k = 250 * 90;
    assert_honest_is_heard();
}

/* The same at a rate that a publisher's bandwidth allows: 100,000 packets a second. */
static void sound_in_a_flood_cannot_run_ahead(void **state)
{
    (void)state;
    attack_by_sound(960, 100000, 10);
}

static void attack_by_pictures(bool audio, int64_t step, int pictures, int64_t picture_us)
{
    open_intake(audio, true);
    snprintf(row, sizeof(row), "pictures by %lld, %s", (long long)step, audio ? "sound" : "alone");
    publish(1000);
    for (int i = 0; i < pictures; i++) {
        send_picture(i % 7 == 0);
        clock_ts[VIDEO] += (uint32_t)step;
        now_us += picture_us;
        if (audio && i % 10 == 0) {
            send_sound();
            clock_ts[AUDIO] += (uint32_t)(10 * picture_us * 6 / 125);
        }
        tick();
    }
    assert_honest_is_heard();
}

static void pictures_cannot_run_ahead(void **state)
{
    static const int64_t steps[] = {10 * 90000 - 1, 9 * 90000, 90000,         3601,
                                    30 * 90000,     INT32_MAX, INT32_MIN + 1, -9 * 90000};

    for (size_t i = 0; i < COUNT(steps); i++)
        for (int audio = 0; audio < 2; audio++) {
            attack_by_pictures(audio, steps[i], 5000, 2 * MS);
            teardown(state);
        }
    attack_by_pictures(false, INT32_MIN + 1, 20000, 100);
    teardown(state);
    /* so many that a tick of the clock for each is more than real time */
    attack_by_pictures(true, 1, 100000, 5);
}

/* Reports that say what cannot be, each other than the last, with hardly any media. */
static void reports_that_lie_move_nothing_far(void **state)
{
    static const int64_t steps_us[] = {US_PER_S, -US_PER_S, 900 * MS, 3600 * US_PER_S};

    for (size_t k = 0; k < COUNT(steps_us); k++) {
        int64_t unix_us = 1700000000 * US_PER_S;
        open_intake(true, true);
        publish(2000);
        for (int i = 0; i < 5000; i++) {
            unix_us += steps_us[k];
            clock_ts[AUDIO] += INT32_MAX;
            send_report(AUDIO, unix_us);
            send_report(VIDEO, unix_us / 2);
            now_us += 2 * MS;
            tick();
        }
        clock_ts[AUDIO] += 480000;
        clock_ts[VIDEO] += 900000;
        assert_honest_is_heard();
        teardown(state);
    }
}

/* A clock that is a little fast, all day: nothing is left out for it. */
static void a_clock_that_is_fast_is_followed_for_a_day(void **state)
{
    (void)state;
    open_intake(false, true);
    publish(1000);
    for (int s = 0; s < 86400; s++) {
        now_us += US_PER_S - 200;
        clock_ts[VIDEO] += 90000;
        send_picture(true);
        tick();
    }
    assert_in_range(seen.picture_90k - real_90k(), 0, 20 * TICKS_PER_S);
    assert_int_equal(seen.idrs, 86401);
    assert_in_range(seen.picture_90k, STARTS_90K + 86399 * TICKS_PER_S,
                    STARTS_90K + 86403 * TICKS_PER_S);
}

/* The machine stood still, and so did this thread: nothing is made for that time. */
static void a_machine_that_stood_still_goes_on_where_it_was(void **state)
{
    (void)state;
    open_intake(true, true);
    publish(3000);
    Seen before = seen;
    now_us += 600 * US_PER_S;
    clock_ts[AUDIO] += 600 * 48000;
    clock_ts[VIDEO] += 600 * 90000;
    tick();
    assert_in_range(seen.frames - before.frames, 0, AAC_CALL_MAX);
    assert_honest_is_heard();
    assert_true(seen.sound_90k < real_90k() - 500 * TICKS_PER_S);
}

static uint64_t silent_samples(void)
{
    return intake_stats(intake).audio.silent_samples;
}

/* All that is on the machine stood still for `ms`, and this thread is the first that goes on: what
 * was to be sent meanwhile comes 100 ms later. */
static void stand_still(int64_t ms)
{
    for (int64_t waited = 0; waited <= 100; waited += 50) {
        now_us += (waited == 0 ? ms : 50) * MS;
        tick();
    }
    for (int64_t sent = 0; sent < ms + 100; sent += OPUS_MS) {
        send_sound();
        clock_ts[AUDIO] += OPUS_MS * 48;
    }
    clock_ts[VIDEO] += (uint32_t)(ms + 100) * 90;
}

/* The machine stands still for longer than sound may be late: none is dropped for that. */
static void sound_is_not_late_for_a_machine_that_stood_still(void **state)
{
    (void)state;
    open_intake(true, true);
    publish(3000);
    uint64_t unheard = unheard_samples();
    for (int n = 0; n < 5; n++) {
        stand_still(n * 1000 + 500);
        publish(1500);
        assert_row(unheard_samples() == unheard, "standstill", "%d", n);
    }
    assert_honest_is_heard();
}

/* But what has not come soon after the machine goes on is late, however rarely it looks. */
static void a_slow_machine_excuses_no_sound_that_stays_away(void **state)
{
    (void)state;
    open_intake(true, true);
    publish(3000);
    uint64_t silent = silent_samples();
    now_us += 900 * MS;
    tick();
    assert_int_equal(silent_samples(), silent);
    for (int64_t waited = 0; waited < 200; waited += 50) {
        now_us += 50 * MS;
        tick();
    }
    assert_in_range(silent_samples() - silent, 48 * 500, 48 * 700);
    for (int n = 0; n < 10; n++) {
        now_us += 300 * MS;
        tick();
    }
    assert_in_range(silent_samples() - silent, 48 * 3000, 48 * 3900);
}

/* The thread was held up for 8 s, while the publisher sent nothing: silence takes its place. */
static void what_was_not_sent_for_seconds_is_silence(void **state)
{
    (void)state;
    open_intake(true, true);
    publish(3000);
    now_us += 8 * US_PER_S;
    clock_ts[AUDIO] += 8 * 48000;
    clock_ts[VIDEO] += 8 * 90000;
    tick();
    publish(1000);
    assert_in_range(seen.sound_90k, real_90k() - 300 * 90, real_90k());
}

/* A network holds all back for 1.9 s, and sends it at once, again and again: nothing is late for
 * that but what must be. */
static void bursts_are_put_out_where_they_belong(void **state)
{
    (void)state;
    open_intake(true, true);
    publish(3000);
    for (int n = 0; n < 20; n++) {
        now_us += 1900 * MS;
        for (int i = 0; i < 95; i++) {
            send_sound();
            clock_ts[AUDIO] += OPUS_MS * 48;
        }
        tick();
        clock_ts[VIDEO] += 1900 * 90;
        publish(2000);
    }
    assert_in_range(seen.sound_90k, real_90k() - 700 * 90, real_90k() + 700 * 90);
    assert_honest_is_heard();
}

/* The first picture waits for a packet before it, and then for this thread: there is sound from its
 * beginning on, though none has come. */
static void sound_begins_when_the_first_picture_came(void **state)
{
    static const int64_t waited_ms[] = {0, 60, 1760, 5000};

    (void)state;
    for (size_t i = 0; i < COUNT(waited_ms); i++) {
        open_intake(true, true);
        snprintf(row, sizeof(row), "waited %lld ms", (long long)waited_ms[i]);
        send_packet(VIDEO, true, "\x41\x9A\x02", 3); /* of what was before */
        if (waited_ms[i] > 0)
            sequence[VIDEO]++; /* one is lost */
        clock_ts[VIDEO] += PICTURE_MS * 90;
        send_picture(true);
        assert_row((seen.pictures > 0) == (waited_ms[i] == 0), row, "%llu",
                   (unsigned long long)seen.pictures);
        now_us += waited_ms[i] * MS;
        tick();
        clock_ts[VIDEO] += (uint32_t)waited_ms[i] * 90 + PICTURE_MS * 90;
        assert_honest_is_heard();
        int64_t early_90k = seen.first_picture_90k - seen.first_sound_90k;
        assert_row(early_90k >= 0 && early_90k < 50 * 90, row, "sound begins %lld ms before",
                   (long long)early_90k / 90);
        teardown(state);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)
static const struct CMUnitTest tests[] = {
    TEST(sound_begins_when_the_first_picture_came),
    TEST(honest_media_keeps_to_real_time),
    TEST(sound_cannot_run_ahead),
    TEST(nothing_is_left_of_an_attack),
    TEST(sound_in_a_flood_cannot_run_ahead),
    TEST(pictures_cannot_run_ahead),
    TEST(reports_that_lie_move_nothing_far),
    TEST(a_clock_that_is_fast_is_followed_for_a_day),
    TEST(a_machine_that_stood_still_goes_on_where_it_was),
    TEST(sound_is_not_late_for_a_machine_that_stood_still),
    TEST(a_slow_machine_excuses_no_sound_that_stays_away),
    TEST(what_was_not_sent_for_seconds_is_silence),
    TEST(bursts_are_put_out_where_they_belong),
};

TEST_GROUP(intake, tests);
