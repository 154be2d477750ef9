/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"

#include "instruments/hls-doctor/align_rules.h"

#define SECOND   1000000ll
#define TICKS    90000
#define FIRST_90 900000 /* where the media begins */
#define START_US (1770000000 * SECOND)

enum { HIGH, LOW, SOUND };

/* One segment of two seconds in two parts, to be spoilt. */
typedef struct Sample {
    M3u8Segment listed;
    MediaPart part[2];
    MediaSegment segment;
} Sample;

static char uri[] = "s.m4s", map[] = "init.mp4";

static void make(Sample *s, size_t which, uint64_t sequence)
{
    int64_t start = FIRST_90 + (int64_t)sequence * 2 * TICKS;
    const ProbeTrack pictures = {.packets = 60,
                                 .first_pts = start,
                                 .first_dts = start,
                                 .end_pts = start + 2 * TICKS,
                                 .end_dts = start + 2 * TICKS};
    const ProbeTrack sound = {.packets = 93,
                              .first_pts = start + 1800,
                              .first_dts = start + 1800,
                              .end_pts = start + 1800 + 93 * 1920,
                              .end_dts = start + 1800 + 93 * 1920};

    *s = (Sample){0};
    s->listed = (M3u8Segment){.uri = uri,
                              .map = map,
                              .duration_us = 2 * SECOND,
                              .sequence = sequence,
                              .time_unix_us = START_US + (int64_t)sequence * 2 * SECOND};
    s->segment = (MediaSegment){.listed = &s->listed, .part_count = 2, .parts = s->part};
    s->part[0].listed.independent = true;
    if (which == SOUND) {
        s->segment.facts.audio = sound;
        s->listed.duration_us = 93 * 1920 * 1000 / 90;
        s->listed.time_unix_us += 20000;
        s->segment.part_count = 0;
    } else {
        s->segment.facts.video = s->part[0].facts.video = s->part[1].facts.video = pictures;
        s->segment.facts.starts_with_idr = true;
        s->part[1].facts.video.first_dts += TICKS;
    }
}

/* The same as a transport stream, which has the sound too. */
static void make_ts(Sample *s, uint64_t sequence)
{
    Sample sound;

    make(s, HIGH, sequence);
    make(&sound, SOUND, sequence);
    s->listed.map = NULL;
    s->segment.part_count = 0;
    s->segment.facts.audio = sound.segment.facts.audio;
}

static AlignRules *ladder(bool strict)
{
    AlignRules *r = align_rules_create(findings, strict);

    assert_non_null(r);
    assert_int_equal(align_rules_add(r, "high"), 0);
    assert_int_equal(align_rules_add(r, "low"), 0);
    assert_int_equal(align_rules_add(r, "sound"), 0);
    return r;
}

/* What may be wrong in one of the three. */
static void nothing(Sample *s)
{
    (void)s;
}
static void a_tick_late(Sample *s)
{
    s->segment.facts.video.first_pts++;
}
static void decoded_a_tick_late(Sample *s)
{
    s->segment.facts.video.first_dts++;
}
static void decoded_before_it_is_shown(Sample *s)
{
    s->segment.facts.video.first_dts -= 7200;
    s->segment.facts.video.end_dts -= 7200;
}
static void longer(Sample *s)
{
    s->listed.duration_us += 10;
}
static void dated_late(Sample *s)
{
    s->listed.time_unix_us += 2000;
}
static void dated_very_late(Sample *s)
{
    s->listed.time_unix_us += 12000;
}
static void dated_a_little_early(Sample *s)
{
    s->listed.time_unix_us -= 4000;
}
static void undated(Sample *s)
{
    s->listed.time_unix_us = M3U8_NO_TIME;
}
static void one_ahead(Sample *s)
{
    s->listed.sequence++;
}
static void no_pictures(Sample *s)
{
    s->segment.facts.audio = s->segment.facts.video;
    s->segment.facts.video = (ProbeTrack){0};
}
static void another_part(Sample *s)
{
    s->part[0].facts.video.first_dts += 3000;
}
static void more_independent(Sample *s)
{
    s->part[1].listed.independent = true;
}
static void parts_unseen(Sample *s)
{
    s->segment.part_count = 0;
}
static void sound_early(Sample *s)
{
    s->segment.facts.audio.first_pts -= 3 * 1920;
    s->segment.facts.audio.first_dts -= 3 * 1920;
    s->listed.time_unix_us -= 64000;
}
static void sound_short(Sample *s)
{
    s->segment.facts.audio.end_pts -= 3 * 1920;
}

