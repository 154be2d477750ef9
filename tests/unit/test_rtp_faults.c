/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "synthetic_rtp.h"
#include "instruments/rtp-replay/rtp_faults.h"

#define MS       1000ll
#define S        1000000ll
#define SENT_MAX 20000

/* A packet that was sent, as a receiver sees it. */
typedef struct Sent {
    int64_t when_us;
    RtpTrack track;
    bool is_rtcp;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    int64_t content_us; /* RTP: where in the recording it was captured, from the cut */
    int64_t ntp_us;     /* RTCP: on the wall clock */
} Sent;

static RtpRecording *recording;
static RtpFaultsParams params;
static Sent sent[SENT_MAX];
static size_t sent_count;
static RtpFaultsStats stats;

static int setup(void **state)
{
    (void)state;
    recording = synthetic_recording(2 * S + SYNTHETIC_LEAD_US + 100 * MS);
    params = rtp_faults_none();
    params.duration_us = 10 * S;
    params.seed = 1;
    return rtp_recording_trim(recording, 0) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    rtp_recording_destroy(&recording);
    return 0;
}

static Sent read_sent(const RtpOutgoing *out)
{
    const uint8_t *p = out->data;
    Sent s = {.when_us = out->when_us, .track = out->track, .is_rtcp = out->is_rtcp};

    if (out->is_rtcp) {
        s.ssrc = (uint32_t)synthetic_get(p + 4, 4);
        s.ntp_us = rtcp_ntp_to_unix_us(synthetic_get(p + 8, 8));
        s.timestamp = (uint32_t)synthetic_get(p + 16, 4);
    } else {
        s.sequence = (uint16_t)synthetic_get(p + 2, 2);
        s.timestamp = (uint32_t)synthetic_get(p + 4, 4);
        s.ssrc = (uint32_t)synthetic_get(p + 8, 4);
        s.content_us = (int64_t)synthetic_get(p + out->len - 4, 4) - SYNTHETIC_LEAD_US;
    }
    return s;
}

/* Sends all of it by `params` to `sent`. */
static void play(void)
{
    RtpFaults *faults = rtp_faults_create(recording, &params);
    RtpOutgoing out;

    assert_non_null(faults);
    for (sent_count = 0; rtp_faults_next(faults, &out); sent_count++) {
        assert_true(sent_count < SENT_MAX);
        sent[sent_count] = read_sent(&out);
        if (sent_count > 0)
            assert_true(out.when_us >= sent[sent_count - 1].when_us);
    }
    stats = rtp_faults_stats(faults);
    rtp_faults_destroy(&faults);
    assert_null(faults);
}

/* The next RTP packet of a track from `*i` on, or NULL. Moves *i behind it. */
static const Sent *next_rtp(RtpTrack track, size_t *i)
{
    while (*i < sent_count) {
        const Sent *s = &sent[(*i)++];
        if (s->track == track && !s->is_rtcp)
            return s;
    }
    return NULL;
}

static size_t count_rtp(RtpTrack track)
{
    size_t i = 0, n = 0;

    while (next_rtp(track, &i))
        n++;
    return n;
}

static size_t count_reports(RtpTrack track)
{
    size_t n = 0;

    for (size_t i = 0; i < sent_count; i++)
        n += sent[i].is_rtcp && sent[i].track == track;
    return n;
}

/* Every packet of a track has the number behind the last one's, and comes a step behind it or, if
 * that is allowed, with it. */
static void assert_seamless(RtpTrack track, uint32_t step, bool or_same)
{
    size_t i = 0;
    const Sent *before = next_rtp(track, &i);

    assert_true(count_rtp(track) > 200);
    for (const Sent *s; (s = next_rtp(track, &i)); before = s) {
        uint32_t moved = s->timestamp - before->timestamp;
        assert_int_equal(s->sequence, (uint16_t)(before->sequence + 1));
        assert_true(moved == step || (or_same && moved == 0));
    }
}

static void plays_rounds_without_a_seam(void **state)
{
    (void)state;
    play();
    assert_seamless(RTP_AUDIO, 960, false);
    assert_seamless(RTP_VIDEO, 3600, true);
    assert_int_equal(count_rtp(RTP_AUDIO), 500);
    assert_int_equal(count_rtp(RTP_VIDEO), 5 * (50 + 2));
    assert_int_equal(count_reports(RTP_AUDIO), 20);
    assert_int_equal(sent[0].sequence, (uint16_t)(65500 + SYNTHETIC_LEAD_US / SYNTHETIC_VIDEO_US));
    assert_int_equal(sent[0].timestamp, synthetic_clock(RTP_VIDEO, SYNTHETIC_LEAD_US));
    for (size_t i = 0; i < sent_count; i++) {
        int64_t into_round_us = sent[i].when_us % (2 * S);
        assert_int_equal(sent[i].ssrc, SYNTHETIC_SSRC + sent[i].track);
        if (!sent[i].is_rtcp)
            assert_int_equal(sent[i].content_us, into_round_us);
    }
    assert_int_equal(stats.packets[RTP_AUDIO], 520);
    assert_int_equal(stats.lost + stats.delayed + stats.doubled + stats.ssrc_changes, 0);
}

