/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/clock/audio_clock.h"

#define FRAME   960 /* 20 ms, as browsers send */
#define LATE_US 500000
#define LATE    24000 /* the same in samples */
#define ROOM    (1 << 30)

static AudioClock audio;
static int64_t put; /* samples that came out of the steps */
static AudioLateness lateness;
static AudioVerdict verdict; /* the last one */
static int64_t room;         /* that there is for the next packet */

static int setup(void **state)
{
    (void)state;
    audio = (AudioClock){.max_late_us = LATE_US};
    put = 0;
    lateness = (AudioLateness){0};
    room = ROOM;
    return 0;
}

/* A packet that arrives when its time has just come. Returns the verdict as text: "D960" decodes,
 * "R" rebuilds, "C" conceals, "S" is silent, "D960-300" leaves the first 300 samples out. */
static const char *packet_slipped(int64_t ts, uint32_t lost, int64_t now_ts, int64_t slipped)
{
    static char text[160];
    AudioArrival in = {ts, FRAME, lost, now_ts, slipped, lateness, room};
    AudioVerdict v = audio_clock_packet(&audio, &in);

    verdict = v;
    text[0] = '\0';
    if (v.continuity == AUDIO_JUMPED)
        strcat(text, "jump ");
    if (v.continuity == AUDIO_SLIPPED)
        strcat(text, "slip ");
    if (v.continuity == AUDIO_CAUGHT_UP)
        strcat(text, "caught up ");
    if (v.continuity == AUDIO_MOVED)
        strcat(text, "move ");
    for (size_t i = 0; i < v.count; i++) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%c%lld", i ? " " : "",
                 "DRCS"[v.step[i].kind], (long long)v.step[i].samples);
        if (v.step[i].skip)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "-%lld",
                     (long long)v.step[i].skip);
        put += v.step[i].samples;
    }
    return text;
}

static const char *packet_at(int64_t ts, uint32_t lost, int64_t now_ts)
{
    return packet_slipped(ts, lost, now_ts, 0);
}

static const char *packet(int64_t ts, uint32_t lost)
{
    return packet_at(ts, lost, ts);
}

static void decodes_what_follows(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_string_equal(packet(5000 + i * FRAME, 0), "D960");
    assert_int_equal(put, 10 * FRAME);
}

