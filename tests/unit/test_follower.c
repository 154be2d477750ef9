/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <ctype.h>
#include <stdlib.h>

#include "hls-bridge/segment/follower.h"
#include "unit_of.h"

/* What a follower makes of a script. A word of it is a letter and a time in milliseconds:
 *   S C D the first segment begins, another one does, or that behind a discontinuity
 *   K b   an IDR picture of the best rendition, another picture
 *   k o   the same of the follower's own; x: an IDR picture with sets that it did not have before
 *   T     the clock is there
 *   R r   somebody makes its pictures, nobody does
 *   F     the publisher has gone
 *   P     whether it wants a discontinuity is written: "P", or "p" if it does not
 * Its outputs write "S", "C", "D" and "F" likewise, "s", "c" and "d" of a copy, "k" and "o" for its
 * own pictures, "K" and "b" for the best rendition's. */

#define MS(n) ((n)*TICKS_PER_S / 1000)

enum { OWN = 1, BEST, OTHER }; /* rtp_ts of pictures: whose they are */

static Follower follower;
static Outputs outputs;
static char made[4096];
static size_t made_len;
static int64_t known_90k; /* as its outputs were told last */
static bool differs;      /* parameter sets do, of its own pictures and the best rendition's */
static int64_t sets_of;   /* whose are those of its segment; 0: there are none yet */
static bool parted;       /* its segment has begun with a discontinuity, or is the first */
static bool moves;        /* what is out is out: pictures from before known_90k are moved there */
static int opened;

static void note(char what, int64_t at_90k)
{
    made_len +=
        (size_t)snprintf(made + made_len, sizeof(made) - made_len, "%s%c%lld", made_len ? " " : "",
                         what, (long long)(at_90k * 1000 / TICKS_PER_S));
    assert_true(made_len < sizeof(made));
}

static int start(void *self, const OutputSegment *first, int64_t now_us)
{
    (void)self, (void)now_us;
    note(first->copies ? 's' : 'S', first->start_90k);
    parted = true;
    return 0;
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    (void)self, (void)now_us;
    char what = next->discontinuity ? 'D' : 'C';
    note(next->copies ? (char)tolower(what) : what, next->start_90k);
    parted = next->discontinuity;
    return 0;
}

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    (void)self, (void)dts_90k, (void)now_us;
    assert_int_equal(unit->track, 2);
    if (unit->rtp_ts == OTHER)
        note('x', pts_90k);
    else
        note(unit->rtp_ts == OWN ? (unit->idr ? 'k' : 'o') : (unit->idr ? 'K' : 'b'), pts_90k);
    if (unit->idr) {
        assert_true(!differs || sets_of == 0 || sets_of == unit->rtp_ts || parted);
        sets_of = unit->rtp_ts;
    }
    return 0;
}

static int tick(void *self, int64_t known, int64_t now_us)
{
    (void)self, (void)now_us;
    known_90k = known;
    return 0;
}

static void settle(const void *self, const AccessUnit *unit, int64_t *pts_90k, int64_t *dts_90k)
{
    (void)self, (void)unit;
    if (moves && *dts_90k < known_90k)
        *pts_90k = *dts_90k = known_90k;
}

static int finish(void *self, int64_t now_us)
{
    (void)self, (void)now_us;
    note('F', 0);
    return 0;
}

static bool needs_cut(const void *self, const AccessUnit *unit)
{
    (void)self;
    return unit->idr && differs && sets_of != 0 && sets_of != unit->rtp_ts;
}

static void close_output(void *self)
{
    (void)self;
    opened--;
}

static int follow(void *self, size_t track, Output *out)
{
    static const OutputCalls calls = {.start = start,
                                      .needs_cut = needs_cut,
                                      .settle = settle,
                                      .cut = cut,
                                      .picture = picture,
                                      .tick = tick,
                                      .finish = finish,
                                      .close = close_output};

    (void)self;
    assert_int_equal(track, 2);
    opened++;
    *out = (Output){.calls = &calls};
    return 0;
}

static void begin(void)
{
    static const OutputCalls calls = {.follow = follow};

    follower_end(&follower);
    follower = (Follower){.rendition = {.kind = TRACK_VIDEO, .name = "480p", .follows = true}};
    outputs = (Outputs){1, {{.calls = &calls}}};
    made[0] = '\0';
    made_len = 0;
    known_90k = 0;
    differs = parted = moves = false;
    sets_of = 0;
    follower_begin(&follower, &outputs, 2);
}