/* Reports say what the packets do: at their NTP time the track's clock stood at their timestamp. */
static void reports_go_with_the_rounds(void **state)
{
    (void)state;
    params.start_unix_us = 1800000000 * S;
    play();
    assert_int_equal(count_reports(RTP_AUDIO), 20);
    assert_true(count_reports(RTP_VIDEO) > 0);
    for (size_t i = 0; i < sent_count; i++) {
        const Sent *s = &sent[i];
        if (!s->is_rtcp)
            continue;
        assert_int_equal(s->ntp_us, params.start_unix_us + s->when_us);
        assert_int_equal(s->timestamp, synthetic_clock(s->track, SYNTHETIC_LEAD_US + s->when_us));
    }
    params.start_unix_us = 0;
    play();
    for (size_t i = 0; i < sent_count; i++)
        if (sent[i].is_rtcp)
            assert_int_equal(sent[i].ntp_us,
                             SYNTHETIC_UNIX_US + SYNTHETIC_LEAD_US + sent[i].when_us);
}

static void the_seed_decides(void **state)
{
    static Sent first[SENT_MAX];

    (void)state;
    params.loss = params.reorder = params.duplicate = 0.1;
    params.reorder_us = params.jitter_us = 50 * MS;
    play();
    size_t count = sent_count;
    memcpy(first, sent, sizeof(first));
    play();
    assert_int_equal(sent_count, count);
    assert_memory_equal(sent, first, count * sizeof(Sent));
    params.seed = 2;
    play();
    assert_true(sent_count != count || memcmp(sent, first, count * sizeof(Sent)) != 0);
}

/* Sequence numbers that did not come between the first and the last of a track. */
static size_t missing(RtpTrack track)
{
    size_t i = 0, n = 0;
    const Sent *before = next_rtp(track, &i);

    for (const Sent *s; (s = next_rtp(track, &i)); before = s)
        n += (uint16_t)(s->sequence - before->sequence - 1);
    return n;
}

static void loses_the_part_that_is_asked_for(void **state)
{
    (void)state;
    params.duration_us = 100 * S;
    params.loss = 0.05;
    play();
    size_t lost = stats.lost, of = stats.packets[RTP_AUDIO] + stats.packets[RTP_VIDEO];
    assert_int_equal(sent_count + lost, of);
    assert_true(lost > of * 4 / 100 && lost < of * 6 / 100);
    size_t holes = missing(RTP_AUDIO) + missing(RTP_VIDEO);
    assert_true(holes <= lost && holes + 40 > lost); /* the rest are reports */

    /* the same ones, whatever else goes wrong */
    params.jitter_us = 10 * MS;
    params.duplicate = 0.1;
    play();
    assert_int_equal(stats.lost, lost);
}

static void loses_bursts(void **state)
{
    (void)state;
    params.burst_every_us = 3 * S;
    params.burst_us = 300 * MS;
    play();
    for (size_t i = 0; i < sent_count; i++) {
        int64_t at = sent[i].when_us;
        assert_true(at < 3 * S || at % (3 * S) >= 300 * MS);
    }
    assert_int_equal(missing(RTP_AUDIO), 3 * 15);
}

static void delays_some_past_others(void **state)
{
    size_t i = 0, overtaken = 0;
    int64_t last = -1;

    (void)state;
    params.reorder = 0.1;
    params.reorder_us = 100 * MS;
    play();
    assert_int_equal(count_rtp(RTP_AUDIO), 500);
    for (const Sent *s; (s = next_rtp(RTP_AUDIO, &i));) {
        int64_t due = (uint16_t)(s->sequence - 65500 - 10) * SYNTHETIC_AUDIO_US;
        assert_true(s->when_us >= due && s->when_us <= due + 100 * MS);
        overtaken += due < last;
        last = due > last ? due : last;
    }
    assert_true(overtaken > 20 && overtaken <= 80);
    assert_true(stats.delayed > 50 && stats.delayed < 110);
}

static void doubles_some(void **state)
{
    (void)state;
    params.duplicate = 0.1;
    play();
    assert_true(stats.doubled > 50 && stats.doubled < 110);
    assert_int_equal(sent_count,
                     stats.packets[RTP_AUDIO] + stats.packets[RTP_VIDEO] + stats.doubled);
}

