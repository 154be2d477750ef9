/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Renditions that come later than the one they are made of, in another size, through a packager
 * onto the disk and in virtual time: what their lists say beside those of the others. */

#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/package/ll_playlist.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

#define LAG_90K (TICKS_PER_S / 5)
#define QUEUE   64

enum { SOUND, BEST, RUNG };

/* What is being made of pictures. */
static struct {
    int64_t pts_90k;
    bool idr;
} queue[QUEUE];
static size_t first, last;
static bool decodes; /* an IDR picture has come */
static bool silent;  /* the publisher has no sound: its pictures stand first */
static bool groups;  /* what is made cannot be repeated */
static int side;     /* of one that is made only while it is watched; 0: always */

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static SyntheticPublisher publisher;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&publisher.clock_90k);

static void on_best(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user, (void)dts_90k;
    decodes = decodes || unit->idr;
    assert_true(last - first < QUEUE);
    if (decodes) {
        queue[last % QUEUE].pts_90k = pts_90k;
        queue[last++ % QUEUE].idr = unit->idr;
    }
}

static void give_back(int64_t until_90k)
{
    for (; first < last && queue[first % QUEUE].pts_90k <= until_90k; first++) {
        bool idr = queue[first % QUEUE].idr;
        uint8_t key[sizeof(synthetic_tall)];
        memcpy(key, synthetic_tall, sizeof(key));
        if (groups)
            key[SYNTHETIC_GROUPS] = SYNTHETIC_HAS_GROUP;
        AccessUnit unit = idr ? unit_of(key, sizeof(key), true)
                              : unit_of(synthetic_slice, sizeof(synthetic_slice), false);
        unit.track = RUNG - silent;
        segmenter_picture(publisher.segmenter, &unit, queue[first % QUEUE].pts_90k,
                          queue[first % QUEUE].pts_90k);
    }
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    hub = ll_hub_create(NULL);
    PackagerParams params = shop_packager(root, hub, &virtual_time);
    packager = packager_open(&params, synthetic_now_us(&publisher));
    assert_true(hub && packager);
    first = last = 0;
    decodes = silent = groups = false;
    side = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    packager_close(&packager);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
    return 0;
}

static void begin_named(Codec codec, const char *name)
{
    Renditions sent = renditions_of(!silent, true);

    sent.item[BEST - silent].codec = codec;
    sent.item[sent.count] = (Rendition){.kind = TRACK_VIDEO, .follows = true, .side = side};
    strcpy(sent.item[sent.count++].name, name);
    synthetic_begin(&publisher, packager_segmenter(packager));
    segmenter_begin(publisher.segmenter, &sent, synthetic_wall_clock, NULL);
    segmenter_set_tap(publisher.segmenter, &(SegmenterTap){on_best, NULL});
}

static void begin(Codec codec)
{
    begin_named(codec, "480p");
}

static void set_running(bool running)
{
    segmenter_set_running(publisher.segmenter, RUNG - silent, running);
    decodes = false;
    first = running ? first : last;
}

/* Sends pictures of a codec for so long. */
static void play(double seconds, Codec codec)
{
    int64_t until_90k = publisher.clock_90k + (int64_t)(seconds * TICKS_PER_S);
    static const uint8_t sample[] = {0x30, 0x01, 0x00, 0x9D, 0x01, 0x2A, 0, 5, 0xD0, 2, 7};

    while (publisher.clock_90k < until_90k) {
        if (codec == CODEC_H264) {
            synthetic_step(&publisher);
        } else {
            const AccessUnit unit = {.data = sample,
                                     .len = sizeof(sample),
                                     .codec = codec,
                                     .track = BEST - silent,
                                     .idr = publisher.wants_idr};
            segmenter_set_time(publisher.segmenter, synthetic_now_us(&publisher));
            segmenter_picture(publisher.segmenter, &unit, publisher.clock_90k, publisher.clock_90k);
            publisher.clock_90k += PUBLISHER_STEP_90K;
            if (!silent)
                synthetic_sound(&publisher);
            publisher.wants_idr = segmenter_tick(publisher.segmenter, publisher.clock_90k,
                                                 synthetic_now_us(&publisher));
        }
        give_back(publisher.clock_90k - LAG_90K);
    }
}

/* A file of the stream's, freed by the caller. */
static char *read_file(const char *name)
{
    char path[TEMP_FOLDER_SIZE + 64];
    char *text = calloc(1, LL_TEXT_SIZE);

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    FILE *f = fopen(path, "r");
    assert_true(text && f);
    assert_in_range(fread(text, 1, LL_TEXT_SIZE - 1, f), 1, LL_TEXT_SIZE - 2);
    fclose(f);
    return text;
}