static void send(int64_t whose, bool idr, int64_t at_90k, Codec codec)
{
    static const uint8_t bytes[] = {0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x41, 0x9A};
    AccessUnit unit = unit_of(bytes, sizeof(bytes), idr);

    unit.rtp_ts = whose;
    unit.codec = codec;
    unit.track = 7; /* whatever it is for whoever sends it */
    if (whose == BEST)
        follower_best(&follower, &unit, at_90k, at_90k, 0);
    else
        follower_own(&follower, &unit, at_90k, at_90k, 0);
}

static bool parts(Codec codec)
{
    const AccessUnit unit = {.codec = codec, .idr = true, .rtp_ts = BEST};

    return follower_parts(&follower, &unit);
}

static void do_step(char what, int64_t at_90k, Codec codec)
{
    const OutputSegment segment = {.start_90k = at_90k, .discontinuity = what == 'D'};

    switch (what) {
    case 'S':
    case 'C':
    case 'D':
        follower_cut(&follower, &segment, what == 'S', 0);
        break;
    case 'K':
    case 'b':
        send(BEST, what == 'K', at_90k, codec);
        break;
    case 'k':
    case 'o':
        send(OWN, what == 'k', at_90k, CODEC_H264);
        break;
    case 'x':
        send(OTHER, true, at_90k, CODEC_H264);
        break;
    case 'P':
        note(parts(codec) ? 'P' : 'p', at_90k);
        break;
    case 'T':
        follower_tick(&follower, at_90k, at_90k, 0);
        break;
    case 'R':
    case 'r':
        follower_set_running(&follower, what == 'R');
        break;
    default:
        assert_int_equal(what, 'F');
        follower_come_to_end(&follower, 0);
        follower_finish(&follower, 0);
    }
}

/* Returns what was made of it. */
static const char *play(const char *script, Codec codec)
{
    char what;
    int at_ms, len;

    while (sscanf(script, " %c%d%n", &what, &at_ms, &len) == 2) {
        do_step(what, MS(at_ms), codec);
        script += len;
    }
    return made;
}

static int teardown(void **state)
{
    (void)state;
    follower_end(&follower);
    return 0;
}

/* ---- tests ---- */