static void jitter_keeps_the_order(void **state)
{
    size_t i = 0;
    int64_t due = 0, sum = 0;

    (void)state;
    params.jitter_us = 60 * MS;
    play();
    assert_seamless(RTP_AUDIO, 960, false);
    assert_seamless(RTP_VIDEO, 3600, true);
    for (const Sent *s; (s = next_rtp(RTP_AUDIO, &i)); due += SYNTHETIC_AUDIO_US) {
        assert_true(s->when_us >= due && s->when_us <= due + 60 * MS);
        sum += s->when_us - due;
    }
    assert_true(sum / 500 > 25 * MS && sum / 500 < 50 * MS);
}

/* Timestamps without a seam, at the rate of a clock that is off, and what is heard stays where it
 * is seen. */
static void audio_clock_is_off(void **state)
{
    static const double ppm[] = {200, -200, 5000, -5000};

    (void)state;
    params.duration_us = 100 * S;
    for (size_t row = 0; row < COUNT(ppm); row++) {
        double rate = 1 + ppm[row] / 1e6;
        params.audio_ppm = ppm[row];
        play();
        assert_seamless(RTP_AUDIO, 960, false);
        assert_seamless(RTP_VIDEO, 3600, true);
        double expected = 50 * 100 * rate;
        assert_true(fabs((double)count_rtp(RTP_AUDIO) - expected) <= 1);
        for (size_t i = 0; i < sent_count; i++) {
            const Sent *s = &sent[i];
            if (s->track != RTP_AUDIO)
                continue;
            uint32_t moved = s->timestamp - synthetic_clock(RTP_AUDIO, SYNTHETIC_LEAD_US);
            if (s->is_rtcp) {
                int64_t at = s->ntp_us - SYNTHETIC_UNIX_US - SYNTHETIC_LEAD_US;
                assert_true(fabs((double)moved - (double)at * 0.048 * rate) <= 2);
                assert_true(llabs(s->when_us - at) <= 20 * MS);
                continue;
            }
            int64_t off = (s->when_us - s->content_us) % (2 * S);
            off = off > S ? off - 2 * S : off;
            assert_true(fabs((double)moved - (double)s->when_us * 0.048 * rate) <= 2);
            /* 10 ms, and what a round by this clock drifts by itself */
            assert_true(llabs(off) <= 10 * MS + llround(2e6 * fabs(ppm[row]) / 1e6) + 20 * MS);
        }
    }
}

static void first_numbers_are_as_asked(void **state)
{
    (void)state;
    params.first_sequence = 65533;
    params.first_timestamp = UINT32_MAX - 1000;
    play();
    for (RtpTrack track = 0; track <= RTP_VIDEO; track++) {
        size_t i = 0;
        const Sent *s = next_rtp(track, &i);
        assert_int_equal(s->sequence, 65533);
        assert_int_equal(s->timestamp, UINT32_MAX - 1000);
    }
    assert_seamless(RTP_AUDIO, 960, false);
    assert_seamless(RTP_VIDEO, 3600, true);
}

static void leaves_out_what_is_not_wanted(void **state)
{
    (void)state;
    params.no_reports[RTP_AUDIO] = true;
    play();
    assert_int_equal(count_reports(RTP_AUDIO), 0);
    assert_int_equal(count_reports(RTP_VIDEO), 20);
    params.leave_out[RTP_VIDEO] = true;
    play();
    assert_int_equal(sent_count, 500);
    params.leave_out[RTP_AUDIO] = true;
    play();
    assert_int_equal(sent_count, 0);
}

static void a_new_sender_begins_with_an_idr_picture(void **state)
{
    uint32_t ssrc[RTP_TRACKS] = {SYNTHETIC_SSRC, SYNTHETIC_SSRC + 1}, clock_at_0[RTP_TRACKS];
    size_t changes = 0;

    (void)state;
    params.ssrc_every_us = 2500 * MS;
    play();
    for (RtpTrack track = 0; track <= RTP_VIDEO; track++)
        clock_at_0[track] = synthetic_clock(track, SYNTHETIC_LEAD_US);
    for (size_t i = 0; i < sent_count; i++) {
        const Sent *s = &sent[i];
        uint32_t clock =
            clock_at_0[s->track] + (uint32_t)(s->when_us * rtp_track_clock_hz(s->track) / S);
        if (s->ssrc != ssrc[s->track]) {
            if (s->track == RTP_VIDEO) {
                assert_int_equal(s->when_us % S, 0);
                changes++;
            }
            assert_false(s->is_rtcp);
            ssrc[s->track] = s->ssrc;
            clock_at_0[s->track] += s->timestamp - clock;
        } else {
            assert_int_equal(s->timestamp, clock); /* of packets and reports alike */
        }
    }
    assert_int_equal(changes, 3); /* at 3, 5 and 8 s */
    assert_int_equal(stats.ssrc_changes, 3);
    params.leave_out[RTP_VIDEO] = true;
    play();
    assert_int_equal(stats.ssrc_changes, 3);
}