static void fills_what_was_lost(void **state)
{
    static const struct {
        const char *name, *steps;
        int64_t gap;
        uint32_t lost;
    } rows[] = {
        {"one packet", "R960 D960", FRAME, 1},
        {"two packets", "C960 R960 D960", 2 * FRAME, 2},
        {"a long burst", "C4800 S8640 R960 D960", 15 * FRAME, 15},
        {"an odd gap", "R500 D960", 500, 1},
        {"a pause that was not lost", "C1920 D960", 2 * FRAME, 0},
        {"a longer pause", "C24000 S4800 D960", 30 * FRAME, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(NULL);
        packet(0, 0);
        const char *steps = packet(FRAME + rows[i].gap, rows[i].lost);
        assert_row(strcmp(steps, rows[i].steps) == 0, rows[i].name, "%s", steps);
        assert_row(put == 2 * FRAME + rows[i].gap, rows[i].name, "%lld", (long long)put);
    }
}

static void counts_what_it_fills(void **state)
{
    (void)state;
    packet(0, 0);
    packet(16 * FRAME, 15);
    assert_int_equal(audio.stats.rebuilt_samples, FRAME);
    assert_int_equal(audio.stats.concealed_samples, 4800);
    assert_int_equal(audio.stats.silent_samples, 15 * FRAME - FRAME - 4800);
}

static void overlap_is_left_out(void **state)
{
    (void)state;
    packet(0, 0);
    assert_string_equal(packet(FRAME - 300, 0), "D660-300");
    assert_string_equal(packet(2 * FRAME - 300, 0), "D960");
    assert_int_equal(audio.stats.dropped_samples, 300);
}

static void silence_follows_at_a_distance(void **state)
{
    (void)state;
    packet(0, 0);
    assert_int_equal(audio_clock_tick(&audio, FRAME + LATE), 0);
    assert_int_equal(audio_clock_tick(&audio, FRAME + LATE + 959), 0);
    assert_int_equal(audio_clock_tick(&audio, FRAME + LATE + 960), 960);
    assert_int_equal(audio_clock_tick(&audio, FRAME + LATE + 960), 0);
    assert_int_equal(audio_clock_tick(&audio, FRAME + LATE + 48960), 48000);
    /* the sender was silent, and its clock went on: the next packet is in its place */
    int64_t next = 2 * FRAME + LATE + 48960;
    assert_string_equal(packet_at(next, 0, next), "C24000 S960 D960");
}

static void nothing_is_silent_before_the_first_packet(void **state)
{
    (void)state;
    assert_int_equal(audio_clock_tick(&audio, 1000000), 0);
}

static void a_straggler_is_dropped(void **state)
{
    (void)state;
    packet(0, 0);
    audio_clock_tick(&audio, FRAME + LATE + 4800);
    assert_string_equal(packet_at(FRAME, 0, FRAME + LATE + 4800), "");
    assert_int_equal(audio.stats.late_packets, 1);
    assert_int_equal(audio.stats.moves, 0);
}

/* A network that has become slower for good: what comes is late, and always will be. */
static void the_clock_is_set_back_if_all_sound_is_late(void **state)
{
    int64_t ts = FRAME, late = LATE + 9600, put_before;
    int moved_after = 0;

    (void)state;
    packet(0, 0);
    for (int i = 0; i < 100; i++, ts += FRAME) {
        put += audio_clock_tick(&audio, ts + late);
        put_before = put;
        const char *steps = packet_at(ts, 0, ts + late);
        if (strncmp(steps, "move", 4) == 0) {
            assert_string_equal(steps, "move D960");
            moved_after = i + 1;
            break;
        }
        assert_string_equal(steps, "");
        assert_int_equal(put, put_before);
    }
    assert_int_equal(moved_after, 88); /* a second and three quarters of late packets */
    assert_int_equal(audio.next_ts, ts + FRAME);
}

/* Late packets that are too many, while other media is late by so much. Returns the steps. */
static const char *move(int64_t late_by, int64_t pictures)
{
    int64_t ts = FRAME;
    const char *steps = "";

    setup(NULL);
    packet(0, 0);
    lateness = (AudioLateness){late_by, pictures};
    for (; *steps == '\0'; ts += FRAME) {
        audio_clock_tick(&audio, ts + late_by);
        steps = packet_at(ts, 0, ts + late_by);
    }
    assert_int_equal(audio.next_ts, ts);
    return steps;
}

/* Pictures go where they arrive: they move with the sound by how late they are themselves. */
static void what_is_not_late_does_not_move_with_the_sound(void **state)
{
    (void)state;
    /* up to now all is silence; what is early now stands where it would have */
    assert_string_equal(move(LATE + 9600, 0), "move S24000 D960");
    assert_int_equal(verdict.jumped_from - verdict.jumped_to, LATE + 9600);
    /* by half of it: there is silence already for the other half */
    assert_string_equal(move(LATE + 9600, 9600), "move S14400 D960");
    assert_int_equal(verdict.jumped_from - verdict.jumped_to, LATE);
    /* all is late, and moves; but no more than the pictures are late */
    assert_string_equal(move(LATE + 9600, LATE + 9600), "move D960");
    assert_int_equal(verdict.jumped_from, verdict.jumped_to);
    assert_string_equal(move(LATE + 9600, LATE + 4800), "move D960");
    assert_int_equal(verdict.jumped_from - verdict.jumped_to, 4800);
    /* pictures that are later than the sound */
    assert_string_equal(move(LATE + 9600, LATE + 14400), "move D960");
    assert_int_equal(verdict.jumped_from - verdict.jumped_to, -4800);
}

/* A network that was gone for two seconds, and delivers then what it has: the newest is in time. */
static void a_late_burst_is_dropped_and_moves_nothing(void **state)
{
    int64_t now_ts = FRAME + 96000;

    (void)state;
    packet(0, 0);
    put += audio_clock_tick(&audio, now_ts);
    for (int64_t ts = FRAME; ts < now_ts; ts += FRAME)
        packet_at(ts, 0, now_ts);
    assert_int_equal(audio.stats.moves, 0);
    assert_int_equal(audio.next_ts, now_ts);
    assert_int_equal(put, now_ts);
}

/* However long the network was gone: what comes then is of the same clock. */
static void a_burst_of_many_seconds_moves_nothing(void **state)
{
    int64_t now_ts = FRAME + 8 * 48000;

    (void)state;
    packet(0, 0);
    put += audio_clock_tick(&audio, now_ts);
    for (int64_t ts = FRAME; ts < now_ts; ts += FRAME)
        packet_at(ts, ts == FRAME ? 3 : 0, now_ts);
    assert_int_equal(audio.stats.moves + audio.stats.jumps, 0);
    assert_int_equal(put, now_ts);
}

/* A sender that pauses, and its clock with it, is heard soon when it goes on. */
static void a_clock_that_has_paused_is_taken_up_soon(void **state)
{
    int64_t late = 60 * 48000, ts = FRAME, lost = 0;

    (void)state;
    packet(0, 0);
    lateness = (AudioLateness){late, 0};
    for (const char *steps = ""; *steps == '\0'; ts += FRAME, lost += FRAME) {
        audio_clock_tick(&audio, ts + late);
        steps = packet_at(ts, 0, ts + late);
    }
    assert_int_equal(lost - FRAME, 48000 * 2 / 5 - FRAME);
    assert_int_equal(audio.next_ts, ts);
    assert_int_equal(audio.stats.moves, 1);
}

/* It comes in a burst at first, and less late from then on, but late for good. */
static void what_stays_late_behind_a_burst_is_heard_again(void **state)
{
    int64_t ts = FRAME, late = 96000;

    (void)state;
    packet(0, 0);
    for (int i = 0; i < 200 && audio.stats.moves == 0; i++, ts += FRAME) {
        int64_t by = late - (i < 40 ? i : 40) * FRAME; /* 40 at once */
        audio_clock_tick(&audio, ts + by);
        packet_at(ts, 0, ts + by);
    }
    assert_int_equal(audio.stats.moves, 1);
}

/* What was lost before it was encoded is silence, and what follows is where it belongs. */
static void a_clock_that_has_stood_still_goes_on_behind_silence(void **state)
{
    (void)state;
    packet(0, 0);
    assert_string_equal(packet_slipped(FRAME, 0, FRAME + 7200, 7200), "slip S7200 D960");
    assert_string_equal(packet(2 * FRAME, 0), "D960");
    assert_int_equal(put, 3 * FRAME + 7200);
    assert_int_equal(audio.stats.slips, 1);

    /* so long that most of it was filled already: silence only up to where it belongs */
    setup(NULL);
    packet(0, 0);
    put += audio_clock_tick(&audio, FRAME + 48000);
    assert_string_equal(packet_slipped(FRAME, 0, FRAME + 48000, 48000), "slip S24000 D960");
    assert_int_equal(put, 2 * FRAME + 48000);

    /* and never less than nothing, where more was filled than it lost */
    setup(NULL);
    packet(0, 0);
    audio_clock_tick(&audio, FRAME + 48000);
    assert_string_equal(packet_slipped(FRAME, 0, FRAME + 48000, 4800), "slip D960");
}

static void another_clock_is_placed_by_arrival(void **state)
{
    static const int64_t beginnings[] = {4000000000ll, -4000000000ll, 48000 * 3600ll};

    (void)state;
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        setup(NULL);
        packet(0, 0);
        /* it comes 100 ms after the last one ended */
        assert_string_equal(packet_at(beginnings[i], 0, FRAME + 4800), "jump S4800 D960");
        assert_int_equal(audio.next_ts, beginnings[i] + FRAME);
        assert_string_equal(packet(beginnings[i] + FRAME, 0), "D960");
        assert_int_equal(audio.stats.jumps, 1);
    }
}