static size_t occurrences(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

/* Leaves of a list what must be the same in all. Returns how many segments there are. */
static size_t keep_cuts(char *text, bool dates)
{
    static const char *const tags[] = {"#EXTINF", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY",
                                       "#EXT-X-PROGRAM-DATE-TIME"};
    size_t segments = occurrences(text, "#EXTINF"), len = 0;

    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        bool keeps = false;
        for (size_t i = 0; i < COUNT(tags) - !dates; i++)
            keeps = keeps || strncmp(line, tags[i], strlen(tags[i])) == 0;
        if (keeps) {
            memmove(text + len, line, (size_t)(end + 1 - line));
            len += (size_t)(end + 1 - line);
        }
    }
    text[len] = '\0';
    return segments;
}

static void assert_same_cuts(void)
{
    char *best = read_file("video.m3u8"), *rung = read_file("video-480p.m3u8");

    assert_in_range(keep_cuts(rung, true), 5, 100);
    keep_cuts(best, true);
    assert_string_equal(rung, best);
    free(best);
    free(rung);
}

static void assert_parts(const char *list, size_t expected)
{
    char *text = read_file(list);

    assert_int_equal(occurrences(text, "#EXT-X-DISCONTINUITY\n"), expected);
    /* no other initialisation segment but behind one */
    for (const char *at = text; (at = strstr(at, "\n#EXT-X-MAP")); at++)
        assert_true(strstr(text, "#EXTINF") > at ||
                    memmem(at - 60, 60, "#EXT-X-DISCONTINUITY", 20) != NULL);
    free(text);
}

/* How often a list changes its initialisation segment. */
static size_t maps(const char *list)
{
    char *text = read_file(list);
    size_t n = occurrences(text, "#EXT-X-MAP");

    free(text);
    return n;
}

static void it_is_listed_with_what_it_is(void **state)
{
    (void)state;
    begin(CODEC_H264);
    set_running(true);
    play(9, CODEC_H264);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    assert_same_cuts();
    assert_parts("video-480p.m3u8", 0);
    assert_int_equal(maps("video-480p.m3u8"), 1);
    char *master = read_file("master.m3u8");
    assert_non_null(strstr(master, "RESOLUTION=720x1280"));
    assert_non_null(strstr(master, "RESOLUTION=1280x720"));
    free(master);
}

static void it_is_filled_and_comes_back_with_sets_of_its_own(void **state)
{
    (void)state;
    begin(CODEC_H264);
    set_running(true);
    play(3, CODEC_H264);
    set_running(false);
    play(3, CODEC_H264);
    assert_int_equal(maps("video-480p.m3u8"), 2);
    set_running(true);
    play(5, CODEC_H264);
    SegmenterStats stats = segmenter_stats(publisher.segmenter);
    assert_int_equal(stats.followers, 1);
    assert_true(!stats.follower[0].filled && stats.follower[0].fillings == 1);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    assert_same_cuts();
    assert_parts("video.m3u8", 2);
    assert_parts("video-480p.m3u8", 2);
    assert_int_equal(maps("video-480p.m3u8"), 3);
    assert_int_equal(maps("video.m3u8"), 1);
}

static void the_next_publisher_goes_on_in_the_same_lists(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        begin(CODEC_H264);
        set_running(true);
        play(5, CODEC_H264);
        assert_int_equal(segmenter_stats(publisher.segmenter).ladder.renditions, 1);
        segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
        set_running(false);
    }
    char *best = read_file("video.m3u8"), *rung = read_file("video-480p.m3u8");
    assert_int_equal(occurrences(best, "#EXT-X-DISCONTINUITY\n"), 1);
    keep_cuts(best, true);
    keep_cuts(rung, true);
    assert_string_equal(rung, best);
    free(best);
    free(rung);
}

/* The ladder fills it: it is listed, and this publisher has none. */
static void a_publisher_without_one_goes_on_in_its_list(void **state)
{
    (void)state;
    begin(CODEC_H264);
    set_running(true);
    play(5, CODEC_H264);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    synthetic_begin(&publisher, packager_segmenter(packager));
    while (publisher.clock_90k < PUBLISHER_START_90K + 12 * TICKS_PER_S)
        synthetic_step(&publisher);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    char *best = read_file("video.m3u8"), *rung = read_file("video-480p.m3u8");
    assert_null(strstr(rung, "ENDLIST"));
    keep_cuts(best, true);
    keep_cuts(rung, true);
    assert_string_equal(rung, best);
    free(best);
    free(rung);
}