static const struct Row {
    const char *row, *rule;
    void (*spoil)(Sample *);
    size_t which;
} rows[] = {
    {"good", NULL, nothing, LOW},
    {"shown late", "renditions are not cut at one tick", a_tick_late, LOW},
    {"decoded late", "renditions are not cut at one tick", decoded_a_tick_late, HIGH},
    {"decoded before it is shown, as with B-frames", NULL, decoded_before_it_is_shown, HIGH},
    {"EXTINF", "renditions differ in the EXTINF", longer, LOW},
    {"date", "renditions differ in the date", dated_late, LOW},
    {"no date", NULL, undated, LOW},
    {"date of sound", "renditions differ in the date", dated_very_late, SOUND},
    {"sound dated early", NULL, dated_a_little_early, SOUND},
    {"number", "renditions number one time differently", one_ahead, LOW},
    {"no pictures", "one rendition lacks the pictures", no_pictures, LOW},
    {"part", "independent parts do not begin", another_part, LOW},
    {"one part more", "independent parts do not begin", more_independent, LOW},
    {"no part known", NULL, parts_unseen, LOW},
    {"sound early", "sound does not begin with its pictures", sound_early, SOUND},
    {"sound short", "sound does not end with its pictures", sound_short, SOUND},
};

static void try_row(const struct Row *row, bool strict)
{
    AlignRules *r = ladder(strict);

    for (uint64_t sequence = 1; sequence <= 3; sequence++)
        for (size_t which = HIGH; which <= SOUND; which++) {
            Sample s;
            make(&s, which, sequence);
            if (sequence == 2 && which == row->which)
                row->spoil(&s);
            align_rules_segment(r, which, &s.segment);
        }
    bool parts = row->rule && strncmp(row->rule, "independent", 11) == 0; /* always a remark */
    assert_found(findings, row->row, row->rule, parts || !strict);
    align_rules_destroy(&r);
    teardown(NULL);
    setup(NULL);
}

static void segments_of_one_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        try_row(&rows[i], true);
        try_row(&rows[i], false);
    }
}

/* No picture came in time: the segment was cut at its limit, and the next picture is shown later.
 */
static void a_picture_may_stand_where_a_segment_was_cut_by_time(void **state)
{
    (void)state;
    for (int idr = 0; idr <= 1; idr++) {
        AlignRules *r = ladder(true);
        Sample s;
        for (size_t which = HIGH; which <= SOUND; which++) {
            make(&s, which, 7);
            if (which != SOUND) {
                s.segment.facts.video.first_pts += 5913; /* 65.7 ms */
                s.segment.facts.starts_with_idr = idr;
            } else if (idr) {
                s.segment.facts.audio.end_pts += 5913; /* one rule is enough */
            }
            align_rules_segment(r, which, &s.segment);
        }
        assert_found(findings, idr ? "an IDR picture" : "another",
                     idr ? "sound does not begin with its pictures" : NULL, false);
        align_rules_destroy(&r);
        teardown(NULL);
        setup(NULL);
    }
}

