/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A publisher whose sound and pictures are held up, each in its own way: from datagrams to
 * segments, in virtual time. What is asked of it, it answers; its media goes through the intake and
 * both outputs as the pipeline has it. */

#include "media_rig.h"

#include "hls-bridge/clock/timeline.h"

typedef enum ListKind { PICTURES, SOUND, KINDS } ListKind; /* of low latency */

#define MS           1000ll
#define SOUND_US     (20 * MS)
#define PICTURE_US   (40 * MS)
#define STEP_US      (10 * MS)
#define ANSWER_US    (80 * MS) /* from a request to the IDR picture */
#define SOUND_BASE   4294900000u
#define PICTURE_BASE 4294000000u
#define SOON_US      (3 * US_PER_S) /* a segment */
#define REPORTED_US  (6 * US_PER_S) /* two reports, and the second after which a step is made */
#define CALM_US      (30 * US_PER_S)

/* What happens to what is captured at a time. */
typedef struct Trouble {
    const char *name;
    /* samples of sound that were lost before they were encoded, in us, up to `at_us` */
    int64_t (*lost_us)(int64_t at_us);
    /* how long it is on its way */
    int64_t (*sound_us)(int64_t at_us), (*pictures_us)(int64_t at_us);
    int64_t calm_us; /* from then on nothing changes */
    uint64_t steps_max;
    bool stays; /* the sound is as late in calm: where it belongs is not known */
} Trouble;

static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                              0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80};
static const uint8_t idr[] = {0x65, 0x9A, 0x00, 0x04, 0x80, 0x20, 0x30};
static const uint8_t slice[] = {0x41, 0x9A, 0x00, 0x04, 0x04, 0x06};

static MediaRig rig;
static int64_t asked_us;                         /* for an IDR picture; 0: it was not */
static int64_t sound_place_us, picture_place_us; /* on the stream's clock, beside the capture's */
static uint64_t calm_asked, calm_forced;

static void on_picture(const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)dts_90k;
    picture_place_us = ticks_to_us(pts_90k - (unit->rtp_ts - PICTURE_BASE));
}

/* ---- a publisher ---- */

static uint32_t sound_ts(const Trouble *t, int64_t at_us)
{
    return SOUND_BASE + (uint32_t)us_to_samples(at_us - t->lost_us(at_us));
}

static void send_sound(const Trouble *t, int64_t at_us)
{
    /* what falls into a time that was lost is not encoded */
    if (t->lost_us(at_us) - t->lost_us(at_us - SOUND_US) >= SOUND_US)
        return;
    int64_t before = opus_to_aac_position(packager_audio(rig.packager));
    rig_send_silence(&rig, sound_ts(t, at_us));
    int64_t after = opus_to_aac_position(packager_audio(rig.packager));
    if (after - before >= us_to_samples(SOUND_US)) /* it was not too late */
        sound_place_us = samples_to_us(after) - at_us - SOUND_US;
    if (at_us % US_PER_S == 0)
        rig_report(&rig, RIG_SOUND, at_us, sound_ts(t, at_us));
}

static void send_picture(int64_t at_us)
{
    uint32_t ts = PICTURE_BASE + (uint32_t)us_to_90k(at_us);
    bool key = asked_us != 0 && at_us >= asked_us + ANSWER_US;

    if (key) {
        rig_send(&rig, RIG_PICTURES, ts, false, sps, sizeof(sps));
        rig_send(&rig, RIG_PICTURES, ts, false, pps, sizeof(pps));
        asked_us = 0;
    }
    rig_send(&rig, RIG_PICTURES, ts, true, key ? idr : slice, key ? sizeof(idr) : sizeof(slice));
    if (at_us % US_PER_S == 0)
        rig_report(&rig, RIG_PICTURES, at_us, ts);
}

/* ---- what becomes of it ---- */

/* Everything that is wrong in calm would be said here. */
static void check_calm(const Trouble *t, int64_t for_us, const IntakeStats *in,
                       const SegmenterStats *out)
{
    int64_t skew_us = picture_place_us - sound_place_us;

    assert_row(out->cutter.asked > calm_asked, t->name, "nobody was asked");
    assert_row(out->cutter.cut_forced == calm_forced, t->name,
               "a segment begins without an IDR picture");
    calm_asked = out->cutter.asked;
    if (for_us < REPORTED_US)
        return;
    assert_row(llabs(in->timeline.correction_us) <= TIMELINE_STEP_US, t->name,
               "%lld us are to be corrected", (long long)in->timeline.correction_us);
    assert_row(t->stays || llabs(skew_us) <= TIMELINE_STEP_US, t->name, "%lld us of skew",
               (long long)skew_us);
}

/* How many segments lie behind the last discontinuity of a low-latency list; -1: it has none. */
static int behind_discontinuity(const char *name, size_t *all)
{
    const char *text = rig_read(&rig, name);
    const char *before = strstr(text, "#EXT-X-DISCONTINUITY-SEQUENCE:"), *last = NULL;
    *all = (before ? strtoul(strchr(before, ':') + 1, NULL, 10) : 0) +
           rig_count(text, "#EXT-X-DISCONTINUITY\n");
    for (const char *at = text; (at = strstr(at, "#EXT-X-DISCONTINUITY\n")); at++)
        last = at;
    return last ? (int)rig_count(last, "#EXTINF:") : -1;
}