/* Media time may not be further ahead of real time: what is further is another clock, and what
 * finds no room is dropped, until there is as much again as there was. */
static void what_is_ahead_of_real_time_is_dropped(void **state)
{
    (void)state;
    packet(0, 0);
    room = 3 * FRAME;
    assert_string_equal(packet_at(4 * FRAME, 0, 4 * FRAME), "jump S1920 D960");
    assert_int_equal(put, 4 * FRAME);
    assert_string_equal(packet_slipped(5 * FRAME, 0, 5 * FRAME, 48000), "slip S1920 D960");
    put = 0;
    for (room = FRAME - 1; room < 96000; room += 4000)
        assert_string_equal(packet(100 * FRAME + room, 0), "");
    assert_int_equal(put, 0);
    assert_int_equal(audio.stats.aheads, 1);
    assert_int_equal(audio.stats.dropped_samples, 24 * FRAME);
    assert_string_equal(packet(500 * FRAME, 0), "caught up D960");
    assert_string_equal(packet(501 * FRAME, 0), "D960");
    assert_int_equal(audio.stats.aheads, 1);
}

/* Sound that is promised but has not come: silence until the first packet, whatever its time. */
static void a_guessed_beginning_takes_any_first_packet(void **state)
{
    (void)state;
    audio_clock_start(&audio, 0);
    assert_int_equal(audio_clock_tick(&audio, LATE + 48000), 48000);
    AudioArrival in = {48500, FRAME, 0, LATE + 48000, 0, lateness, ROOM};
    AudioVerdict v = audio_clock_packet(&audio, &in);
    assert_int_equal(v.continuity, AUDIO_JUMPED);
    assert_int_equal(v.jumped_from, LATE + 48000);
    assert_int_equal(v.jumped_to, 48500);
    assert_int_equal(v.step[0].kind, AUDIO_SILENCE);
    assert_int_equal(v.step[0].samples, LATE);
    assert_string_equal(packet_at(48500 + FRAME, 0, LATE + 48000 + FRAME), "D960");
    assert_int_equal(audio.stats.jumps, 0);
}