/* One transport stream has no picture, and the other has its first one late. */
static void streams_without_pictures_in_one_are_told_by_their_sound(void **state)
{
    static const struct {
        const char *name, *rule; /* NULL: several */
        int64_t later, dated_us; /* the sound of the one with pictures, and its date */
        size_t faults;
    } cases[] = {
        {"no pictures", "one rendition lacks the pictures", 0, 0, 1},
        {"and another date", NULL, 0, 2000, 2},
        {"another number", "renditions number one time differently", 2 * TICKS, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AlignRules *r = ladder(true);
        for (size_t which = HIGH; which <= LOW; which++) {
            Sample s;
            make_ts(&s, 1);
            align_rules_segment(r, which, &s.segment);
            make_ts(&s, 2);
            if (which == HIGH) {
                s.segment.facts.video = (ProbeTrack){0};
            } else {
                s.segment.facts.video.first_pts += TICKS * 3 / 2;
                s.segment.facts.video.first_dts += TICKS * 3 / 2;
                s.segment.facts.audio.first_pts += cases[i].later;
                s.segment.facts.audio.first_dts += cases[i].later;
                s.listed.time_unix_us += cases[i].dated_us;
            }
            align_rules_segment(r, which, &s.segment);
        }
        if (cases[i].rule)
            assert_found(findings, cases[i].name, cases[i].rule, false);
        assert_row(findings_count(findings) == cases[i].faults, cases[i].name, "%zu faults",
                   findings_count(findings));
        align_rules_destroy(&r);
        empty_findings();
    }
}

/* The same of pictures beside each other: each rendition shows the next one when it was captured.
 * It is decoded where the segment begins, and that is one tick for all. */
static void each_rendition_shows_its_own_next_picture_where_it_was_cut_by_time(void **state)
{
    static const struct {
        const char *name, *rule;
        bool high_idr, low_idr;
        int64_t shown_later, decoded_later;
    } cases[] = {
        {"no IDR picture", NULL, false, false, 60, 0},
        {"one of them has missed it", NULL, false, true, 60, 0},
        {"an IDR picture", "renditions are not cut at one tick", true, true, 60, 0},
        {"decoded elsewhere", "renditions are not cut at one tick", false, false, 60, 60},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AlignRules *r = ladder(true);
        Sample s;
        for (size_t which = HIGH; which <= SOUND; which++) {
            make(&s, which, 7);
            s.segment.part_count = 0;
            if (which == HIGH) {
                s.segment.facts.video.first_pts += cases[i].shown_later;
                s.segment.facts.video.first_dts += cases[i].decoded_later;
            }
            s.segment.facts.starts_with_idr = which == HIGH ? cases[i].high_idr : cases[i].low_idr;
            align_rules_segment(r, which, &s.segment);
        }
        assert_found(findings, cases[i].name, cases[i].rule, false);
        assert_int_equal(align_rules_history(r).pictures_off_90k, cases[i].rule ? 60 : 0);
        align_rules_destroy(&r);
        teardown(NULL);
        setup(NULL);
    }
}

static void what_is_said_of_it(void **state)
{
    AlignRules *r = ladder(true);
    Sample s;

    (void)state;
    for (size_t which = HIGH; which <= SOUND; which++) {
        make(&s, which, 7);
        if (which == LOW)
            s.segment.facts.video.first_pts -= 30;
        align_rules_segment(r, which, &s.segment);
    }
    AlignHistory h = align_rules_history(r);
    assert_int_equal(h.pictures, 1);
    assert_int_equal(h.pictures_off_90k, 30);
    assert_int_equal(h.parts, 1);
    assert_int_equal(h.sounds, 2);
    assert_int_equal(h.sounds_off_90k, 1830);
    align_rules_destroy(&r);
}

/* They come in any order, and one may be many segments behind. */
static void renditions_may_come_late(void **state)
{
    AlignRules *r = ladder(true);
    Sample s;

    (void)state;
    for (uint64_t sequence = 1; sequence <= 300; sequence++) {
        make(&s, HIGH, sequence);
        align_rules_segment(r, HIGH, &s.segment);
    }
    for (uint64_t sequence = 1; sequence <= 300; sequence++) {
        make(&s, LOW, sequence);
        a_tick_late(&s);
        align_rules_segment(r, LOW, &s.segment);
    }
    assert_int_equal(align_rules_history(r).pictures, 96);
    align_rules_destroy(&r);
}

/* Timestamps of transport streams begin again, which a reader may see in one and not in the other.
 */
static void transport_streams(void **state)
{
    static const struct {
        const char *row, *rule;
        int64_t pts_off, sound_off;
        size_t frames_less;
    } ts_rows[] = {
        {"good", NULL, 0, 0, 0},
        {"wrapped", NULL, -(1ll << 33), -(1ll << 33), 0},
        {"late", "renditions are not cut at one tick", 1 - (1ll << 33), -(1ll << 33), 0},
        {"other sound", "renditions have not the same sound", 0, 1920, 0},
        {"a frame less", "renditions have not the same sound", 0, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ts_rows); i++) {
        AlignRules *r = ladder(true);
        Sample s;
        make_ts(&s, 1);
        align_rules_segment(r, HIGH, &s.segment);
        s.segment.facts.video.first_pts += ts_rows[i].pts_off;
        s.segment.facts.video.first_dts += ts_rows[i].pts_off;
        s.segment.facts.audio.first_pts += ts_rows[i].sound_off;
        s.segment.facts.audio.packets -= ts_rows[i].frames_less;
        align_rules_segment(r, LOW, &s.segment);
        assert_found(findings, ts_rows[i].row, ts_rows[i].rule, false);
        assert_int_equal(align_rules_history(r).pictures, 1);
        align_rules_destroy(&r);
        teardown(NULL);
        setup(NULL);
    }
}

#define LIST_OF(part)                                                                              \
    "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF:PART-TARGET=" part        \
    "\n#EXT-X-MEDIA-SEQUENCE:5\n"
#define LIST LIST_OF("0.2")
#define SEG  "#EXTINF:2.0,\ns.m4s\n"
#define DISC "#EXT-X-DISCONTINUITY\n"

static void lists(void **state)
{
    static const struct {
        const char *rule, *text;
    } list_rows[] = {
        {NULL, LIST SEG SEG DISC SEG},
        {NULL, LIST SEG SEG DISC SEG SEG},
        {"renditions differ in PART-TARGET", LIST_OF("0.25") SEG SEG DISC SEG},
        {"one segment number has two discontinuity numbers", LIST SEG DISC SEG SEG},
        {"one segment number has two discontinuity numbers",
         "#EXTM3U\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-TARGETDURATION:2\n"
         "#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MEDIA-SEQUENCE:5\n" SEG SEG DISC SEG},
    };
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(list_rows); i++)
        for (int strict = 0; strict < 2; strict++) {
            M3u8 *high = m3u8_read(LIST SEG SEG DISC SEG, strlen(LIST SEG SEG DISC SEG), &wrong);
            M3u8 *low = m3u8_read(list_rows[i].text, strlen(list_rows[i].text), &wrong);
            const RenditionView view[] = {{.uri = "high.m3u8", .list = high},
                                          {.uri = "low.m3u8", .list = low}};
            assert_true(high && low);
            align_rules_lists(findings, strict, view, COUNT(view));
            assert_found(findings, list_rows[i].text, list_rows[i].rule, !strict);
            m3u8_destroy(&high);
            m3u8_destroy(&low);
            teardown(NULL);
            setup(NULL);
        }
}