/* What viewers are told of its pictures is what they were. */
static void one_that_comes_back_with_gaps_alone_stays_listed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        begin(CODEC_VP8); /* of which it cannot be filled */
        set_running(true);
        if (i > 0) { /* nothing comes back */
            segmenter_set_tap(publisher.segmenter, NULL);
            first = last;
        }
        play(i > 0 ? 3 : 5, CODEC_VP8);
        segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
        set_running(false);
    }
    char *rung = read_file("video-480p.m3u8");
    assert_non_null(strstr(rung, "#EXT-X-GAP"));
    char *master = read_file("master.m3u8");
    assert_non_null(strstr(master, "CODECS=\"avc1.42C020,mp4a.40.2\",RESOLUTION=720x1280"));
    free(master);
    free(rung);
}

static void on_pause(void *user)
{
    (void)user;
}

static void on_wake(void *user)
{
    ++*(int *)user;
}

static size_t parts(const char *list)
{
    char *text = read_file(list);
    size_t n = occurrences(text, "#EXT-X-PART:");

    free(text);
    return n;
}

/* Asks for the rung's list, as it is. */
static LlAnswer ask(LlTicket *ticket, LlText **text)
{
    const LlDirectives any = {.msn = -1, .part = -1};

    return ll_hub_playlist(hub, "shop", "video-480p", &any, synthetic_now_us(&publisher), ticket,
                           text);
}

/* Until somebody asks: then the list is what it would have been. */
static void the_list_of_one_that_nobody_watches_has_whole_segments(void **state)
{
    int woken = 0;
    LlTicket ticket = {.pause = on_pause, .wake = on_wake, .user = &woken};
    LlText *text = NULL;

    (void)state;
    side = 480;
    begin(CODEC_H264);
    play(5, CODEC_H264);
    assert_in_range(parts("video-480p.m3u8"), 1, parts("video.m3u8") - 2);
    assert_int_equal(ask(&ticket, &text), LL_ANSWER_HELD);
    assert_int_equal(woken, 0);
    packager_expire(packager, synthetic_now_us(&publisher), 0);
    assert_int_equal(woken, 1);
    assert_int_equal(ask(&ticket, &text), LL_ANSWER_READY);
    ll_text_release(text);
    assert_int_equal(parts("video-480p.m3u8"), parts("video.m3u8"));
    play(0.5, CODEC_H264);
    assert_int_equal(parts("video-480p.m3u8"), parts("video.m3u8"));
    assert_int_equal(maps("video-480p.m3u8"), 1);
    play(9.5, CODEC_H264); /* requests are held for six seconds */
    assert_in_range(parts("video-480p.m3u8"), 1, parts("video.m3u8") - 2);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    assert_int_equal(parts("video-480p.m3u8"), parts("video.m3u8"));
    assert_same_cuts();
}

/* Two cuts wait, the second with another size, when nobody watches any more. */
static void a_copy_that_is_made_late_has_the_pictures_of_its_time(void **state)
{
    (void)state;
    side = 480;
    begin(CODEC_H264);
    set_running(true);
    play(5, CODEC_H264);
    segmenter_set_tap(publisher.segmenter, NULL); /* nothing comes back */
    for (int i = 0; i < 2; i++) {
        publisher.tall = !publisher.tall;
        publisher.wants_idr = true;
        for (int n = 0; n < 5; n++)
            synthetic_step(&publisher);
    }
    set_running(false);
    play(6, CODEC_H264);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    char *rung = read_file("video-480p.m3u8");
    assert_null(strstr(rung, "GAP"));
    free(rung);
    assert_int_equal(maps("video.m3u8"), 3);
    assert_int_equal(maps("video-480p.m3u8"), 3);
    assert_same_cuts();
}

/* The length of a segment, by its EXTINF; `*at` moves on behind it. */
static double next_length(const char **at)
{
    double seconds = 0;

    *at = strstr(*at, "#EXTINF:");
    assert_non_null(*at);
    *at += strlen("#EXTINF:");
    assert_int_equal(sscanf(*at, "%lf", &seconds), 1);
    return seconds;
}