/* Plays with no audio for 3.7 s. Returns by how much the timestamp grows over it. */
static uint32_t play_with_pause(void)
{
    size_t i = 0, holes = 0;
    uint32_t grown = 960;

    params.pause_from_us = 1500 * MS;
    params.pause_to_us = 5200 * MS;
    play();
    assert_in_range(count_rtp(RTP_AUDIO), 314, 316); /* 6.3 s */
    const Sent *before = next_rtp(RTP_AUDIO, &i);
    for (const Sent *s; (s = next_rtp(RTP_AUDIO, &i)); before = s) {
        assert_true(s->when_us < params.pause_from_us || s->when_us >= params.pause_to_us);
        assert_int_equal(s->sequence, (uint16_t)(before->sequence + 1));
        if (s->timestamp - before->timestamp == 960)
            continue;
        holes++;
        grown = s->timestamp - before->timestamp;
    }
    assert_true(holes <= 1);
    assert_seamless(RTP_VIDEO, 3600, true);
    return grown;
}

static void audio_pauses(void **state)
{
    (void)state;
    assert_int_equal(play_with_pause(), 960 + 3700 * 48);
}

static void audio_is_lost_before_it_is_encoded(void **state)
{
    (void)state;
    params.pause_stops_clock = true;
    assert_int_equal(play_with_pause(), 960);
    /* and reports say of the clock that it has stood still */
    int64_t began_us[2] = {0}; /* by the reports before and behind it, when the clock stood at 0 */
    for (size_t i = 0; i < sent_count; i++)
        if (sent[i].track == RTP_AUDIO && sent[i].is_rtcp)
            began_us[sent[i].when_us >= params.pause_to_us] =
                sent[i].ntp_us - (int64_t)sent[i].timestamp * 1000 / 48;
    assert_true(llabs(began_us[1] - began_us[0] - 3700 * MS) <= 1 * MS);
}

static void video_pauses_to_an_idr_picture(void **state)
{
    const Sent *before = NULL, *after = NULL;

    (void)state;
    params.video_pause[params.video_pauses++] =
        (RtpVideoPause){RTP_VIDEO, 2500 * MS, 4200 * MS}; /* the next IDR picture is at 5 s */
    play();
    for (size_t i = 0; i < sent_count; i++) {
        const Sent *s = &sent[i];
        if (s->track != RTP_VIDEO || s->is_rtcp)
            continue;
        assert_false(s->when_us >= 2500 * MS && s->when_us < 5 * S);
        if (s->when_us < 5 * S)
            before = s;
        else if (!after)
            after = s;
    }
    assert_non_null(before);
    assert_non_null(after);
    assert_int_equal((uint16_t)(after->sequence - before->sequence), 1);
    assert_int_equal(after->timestamp - before->timestamp, (5000 - 2480) * 90);
    assert_int_equal(after->when_us, 5 * S);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(plays_rounds_without_a_seam, setup, teardown),
    cmocka_unit_test_setup_teardown(reports_go_with_the_rounds, setup, teardown),
    cmocka_unit_test_setup_teardown(the_seed_decides, setup, teardown),
    cmocka_unit_test_setup_teardown(loses_the_part_that_is_asked_for, setup, teardown),
    cmocka_unit_test_setup_teardown(loses_bursts, setup, teardown),
    cmocka_unit_test_setup_teardown(delays_some_past_others, setup, teardown),
    cmocka_unit_test_setup_teardown(doubles_some, setup, teardown),
    cmocka_unit_test_setup_teardown(jitter_keeps_the_order, setup, teardown),
    cmocka_unit_test_setup_teardown(audio_clock_is_off, setup, teardown),
    cmocka_unit_test_setup_teardown(first_numbers_are_as_asked, setup, teardown),
    cmocka_unit_test_setup_teardown(leaves_out_what_is_not_wanted, setup, teardown),
    cmocka_unit_test_setup_teardown(a_new_sender_begins_with_an_idr_picture, setup, teardown),
    cmocka_unit_test_setup_teardown(audio_pauses, setup, teardown),
    cmocka_unit_test_setup_teardown(audio_is_lost_before_it_is_encoded, setup, teardown),
    cmocka_unit_test_setup_teardown(video_pauses_to_an_idr_picture, setup, teardown),
};

TEST_GROUP(rtp_faults, tests);