#define MULTI        "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"sound\"\n"
#define VARIANT(uri) "#EXT-X-STREAM-INF:BANDWIDTH=1\n" uri "\n"

static void versions_of_the_multivariant_playlist(void **state)
{
    static const struct {
        const char *rule, *text;
        bool remark;
    } multi_rows[] = {
        {NULL, MULTI VARIANT("low") VARIANT("high"), false},
        {"a rendition leaves", MULTI VARIANT("high"), false},
        {"a rendition leaves", "#EXTM3U\n" VARIANT("high") VARIANT("low"), false},
        {"a variant joins", MULTI VARIANT("high") VARIANT("low") VARIANT("more"), true},
    };
    static const char text[] = MULTI VARIANT("high") VARIANT("low");
    M3u8Multi before, now;
    const char *wrong;

    (void)state;
    assert_int_equal(m3u8_multi_read(text, strlen(text), &before, &wrong), 0);
    for (size_t i = 0; i < COUNT(multi_rows); i++)
        for (int strict = 0; strict < 2; strict++) {
            const char *other = multi_rows[i].text;
            assert_int_equal(m3u8_multi_read(other, strlen(other), &now, &wrong), 0);
            align_rules_multi(findings, strict, &before, &now);
            assert_found(findings, other, multi_rows[i].rule, multi_rows[i].remark || !strict);
            teardown(NULL);
            setup(NULL);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(segments_of_one_number),
    TEST(a_picture_may_stand_where_a_segment_was_cut_by_time),
    TEST(each_rendition_shows_its_own_next_picture_where_it_was_cut_by_time),
    TEST(streams_without_pictures_in_one_are_told_by_their_sound),
    TEST(what_is_said_of_it),
    TEST(renditions_may_come_late),
    TEST(transport_streams),
    TEST(lists),
    TEST(versions_of_the_multivariant_playlist),
};

TEST_GROUP(align_rules, tests);