/* The sound is cut like the rung. */
static void assert_sound_fits(const char *rung)
{
    char *sound = read_file("audio.m3u8");
    size_t segments = occurrences(rung, "#EXTINF");

    assert_int_equal(segments, occurrences(sound, "#EXTINF"));
    assert_in_range(segments, 5, 100);
    const char *of_rung = rung, *of_sound = sound;
    for (double off_s = 0; segments > 0; segments--) {
        off_s += next_length(&of_sound) - next_length(&of_rung);
        assert_true(off_s > -0.022 && off_s < 0.022); /* an AAC frame */
    }
    free(sound);
}

/* No output takes VP8, so there is no list of what is sent. Classic HLS has one of the rung, and it
 * is the best, whatever it is called. */
static void what_no_output_takes_is_seen_by_what_is_made_of_it(void **state)
{
    static const char *const rows[][2] = {{"480p", "video-480p.m3u8"}, {"", "video.m3u8"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        begin_named(CODEC_VP8, rows[i][0]);
        set_running(true);
        play(9, CODEC_VP8);
        segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
        char *rung = read_file(rows[i][1]), *master = read_file("master.m3u8");
        char *classic = read_file("ts.m3u8"), *best = read_file("index.m3u8");
        assert_int_equal(occurrences(master, ".m3u8\n"), 1);
        assert_non_null(strstr(master, "RESOLUTION=720x1280"));
        assert_int_equal(occurrences(classic, ".m3u8\n"), 1);
        assert_non_null(strstr(classic, "RESOLUTION=720x1280"));
        assert_null(strstr(rung, "GAP"));
        assert_int_equal(occurrences(best, "#EXTINF"), occurrences(rung, "#EXTINF"));
        assert_sound_fits(rung);
        free(rung);
        free(master);
        free(classic);
        free(best);
        teardown(state);
    }
}

/* The sound is there first, and waits for the picture that its period begins with: none of it is
 * left out, at the beginning and behind a discontinuity. */
static void the_manifest_has_all_sound_beside_what_is_made_of_pictures(void **state)
{
    (void)state;
    begin_named(CODEC_VP8, "");
    set_running(true);
    for (size_t publishers = 1; publishers <= 2; publishers++) {
        play(5, CODEC_VP8);
        segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
        char *manifest = read_file("manifest.mpd");
        size_t sets = 0;
        for (const char *at = manifest; (at = strstr(at, "<Period ")); at++) {
            long numbers[2] = {-1, -2};
            const char *of = at;
            for (size_t i = 0; i < COUNT(numbers); i++, sets++) {
                of = strstr(of, "startNumber=\"");
                assert_non_null(of);
                of += strlen("startNumber=\"");
                numbers[i] = strtol(of, NULL, 10);
            }
            assert_int_equal(numbers[0], numbers[1]);
        }
        assert_int_equal(sets, 2 * publishers);
        free(manifest);
        publisher.clock_90k += TICKS_PER_S;
        begin_named(CODEC_VP8, "");
        set_running(true);
    }
}

/* Its lists have nothing to be seen, so viewers are told of the sound alone; then it comes. */
static void a_rung_without_any_picture_is_not_offered(void **state)
{
    (void)state;
    begin_named(CODEC_VP8, "");
    play(4, CODEC_VP8);
    char *master = read_file("master.m3u8");
    assert_null(strstr(master, "video"));
    assert_non_null(strstr(master, "\naudio.m3u8\n"));
    free(master);
    set_running(true);
    play(5, CODEC_VP8);
    master = read_file("master.m3u8");
    assert_non_null(strstr(master, "RESOLUTION=720x1280"));
    assert_non_null(strstr(master, "\nvideo.m3u8\n"));
    free(master);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
}

/* A rung that goes just behind a cut: what the other lists have is told, so it stands still until
 * the next one. In classic HLS it is heard until then, and its copies begin behind the
 * discontinuity. */
static void one_that_goes_behind_a_cut_stands_still_up_to_the_next(void **state)
{
    (void)state;
    begin(CODEC_H264);
    set_running(true);
    play(5, CODEC_H264);
    uint64_t fillings = segmenter_stats(publisher.segmenter).follower[0].fillings;
    while (first == last || !queue[(last - 1) % QUEUE].idr)
        play(0.04, CODEC_H264);
    set_running(false); /* its IDR picture of that cut is lost */
    play(1, CODEC_H264);
    assert_int_equal(segmenter_stats(publisher.segmenter).follower[0].fillings, fillings);
    play(3, CODEC_H264);
    assert_int_equal(segmenter_stats(publisher.segmenter).follower[0].fillings, fillings + 1);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    assert_same_cuts();
    assert_parts("video.m3u8", 1);
    assert_parts("video-480p.m3u8", 1);
    assert_parts("index-480p.m3u8", 1);
    assert_int_equal(maps("video-480p.m3u8"), 2);
}

/* Nobody but the best rendition says where the pictures end, and there is no list of it. */
static void it_ends_where_the_pictures_end_that_no_output_takes(void **state)
{
    (void)state;
    silent = true;
    begin(CODEC_VP8);
    set_running(true);
    play(6, CODEC_VP8);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    char *rung = read_file("video-480p.m3u8");
    const char *at = rung;
    double length_s = 0;
    for (size_t segments = occurrences(rung, "#EXTINF"); segments > 0; segments--)
        length_s += next_length(&at);
    assert_true(length_s > 5.95 && length_s < 6.05);
    free(rung);
}

/* Sound alone for so long; with `ticks` by the clock, too. */
static void play_sound(int64_t ticks_90k, bool ticks)
{
    publisher.clock_90k += ticks_90k;
    synthetic_sound(&publisher);
    if (ticks)
        segmenter_tick(publisher.segmenter, publisher.clock_90k, synthetic_now_us(&publisher));
}

/* Whatever of it can be repeated, and however long the sound goes on alone: all lists end there,
 * and what no pictures are for is left out. */
static void all_end_at_one_place(void **state)
{
    static const char *const kinds[] = {"all are repeated", "the best is not", "the rung is not",
                                        "none is"};
    size_t ends = 0;

    for (unsigned kind = 0; kind < 8; kind++)
        for (int64_t tail_90k = 0; tail_90k < TICKS_PER_S * 9 / 20; tail_90k += 2500) {
            bool ticks = kind & 4;
            setup(state);
            publisher.groups = kind & 1;
            groups = kind & 2;
            begin(CODEC_H264);
            set_running(true);
            play(9.08, CODEC_H264);
            play_sound(tail_90k / 2, ticks);
            play_sound(tail_90k - tail_90k / 2, ticks);
            give_back(INT64_MAX);
            segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
            assert_same_cuts();
            char *best = read_file("video.m3u8"), *rung = read_file("video-480p.m3u8");
            assert_sound_fits(rung);
            if (!ticks) /* else what is due is made without a picture */
                assert_row(!strstr(best, "GAP") && !strstr(rung, "GAP"), kinds[kind], "%lld: %s%s",
                           (long long)tail_90k, best, rung);
            ends++;
            free(best);
            free(rung);
            teardown(state);
        }
    assert_int_equal(ends, 8 * 17);
}

/* hls.files is for what a publisher sends: a rung is the operator's own, and may not take from it.
 */
static void its_files_leave_those_of_the_publisher_alone(void **state)
{
    PackagerParams params = shop_packager(root, hub, &virtual_time);

    (void)state;
    params.bound.files_per_s = 12; /* sound and pictures with parts of 0.2 s are 11 */
    packager_close(&packager);
    packager = packager_open(&params, synthetic_now_us(&publisher));
    assert_non_null(packager);
    begin(CODEC_H264);
    set_running(true);
    play(20, CODEC_H264);
    SegmenterStats stats = segmenter_stats(publisher.segmenter);
    assert_int_equal(stats.bound.pictures, 0);
    assert_int_equal(stats.bound.files, 0);
    segmenter_finish(publisher.segmenter, synthetic_now_us(&publisher));
    assert_same_cuts();
}

#define rig_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static const struct CMUnitTest tests[] = {
    rig_test(it_is_listed_with_what_it_is),
    rig_test(it_is_filled_and_comes_back_with_sets_of_its_own),
    rig_test(the_next_publisher_goes_on_in_the_same_lists),
    rig_test(a_publisher_without_one_goes_on_in_its_list),
    rig_test(one_that_comes_back_with_gaps_alone_stays_listed),
    rig_test(the_list_of_one_that_nobody_watches_has_whole_segments),
    rig_test(a_copy_that_is_made_late_has_the_pictures_of_its_time),
    cmocka_unit_test(what_no_output_takes_is_seen_by_what_is_made_of_it),
    cmocka_unit_test(all_end_at_one_place),
    rig_test(its_files_leave_those_of_the_publisher_alone),
    rig_test(it_ends_where_the_pictures_end_that_no_output_takes),
    rig_test(the_manifest_has_all_sound_beside_what_is_made_of_pictures),
    rig_test(a_rung_without_any_picture_is_not_offered),
    rig_test(one_that_goes_behind_a_cut_stands_still_up_to_the_next),
};

TEST_GROUP(rungs, tests);