/* A step is a discontinuity in every list, and in the same place. */
static void check_lists(const Trouble *t, uint64_t steps)
{
    const Playlist *list = packager_playlist(rig.packager);
    size_t all = list->window.discontinuity_sequence;
    int behind = -1;

    for (size_t i = 0; i < list->window.count; i++)
        if (list->segments[i].common.discontinuity) {
            all++;
            behind = (int)(list->window.count - i);
        }
    assert_row(all == steps, t->name, "%zu discontinuities, %llu steps", all,
               (unsigned long long)steps);
    for (ListKind which = 0; which < KINDS; which++) {
        size_t ll_all;
        int ll_behind =
            behind_discontinuity(which == PICTURES ? "video.m3u8" : "audio.m3u8", &ll_all);
        assert_row(ll_all == all && ll_behind == behind, t->name,
                   "%zu discontinuities, %d behind; %zu, %d", ll_all, ll_behind, all, behind);
    }
}

static void run(const Trouble *t)
{
    int64_t began_us = rig.now_us, sound_us = 0, picture_us = 0;

    for (int64_t at_us = 0; at_us < t->calm_us + CALM_US; at_us += STEP_US) {
        rig.now_us = began_us + at_us;
        for (; sound_us + t->sound_us(sound_us) <= at_us; sound_us += SOUND_US)
            send_sound(t, sound_us);
        for (; picture_us + t->pictures_us(picture_us) <= at_us; picture_us += PICTURE_US)
            send_picture(picture_us);
        if (rig_tick(&rig) && asked_us == 0)
            asked_us = at_us;
        IntakeStats in = intake_stats(rig.intake);
        SegmenterStats out = segmenter_stats(rig.segmenter);
        if (at_us == t->calm_us + SOON_US) {
            calm_asked = out.cutter.asked - 1;
            calm_forced = out.cutter.cut_forced;
        }
        if (at_us >= t->calm_us + SOON_US && (at_us - t->calm_us) % SOON_US == 0)
            check_calm(t, at_us - t->calm_us, &in, &out);
    }
    IntakeStats in = intake_stats(rig.intake);
    assert_row(in.audio.silent_samples > 0, t->name, "nothing has happened");
    assert_row(in.timeline.steps <= t->steps_max, t->name, "%llu steps",
               (unsigned long long)in.timeline.steps);
    check_lists(t, in.timeline.steps);
}

/* ---- what may happen ---- */

static int64_t none(int64_t at_us)
{
    (void)at_us;
    return 0;
}

static int64_t network(int64_t at_us)
{
    (void)at_us;
    return 30 * MS;
}

/* A machine that is too busy to record: 0.9 s of sound are lost every six seconds. */
static int64_t loses(int64_t at_us)
{
    int64_t for_us = smaller(at_us, 50 * US_PER_S) - 20 * US_PER_S;

    return for_us < 0 ? 0 : for_us / (6 * US_PER_S) * 900 * MS;
}

/* What it sends comes in bursts. */
static int64_t bursts(int64_t at_us)
{
    int64_t in_us = at_us % (1500 * MS);

    if (at_us < 20 * US_PER_S || at_us > 50 * US_PER_S)
        return 30 * MS;
    return 30 * MS + (in_us < 700 * MS ? 700 * MS - in_us : 0);
}

/* It waits, longer and longer. */
static int64_t waits(int64_t at_us)
{
    return 30 * MS + (at_us < 20 * US_PER_S ? 0 : smaller(4500 * MS, (at_us - 20 * US_PER_S) / 4));
}

/* The same, and then all of it comes. */
static int64_t waits_and_comes(int64_t at_us)
{
    if (at_us < 30 * US_PER_S)
        return smaller(waits(at_us), 1500 * MS);
    return 30 * MS + (at_us < 31500 * MS ? 31500 * MS - at_us : 0);
}

/* Nothing comes for three seconds, and then all of it. */
static int64_t stops(int64_t at_us)
{
    int64_t in_us = at_us - 30 * US_PER_S;

    return 30 * MS + (in_us >= 0 && in_us < 3 * US_PER_S ? 3 * US_PER_S - in_us : 0);
}

/* It comes five seconds late at once, half a second less soon, and stays so. */
static int64_t waits_at_once(int64_t at_us)
{
    int64_t in_us = at_us - 30 * US_PER_S;

    return 30 * MS + (in_us < 0 ? 0 : in_us < 500 * MS ? 5 * US_PER_S - in_us : 4500 * MS);
}

static void within_a_segment_of_calm_all_is_well(void **state)
{
    static const Trouble rows[] = {
        {"the sound's clock stands still", loses, network, network, 50 * US_PER_S, 0, false},
        {"and the sound comes in bursts", loses, bursts, network, 50 * US_PER_S, 8, false},
        {"and so do the pictures", loses, bursts, bursts, 50 * US_PER_S, 4, false},
        {"the sound waits for good", none, waits, network, 40 * US_PER_S, 3, true},
        {"the sound waits", none, waits_and_comes, network, 32 * US_PER_S, 3, false},
        {"the sound waits at once", none, waits_at_once, network, 36 * US_PER_S, 1, true},
        {"all stops", none, stops, stops, 33 * US_PER_S, 0, false},
        {"the sound stops", none, stops, network, 33 * US_PER_S, 0, false},
        {"all waits", none, waits_and_comes, waits_and_comes, 32 * US_PER_S, 1, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        asked_us = 0;
        rig_open(&rig, true);
        rig.on_picture = on_picture;
        run(&rows[i]);
        rig_close(&rig);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(within_a_segment_of_calm_all_is_well),
};

TEST_GROUP(overload, tests);