/* Whatever comes, the samples that come out fill the time without a gap or an overlap. */
static void never_a_sample_too_many_or_too_few(void **state)
{
    uint32_t random = 7;
    int64_t ts = 0;

    (void)state;
    packet(0, 0);
    for (int i = 0; i < 50000; i++) {
        random = random * 1664525u + 1013904223u;
        uint32_t lost = random >> 24 < 20 ? 1 + (random >> 16) % 12 : 0;
        ts += FRAME * (1 + lost);
        put += audio_clock_tick(&audio, ts);
        packet(ts, lost);
        assert_int_equal(audio.next_ts, ts + FRAME);
        assert_int_equal(put, ts + FRAME);
    }
    assert_int_equal(audio.stats.jumps, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(decodes_what_follows),
    TEST(fills_what_was_lost),
    TEST(counts_what_it_fills),
    TEST(overlap_is_left_out),
    TEST(silence_follows_at_a_distance),
    TEST(nothing_is_silent_before_the_first_packet),
    TEST(a_straggler_is_dropped),
    TEST(the_clock_is_set_back_if_all_sound_is_late),
    TEST(what_is_not_late_does_not_move_with_the_sound),
    TEST(a_burst_of_many_seconds_moves_nothing),
    TEST(a_clock_that_has_paused_is_taken_up_soon),
    TEST(what_stays_late_behind_a_burst_is_heard_again),
    TEST(a_late_burst_is_dropped_and_moves_nothing),
    TEST(a_clock_that_has_stood_still_goes_on_behind_silence),
    TEST(another_clock_is_placed_by_arrival),
    TEST(what_is_ahead_of_real_time_is_dropped),
    TEST(a_guessed_beginning_takes_any_first_packet),
    TEST(never_a_sample_too_many_or_too_few),
};

TEST_GROUP(audio_clock, tests);