static void scripts_give_these(void **state)
{
    static const struct {
        const char *name, *script, *made;
    } rows[] = {
        {"its own pictures, each cut when they come to it",
         "R0 S1000 K1000 b1040 k1000 C1080 K1080 o1040 b1120 k1080 o1120",
         "S1000 k1000 o1040 C1080 k1080 o1120"},
        {"it is two cuts behind", "R0 S1000 K1000 C1040 K1040 C1080 K1080 k1000 k1040 k1080",
         "S1000 k1000 C1040 k1040 C1080 k1080"},
        {"nobody makes its pictures", "S1000 K1000 b1040 C1080 K1080 b1120",
         "S1000 K1000 b1040 C1080 K1080 b1120"},
        {"nothing comes for as long as is waited", "R0 T1000 S1000 K1000 b1040 T1999 T2000 b1080",
         "S1000 K1000 b1040 b1080"},
        {"a bit less than that", "R0 T1000 S1000 K1000 b1040 T1999 k1000 o1040",
         "S1000 k1000 o1040"},
        {"it comes back at the next cut",
         "R0 T1000 S1000 K1000 b1040 T2000 k1000 o1040 C2040 K2040 k2040 b2080 o2080",
         "S1000 K1000 b1040 C2040 k2040 o2080"},
        {"it goes silent: filled at the next cut, at once",
         "R0 T1000 S1000 K1000 k1000 b1040 T2500 C3000 K3000 b3040",
         "S1000 k1000 C3000 K3000 b3040"},
        {"it is slow to the cut, but not silent",
         "R0 T1000 S1000 K1000 b1040 b1080 k1000 T1500 C1120 K1120 T1900 o1040 T2500 o1080",
         "S1000 k1000 o1040 C1120 K1120"},
        {"the picture of the cut was left out",
         "R0 S1000 K1000 k1000 C1040 K1040 b1080 o1080 b1120 o1120 C1160 K1160 k1160",
         "S1000 k1000 C1040 K1040 b1080 b1120 C1160 k1160"},
        {"an IDR picture of another time is none of the cut",
         "R0 S1000 K1000 k1000 C1040 K1040 K1080 k1080", "S1000 k1000 C1040 K1040 K1080"},
        {"a cut without an IDR picture", "R0 S1000 K1000 k1000 C1040 b1050 o1050",
         "S1000 k1000 C1040 o1050"},
        {"a cut without any picture", "R0 S1000 K1000 k1000 C1040 T1050", "S1000 k1000 C1040"},
        {"such a cut waits for what lies before it",
         "R0 T1000 S1000 K1000 k1000 b1020 C1040 T1050 o1020", "S1000 k1000 o1020 C1040"},
        {"an IDR picture comes behind such a cut", "R0 S1000 K1000 k1000 C1040 T1050 K1060 k1060",
         "S1000 k1000 C1040 k1060"},
        {"a cut without an IDR picture while it is filled",
         "S1000 K1000 R0 C1040 b1050 o1050 b1060", "S1000 K1000 C1040 b1050 b1060"},
        {"it is started when a segment is half over, and needs an IDR picture",
         "S1000 K1000 T1000 R0 b1040 T2100 b2140 C2180 K2180 T2200 k2180",
         "S1000 K1000 b1040 b2140 C2180 k2180"},
        {"it ends: nothing is waited for any more",
         "R0 S1000 K1000 k1000 C1040 K1040 r0 T1050 b1080", "S1000 k1000 C1040 K1040 b1080"},
        {"the publisher goes", "R0 S1000 K1000 k1000 b1040 C1080 K1080 b1120 F0",
         "S1000 k1000 C1080 K1080 b1120 F0"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        const char *got = play(rows[i].script, CODEC_H264);
        assert_row(strcmp(got, rows[i].made) == 0, rows[i].name, "%s, not %s", got, rows[i].made);
    }
}

static void what_comes_late_is_in_no_segment_behind_its_own(void **state)
{
    /* the best rendition comes late to a cut, and its own pictures later still: what lies before
     * the cut is out when they come */
    static const struct {
        const char *name, *script, *made;
    } rows[] = {
        {"a segment begins with its IDR picture",
         "R0 T1000 S1000 K1000 k1000 b1500 b2000 T1900 o1500 T2800 C2040 K2040 o1900 T3100 o2000 "
         "o2020 k2040 o2080",
         "S1000 k1000 o1500 o1900 C2040 k2040 o2080"},
        {"... and nothing is lost of one that has none",
         "R0 T1000 S1000 K1000 k1000 b1500 b2000 T1900 o1500 T2800 C2040 b2050 o1900 T3100 o2000 "
         "o2050",
         "S1000 k1000 o1500 o1900 o2040 C2040 o2050"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        moves = true;
        const char *got = play(rows[i].script, CODEC_VP9);
        assert_row(strcmp(got, rows[i].made) == 0, rows[i].name, "%s, not %s", got, rows[i].made);
    }
}

static void pictures_of_another_codec_do_not_fill(void **state)
{
    (void)state;
    begin();
    assert_string_equal(play("S1000 K1000 b1040 C1080 K1080 R0 C1120 K1120 k1120", CODEC_VP9),
                        "S1000 C1080 C1120 k1120");
}

static void the_first_picture_is_waited_for_if_nothing_can_fill(void **state)
{
    (void)state;
    begin();
    assert_string_equal(play("R0 T1000 S1000 K1000 b1040 T9000 C9040 K9040 T9500", CODEC_VP8), "");
    assert_int_equal(follower_deadline_90k(&follower), INT64_MAX);
    assert_string_equal(play("k1000 k9040 o9080", CODEC_VP8), "S1000 k1000 C9040 k9040 o9080");
    begin();
    assert_string_equal(play("R0 T1000 S1000 K1000 T9000 r0 T9050", CODEC_VP8), "S1000");
}

static void other_parameter_sets_wait_for_a_discontinuity(void **state)
{
    static const struct {
        const char *name, *script, *made;
        Codec codec;
    } rows[] = {
        {"its own are others",
         "R0 S1000 K1000 k1000 P1 K1040 x1040 b1080 o1080 P2 D1120 K1120 x1120 P3",
         "S1000 k1000 p1 P2 D1120 x1120 p3", CODEC_H264},
        {"... at a cut that is listed already",
         "R0 S1000 K1000 k1000 C1040 K1040 x1040 o1060 P1 D1080 K1080 x1080 P2",
         "S1000 k1000 C1040 P1 D1080 x1080 p2", CODEC_H264},
        {"it goes, and is filled at the next cut",
         "R0 S1000 K1000 k1000 P1 r0 P2 D1040 K1040 b1060 P3",
         "S1000 k1000 p1 P2 D1040 K1040 b1060 p3", CODEC_H264},
        {"... its last picture stands if that is listed already",
         "R0 S1000 K1000 k1000 C1040 K1040 r0 b1060 P1 D1080 K1080 b1100",
         "S1000 k1000 C1040 P1 D1080 K1080 b1100", CODEC_H264},
        {"it is silent for too long",
         "R0 T1000 S1000 K1000 k1000 b1040 T1900 P1 T2500 P2 D3000 K3000",
         "S1000 k1000 p1 P2 D3000 K3000", CODEC_H264},
        {"it misses a cut, and is there at the next",
         "R0 S1000 K1000 k1000 C1040 K1040 o1060 P1 C1080 K1080 k1080",
         "S1000 k1000 C1040 p1 C1080 k1080", CODEC_H264},
        {"it is started, and comes back", "S1000 K1000 P1 R0 P2 D1040 K1040 k1040 P3",
         "S1000 K1000 p1 P2 D1040 k1040 p3", CODEC_H264},
        {"... and is too late for that",
         "T1000 S1000 K1000 R0 P1 D1040 K1040 b1100 T2100 P2 C2140 K2140 k1040 k2140 P3 D2200 "
         "K2200 k2200",
         "S1000 K1000 P1 D1040 K1040 b1100 p2 C2140 K2140 P3 D2200 k2200", CODEC_H264},
        {"... where nobody has made room for it",
         "S1000 K1000 C1040 R0 K1040 k1040 o1060 P1 D1080 K1080 k1080",
         "S1000 K1000 C1040 K1040 P1 D1080 k1080", CODEC_H264},
        {"what cannot take its place needs none",
         "R0 S1000 K1000 k1000 r0 P1 C1040 K1040 R0 P2 C1080 K1080 k1080",
         "S1000 k1000 p1 C1040 p2 C1080 k1080", CODEC_VP9},
        {"nothing has begun", "R0 P1 r0 P2", "p1 p2", CODEC_H264},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        differs = true;
        const char *got = play(rows[i].script, rows[i].codec);
        assert_row(strcmp(got, rows[i].made) == 0, rows[i].name, "%s, not %s", got, rows[i].made);
    }
}

static void the_same_parameter_sets_need_no_discontinuity(void **state)
{
    (void)state;
    begin();
    assert_string_equal(
        play("R0 S1000 K1000 k1000 r0 P1 C1040 K1040 R0 P2 C1080 K1080 k1080", CODEC_H264),
        "S1000 k1000 p1 C1040 K1040 p2 C1080 k1080");
}

static void what_nobody_watches_is_a_copy(void **state)
{
    static const struct {
        const char *name, *script, *made;
        Codec codec;
    } rows[] = {
        {"from the beginning", "S1000 K1000 b1040 C1080 b1090", "s1000 K1000 b1040 c1080 b1090",
         CODEC_H264},
        {"it is made from the beginning", "R0 S1000 K1000 k1000", "S1000 k1000", CODEC_H264},
        {"it is made at the next cut", "S1000 K1000 R0 b1040 P1 D1080 K1080 k1080 P2",
         "s1000 K1000 b1040 P1 D1080 k1080 p2", CODEC_H264},
        {"... and comes too late for that",
         "T1000 S1000 K1000 R0 P1 D1040 K1040 T2100 k1040 P2 D2140 K2140 k2140",
         "s1000 K1000 P1 D1040 K1040 P2 D2140 k2140", CODEC_H264},
        {"it is made no more", "R0 S1000 K1000 k1000 r0 b1040 P1 D1080 K1080 b1120 C1160 K1160 F0",
         "S1000 k1000 P1 d1080 K1080 b1120 c1160 K1160 F0", CODEC_H264},
        {"what is made is late", "R0 T1000 S1000 K1000 k1000 C1040 K1040 T2100",
         "S1000 k1000 C1040 K1040", CODEC_H264},
        {"its last picture stands", "R0 S1000 K1000 k1000 r0 C1040 K1040", "S1000 k1000 C1040",
         CODEC_VP9},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        follower.rendition.side = 240;
        differs = rows[i].codec == CODEC_H264 && !strstr(rows[i].name, "late");
        const char *got = play(rows[i].script, rows[i].codec);
        assert_row(strcmp(got, rows[i].made) == 0, rows[i].name, "%s, not %s", got, rows[i].made);
    }
}

static void no_more_is_known_than_its_own_pictures_tell(void **state)
{
    static const struct {
        const char *name, *script;
        int known_ms;
    } rows[] = {
        {"all has come back", "R0 T1000 S1000 K1000 k1000 T1200", 1200},
        {"something has not", "R0 T1000 S1000 K1000 k1000 b1040 T1200", 1000},
        {"for as long as is waited", "R0 T1000 S1000 K1000 k1000 b1040 T2200", 1200},
        {"nobody makes its pictures", "T1000 S1000 K1000 b1040 T1200", 1200},
        {"a cut waits", "R0 T1000 S1000 K1000 k1000 b1040 C1080 K1080 o1040 T1200", 1040},
        {"it is filled, and a cut waits", "T1000 S1000 K1000 b1040 R0 C1080 K1080 T1200", 1080},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        play(rows[i].script, CODEC_H264);
        assert_row(known_90k == MS(rows[i].known_ms), rows[i].name, "%lld, not %lld",
                   (long long)known_90k, (long long)MS(rows[i].known_ms));
    }
}

static void a_tick_is_due_as_long_as_a_cut_waits(void **state)
{
    (void)state;
    begin();
    play("R0 T1000 S1000 K1000", CODEC_H264);
    int64_t due_90k = follower_deadline_90k(&follower);
    assert_int_equal(due_90k, MS(1000) + OUTPUT_LAG_90K);
    follower_tick(&follower, due_90k, due_90k, 0);
    assert_int_equal(follower_deadline_90k(&follower), INT64_MAX);
}

static void more_cuts_than_there_is_room_for_are_not_waited_for(void **state)
{
    (void)state;
    begin();
    play("R0 S1000 K1000", CODEC_H264);
    for (int i = 1; i <= FOLLOWER_CUTS_MAX; i++) {
        do_step('C', MS(1000 + i), CODEC_H264);
        do_step('K', MS(1000 + i), CODEC_H264);
    }
    assert_string_equal(made, "S1000 K1000");
}

static void more_pictures_than_can_be_kept_are_not_waited_for(void **state)
{
    (void)state;
    begin();
    play("R0 S1000 K1000", CODEC_H264);
    for (int i = 1; i <= HELD_PICTURES_MAX; i++)
        send(BEST, false, MS(1000 + i), CODEC_H264);
    assert_int_equal(follower.cuts, 0);
    assert_int_equal(strncmp(made, "S1000 K1000 b1001 b1002", 23), 0);
    assert_non_null(strstr(made, " b1256"));
}

/* What makes them may have been taken over: what it can put on a disk is bounded. */
static void more_bytes_than_there_may_be_wait_for_a_cut(void **state)
{
    const int64_t most = 8 * 12 / OUTPUT_BOUND_BURST_S; /* bit/s: all at once is one picture */

    (void)state;
    begin();
    follower.bound = output_bound(&(OutputBoundParams){.picture_bitrate = most});
    assert_string_equal(
        play("R0 T1000 S1000 K1000 k1000 b1040 o1040 b1080 o1080 C1120 K1120 k1120", CODEC_H264),
        "S1000 k1000 C1120");
    assert_int_equal(follower_stats(&follower).dropped, 3);
    assert_string_equal(play("T4000 b4040 o4040 C4080 K4080 k4080 b4120 o4120", CODEC_H264),
                        "S1000 k1000 C1120 C4080 k4080");
}

static void status_tells_of_it(void **state)
{
    (void)state;
    begin();
    play("R0 T1000 S1000 K1000 b1040 k1000", CODEC_H264);
    FollowerStats s = follower_stats(&follower);
    assert_string_equal(s.name, "480p");
    assert_true(s.running && !s.filled && s.lag_90k == MS(40) && s.pictures == 1);
    play("r0 C1080 K1080 o1080", CODEC_H264);
    s = follower_stats(&follower);
    assert_true(!s.running && s.filled && s.lag_90k == 0 && s.dropped == 1 && s.fillings == 1);
}

static void outputs_are_closed(void **state)
{
    (void)state;
    begin();
    play("S1000 K1000 F0", CODEC_H264);
    follower_end(&follower);
    assert_int_equal(opened, 0);
}

/* ---- by dice ---- */

static unsigned dice(unsigned sides)
{
    static uint32_t state = 1;

    state = state * 1664525u + 1013904223u;
    return (state >> 8) % sides;
}

/* What the outputs have got must have every cut, in order, and pictures in order between the cuts
 * that they lie between; what came late stands by a tick behind the one before. */
static void assert_in_order(const int *cuts, size_t count)
{
    const char *at = made;
    int last = -1, at_ms, len;
    size_t seen = 0, pictures = 0;
    char what;

    for (; sscanf(at, " %c%d%n", &what, &at_ms, &len) == 2 && what != 'F'; at += len) {
        if (what == 'S' || what == 'C' || what == 'D') {
            assert_true(seen < count && at_ms == cuts[seen] && at_ms > last);
            seen++;
            continue;
        }
        assert_true(seen > 0 && at_ms >= cuts[seen - 1] && at_ms >= last);
        assert_true(seen == count || at_ms < cuts[seen]);
        last = at_ms;
        pictures++;
    }
    assert_int_equal(seen, count);
    assert_true(pictures > 0);
}

static void cuts_and_pictures_stay_in_order_whatever_comes(void **state)
{
    enum { STEPS = 60, QUEUE = 64 };

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct {
            int at_ms;
            bool idr;
        } queue[QUEUE]; /* what is being made of pictures */
        int cuts[STEPS], first = 0, last = 0;
        size_t count = 0;
        unsigned lag = dice(8), loss = dice(3) ? 0 : 1 + dice(6), spread = 3 + dice(12);

        begin();
        differs = dice(2);
        if (dice(4))
            do_step('R', 0, CODEC_H264);
        for (int i = 0; i < STEPS; i++) {
            int at_ms = 1000 + 40 * i;
            bool idr = i == 0 || dice(spread) == 0;
            if (idr || dice(spread * 2) == 0) {
                char how = idr && parts(CODEC_H264) ? 'D' : 'C';
                do_step(i == 0 ? 'S' : how, MS(at_ms), CODEC_H264);
                cuts[count++] = at_ms;
            }
            if (idr || dice(4)) {
                do_step(idr ? 'K' : 'b', MS(at_ms), CODEC_H264);
                if (!loss || dice(loss + 1))
                    queue[last].at_ms = at_ms, queue[last++].idr = idr;
            }
            while (first < last && (unsigned)(last - first) > lag && dice(5)) {
                do_step(queue[first].idr ? 'k' : 'o', MS(queue[first].at_ms), CODEC_H264);
                first++;
            }
            if (dice(40) == 0)
                do_step(dice(2) ? 'R' : 'r', 0, CODEC_H264);
            do_step('T', MS(at_ms + 20), CODEC_H264);
        }
        do_step('F', 0, CODEC_H264);
        assert_in_order(cuts, count);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(scripts_give_these),
    cmocka_unit_test(what_comes_late_is_in_no_segment_behind_its_own),
    cmocka_unit_test(pictures_of_another_codec_do_not_fill),
    cmocka_unit_test(the_first_picture_is_waited_for_if_nothing_can_fill),
    cmocka_unit_test(other_parameter_sets_wait_for_a_discontinuity),
    cmocka_unit_test(the_same_parameter_sets_need_no_discontinuity),
    cmocka_unit_test(what_nobody_watches_is_a_copy),
    cmocka_unit_test(no_more_is_known_than_its_own_pictures_tell),
    cmocka_unit_test(a_tick_is_due_as_long_as_a_cut_waits),
    cmocka_unit_test(more_cuts_than_there_is_room_for_are_not_waited_for),
    cmocka_unit_test(more_pictures_than_can_be_kept_are_not_waited_for),
    cmocka_unit_test(more_bytes_than_there_may_be_wait_for_a_cut),
    cmocka_unit_test(status_tells_of_it),
    cmocka_unit_test(outputs_are_closed),
    cmocka_unit_test(cuts_and_pictures_stay_in_order_whatever_comes),
};

TEST_GROUP(follower, tests, .teardown = teardown);
