/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Classic HLS of a publisher of sound and three sizes: ts.m3u8, index.m3u8, index-mid.m3u8 and
 * index-low.m3u8, by a packager, in virtual time. */

#include "harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "count_files.h"
#include "read_list.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

#define MS(n) ((n)*TICKS_PER_S / 1000)

enum { SOUND, BEST, MID, LOW, TRACKS };

static const char *const lists[TRACKS] = {NULL, "index.m3u8", "index-mid.m3u8", "index-low.m3u8"};
static char root[TEMP_FOLDER_SIZE];
static Packager *packager;
static Segmenter *segmenter;
static int64_t clock_90k, next_sample;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&clock_90k);
static bool silent[TRACKS];
static int64_t off_90k[TRACKS];  /* of a size's pictures, from where the best's are placed */
static int64_t late_90k[TRACKS]; /* it comes so much later than the best */
static int64_t idr_90k[64], sent_90k[TRACKS];
static size_t idrs;
static bool deaf;           /* requests for more are not answered */
static int64_t wall_off_us; /* all comes so much later than it came */

static int64_t now_us(void)
{
    return ticks_to_us(clock_90k);
}

static void open_packager(void)
{
    const PackagerParams params = shop_packager(root, NULL, &virtual_time);

    packager = packager_open(&params, now_us());
    assert_non_null(packager);
    segmenter = packager_segmenter(packager);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    clock_90k = PUBLISHER_START_90K;
    memset(silent, 0, sizeof(silent));
    memset(off_90k, 0, sizeof(off_90k));
    memset(late_90k, 0, sizeof(late_90k));
    wall_off_us = 0;
    open_packager();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    packager_close(&packager);
    temp_folder_remove(root);
    return 0;
}

/* ---- a publisher ---- */

static WallTime wall_clock(void *user, int64_t at_90k)
{
    WallTime known = synthetic_wall_clock(user, at_90k);

    known.unix_us += wall_off_us;
    return known;
}

static void begin_with(size_t sizes)
{
    Renditions sent = renditions_of(true, true);

    sent.item[MID] = (Rendition){.kind = TRACK_VIDEO, .name = "mid"};
    sent.item[LOW] = (Rendition){.kind = TRACK_VIDEO, .name = "low"};
    sent.count = 1 + sizes;
    if (clock_90k < segmenter_end_90k(segmenter))
        clock_90k = segmenter_end_90k(segmenter);
    next_sample = clock_90k * 8 / 15;
    for (size_t i = BEST; i < TRACKS; i++)
        sent_90k[i] = clock_90k;
    idrs = 0;
    deaf = false;
    idr_90k[idrs++] = clock_90k;
    segmenter_begin(segmenter, &sent, wall_clock, NULL);
}

static void begin(void)
{
    begin_with(3);
}

static bool is_idr(int64_t at_90k)
{
    for (size_t i = 0; i < idrs; i++)
        if (idr_90k[i] == at_90k)
            return true;
    return false;
}

/* Sends what of a size has come by now. */
static void send_pictures(size_t track)
{
    for (; sent_90k[track] + late_90k[track] <= clock_90k; sent_90k[track] += PUBLISHER_STEP_90K) {
        int64_t at = sent_90k[track];
        const uint8_t *key = track == LOW ? synthetic_tall : synthetic_wide;
        AccessUnit unit = is_idr(at) ? unit_of(key, sizeof(synthetic_wide), true)
                                     : unit_of(synthetic_slice, sizeof(synthetic_slice), false);
        unit.track = track;
        if (!silent[track])
            segmenter_picture(segmenter, &unit, at + off_90k[track], at + off_90k[track]);
    }
}

/* All sizes answer a request with the same picture. */
static void publish(int64_t ms)
{
    for (int64_t end = clock_90k + MS(ms); clock_90k < end; clock_90k += MS(10)) {
        segmenter_set_time(segmenter, now_us());
        for (size_t i = BEST; i < TRACKS; i++)
            send_pictures(i);
        for (; samples_to_90k(next_sample) < clock_90k; next_sample += AAC_FRAME_SAMPLES)
            segmenter_sound(segmenter, &(AacFrame){.data = synthetic_aac,
                                                   .len = sizeof(synthetic_aac),
                                                   .pts_samples = next_sample});
        if (segmenter_tick(segmenter, clock_90k, now_us()) && !deaf && idrs < COUNT(idr_90k)) {
            int64_t next = sent_90k[BEST];
            for (size_t i = MID; i < TRACKS; i++)
                next = sent_90k[i] > next ? sent_90k[i] : next;
            idr_90k[idrs++] = next;
        }
        packager_expire(packager, now_us(), now_us());
    }
}

static void stop(void)
{
    segmenter_finish(segmenter, now_us());
}

/* ---- what viewers find ---- */

/* A list without the names of files, that is, what must be the same in all. */
static const char *shape_of(const char *list)
{
    static char shape[16384];
    size_t len = 0;

    for (const char *line = text_of(root, list), *end; (end = strchr(line, '\n')); line = end + 1)
        if (*line == '#')
            len += (size_t)snprintf(shape + len, sizeof(shape) - len, "%.*s\n", (int)(end - line),
                                    line);
    assert_true(len > 0 && len < sizeof(shape));
    return shape;
}

/* All lists have the same segments, and these are there. Returns how many. */
static int assert_alike(void)
{
    char best[16384];
    int segments = read_list(root, lists[BEST]).segments;

    strcpy(best, shape_of(lists[BEST]));
    for (size_t i = MID; i < TRACKS; i++) {
        assert_string_equal(shape_of(lists[i]), best);
        assert_int_equal(read_list(root, lists[i]).segments, segments);
    }
    return segments;
}

static int variants(void)
{
    int n = 0;

    for (const char *at = text_of(root, "ts.m3u8"); (at = strstr(at, "\nindex")); at++)
        n++;
    return n;
}

static TsOutputStats ts_stats(void)
{
    return packager_stats(packager).ts;
}

/* ---- tests ---- */

static void every_size_has_the_same_segments(void **state)
{
    (void)state;
    begin();
    publish(9000);
    stop();
    assert_true(assert_alike() > 3);
    assert_non_null(strstr(text_of(root, "index-low.m3u8"), "\nseg-low-"));
    assert_int_equal(variants(), 3);
    const char *text = text_of(root, "ts.m3u8");
    assert_non_null(strstr(text, "RESOLUTION=1280x720,FRAME-RATE=25."));
    assert_non_null(strstr(text, ",SCORE=3.0\nindex.m3u8\n"));
    assert_non_null(strstr(text, ",SCORE=2.0\nindex-mid.m3u8\n"));
    assert_non_null(strstr(text, ",SCORE=1.0\nindex-low.m3u8\n"));
    assert_true(strstr(text, "RESOLUTION=720x1280") > strstr(text, "index-mid.m3u8"));
    assert_null(strstr(text, "EXT-X-MEDIA:"));
    TsOutputStats stats = ts_stats();
    assert_int_equal(stats.others, 2);
    assert_string_equal(stats.other[1].name, "low");
    assert_int_equal(stats.other[1].segments, stats.segments);
    assert_int_equal(stats.other[1].filled, 0);
}

#define PES_OF_PICTURE "\0\0\1\xE0"
#define PES_OF_SOUND   "\0\0\1\xC0"
#define SPS            "\0\0\1\x67"

static uint8_t segment[1 << 16];

/* Reads a segment of a list into `segment`, from the end. Returns its length. */
static size_t read_segment(const char *list, int from_end)
{
    char path[192], names[32][PLAYLIST_NAME_SIZE];
    int n = 0;

    for (const char *line = text_of(root, list), *end; (end = strchr(line, '\n')); line = end + 1)
        if (*line != '#' && n < 32)
            snprintf(names[n++], PLAYLIST_NAME_SIZE, "%.*s", (int)(end - line), line);
    assert_in_range(n, from_end + 1, 31);
    snprintf(path, sizeof(path), "%s/shop/%s", root, names[n - 1 - from_end]);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t len = fread(segment, 1, sizeof(segment), f);
    fclose(f);
    return len;
}

/* The first PTS of pictures in a segment of a list, from the end, and whether it begins with an IDR
 * picture. */
static int64_t first_picture(const char *list, int from_end, bool *idr)
{
    size_t len = read_segment(list, from_end);
    const uint8_t *pes = memmem(segment, len, PES_OF_PICTURE, 4);

    assert_true(pes && pes + 60 < segment + len);
    const uint8_t *p = pes + 9;
    *idr = memmem(pes, 60, SPS, 4) != NULL;
    return (int64_t)(p[0] >> 1 & 7) << 30 | (int64_t)p[1] << 22 | (int64_t)(p[2] >> 1) << 15 |
           (int64_t)p[3] << 7 | p[4] >> 1;
}

/* The same; -1: it does not begin with an IDR picture. */
static int64_t first_pts(const char *list, int from_end)
{
    bool idr;
    int64_t pts = first_picture(list, from_end, &idr);

    return idr ? pts : -1;
}

/* Sizes come a little before or after the best, and are placed so: they are cut at its ticks. */
static void every_size_is_cut_at_the_same_tick(void **state)
{
    static const struct {
        const char *name;
        int64_t off_90k, late_90k;
    } rows[] = {
        {"together", 0, 0},
        {"a little before", -457, 0},
        {"a little after", 123, MS(10)},
        {"just near enough", -1799, 0},
        {"near enough on the other side", 1799, 0},
        {"placed before, and comes after", -457, MS(40)},
        {"comes much later", 300, MS(90)},
        {"nearly a picture ahead, as before the first reports", MS(30), 0},
        {"nearly a picture ahead, and comes after", MS(30), MS(40)},
        {"nearly a picture behind", MS(-30), 0},
        {"two pictures and a half ahead", MS(95), 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        off_90k[LOW] = rows[i].off_90k;
        late_90k[LOW] = rows[i].late_90k;
        begin();
        publish(9000);
        stop();
        assert_alike();
        assert_int_equal(ts_stats().other[1].filled, 0);
        for (int k = 1; k < 4; k++) {
            int64_t best = first_pts(lists[BEST], k), low = first_pts(lists[LOW], k);
            assert_row(best > 0 && low == best, rows[i].name, "segment %d from the end: %d, %d", k,
                       (int)best, (int)low);
        }
        teardown(state);
    }
}

/* No picture comes while a segment is due, so it is cut by time. */
static void stand_still_up_to_a_cut(void)
{
    deaf = true;
    silent[BEST] = silent[MID] = silent[LOW] = true;
    while (segmenter_stats(segmenter).cutter.cut_forced == 0)
        publish(10);
    silent[BEST] = silent[MID] = silent[LOW] = false;
}

/* What comes behind such a cut is shown when it was captured, and begins the segment of each size
 * at one tick all the same. */
static void every_size_begins_at_one_tick_behind_a_cut_by_time(void **state)
{
    static const struct {
        const char *name;
        bool idr; /* comes first */
        int64_t off_90k, late_90k;
    } rows[] = {
        {"an IDR picture", true, 0, 0},
        {"an IDR picture, placed a little before", true, -457, 0},
        {"another picture, placed a little before", false, -457, 0},
        {"another picture, which comes later", false, 300, MS(90)},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int others = 0;
        setup(state);
        off_90k[LOW] = rows[i].off_90k;
        late_90k[LOW] = rows[i].late_90k;
        begin();
        publish(3000);
        stand_still_up_to_a_cut();
        if (rows[i].idr)
            idr_90k[idrs++] = sent_90k[BEST];
        publish(400);
        deaf = false;
        publish(4000);
        stop();
        int segments = assert_alike();
        for (int k = 1; k < segments; k++) {
            bool best_idr, low_idr;
            int64_t best = first_picture(lists[BEST], k, &best_idr);
            int64_t low = first_picture(lists[LOW], k, &low_idr);
            assert_row(low == best && low_idr == best_idr, rows[i].name,
                       "segment %d from the end: %d, %d", k, (int)best, (int)low);
            others += !best_idr;
        }
        assert_row(segments > 3 && others == !rows[i].idr, rows[i].name, "%d of %d begin without",
                   others, segments);
        teardown(state);
    }
}

/* How often a segment of a list, from the end, has these four bytes. */
static int count_in(const char *list, int from_end, const char *start)
{
    size_t len = read_segment(list, from_end);
    int n = 0;

    for (const uint8_t *at = segment; (at = memmem(at, len - (size_t)(at - segment), start, 4));
         at++)
        n++;
    return n;
}

/* The publisher goes, just behind a cut that no IDR picture was there for. A size of which no
 * picture came since has no copy of the best one's segment: its decoder would go on with pictures
 * that hang on those of another. */
static void no_size_goes_on_with_pictures_of_another(void **state)
{
    (void)state;
    begin();
    publish(4000);
    int64_t last_90k = idr_90k[idrs - 1];
    for (; sent_90k[BEST] <= last_90k; last_90k = idr_90k[idrs - 1])
        publish(10);
    deaf = true;
    for (; segmenter_stats(segmenter).cutter.cut_forced == 0; publish(10))
        silent[MID] = sent_90k[MID] > last_90k + MS(2340);
    publish(60); /* for sound that lies behind the cut */
    stop();
    assert_true(assert_alike() > 2);
    assert_true(count_in(lists[BEST], 0, PES_OF_PICTURE) > 0);
    assert_int_equal(count_in(lists[BEST], 0, SPS), 0);
    assert_int_equal(count_in(lists[MID], 0, PES_OF_PICTURE), 0);
    assert_true(count_in(lists[MID], 0, PES_OF_SOUND) > 0);
    assert_int_equal(ts_stats().other[0].filled, 0);
}

/* The sound's clock is set against the time of day, as if all came later: dates follow slowly. */
static void dates_do_not_step(void **state)
{
    double date = 0, end = 0, seconds, moved = 0;
    int minutes, segments = 0;

    (void)state;
    begin();
    publish(5000);
    wall_off_us = 300 * US_PER_MS;
    publish(6000);
    stop();
    for (const char *line = text_of(root, lists[BEST]); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (sscanf(line, "#EXT-X-PROGRAM-DATE-TIME:%*[^T]T%*d:%d:%lfZ", &minutes, &seconds) == 2)
            date = 60 * minutes + seconds;
        if (sscanf(line, "#EXTINF:%lf", &seconds) != 1)
            continue;
        double step = segments++ > 0 ? date - end : 0;
        assert_row(step > -0.0025 && step < 0.0225, "dates", "step by %.3f s", step);
        moved += step;
        end = date + seconds;
    }
    assert_row(segments > 4 && moved > 0.03, "dates", "move by %.3f s", moved);
}

static void one_size_alone_has_a_list_of_one(void **state)
{
    (void)state;
    begin_with(1);
    publish(5000);
    stop();
    assert_int_equal(variants(), 1);
    assert_int_equal(ts_stats().others, 0);
    assert_int_equal(count_files(root, ".m3u8"), 2);
}

/* One size sends nothing for a while: it has the pictures of the next one, and nothing stops. */
static void a_segment_without_a_picture_is_filled(void **state)
{
    (void)state;
    begin();
    publish(4000);
    silent[MID] = true;
    publish(6000);
    assert_int_equal(segmenter_stats(segmenter).ladder.fillings, 1);
    silent[MID] = false;
    publish(6000);
    stop();
    assert_true(assert_alike() > 3);
    assert_int_equal(segmenter_stats(segmenter).ladder.switches, 2); /* and back */
    assert_int_equal(ts_stats().other[0].filled, 0); /* with the best one's segment */
    assert_int_equal(ts_stats().other[1].filled, 0);
    assert_int_equal(variants(), 3);
}

static void one_that_never_sends_is_filled_from_the_first_segment(void **state)
{
    (void)state;
    silent[LOW] = true;
    begin();
    publish(7000);
    stop();
    assert_true(assert_alike() > 2);
    assert_int_equal(segmenter_stats(segmenter).ladder.rendition[2].feeds, 1); /* the next one */
    assert_int_equal(ts_stats().other[1].filled, 0);
    assert_int_equal(variants(), 3);
}

/* A publisher of one size comes behind one of three: nothing that is listed goes. */
static void no_list_goes_when_fewer_sizes_are_sent(void **state)
{
    (void)state;
    begin();
    publish(5000);
    stop();
    begin_with(1);
    publish(7000);
    stop();
    assert_true(assert_alike() > 3);
    assert_int_equal(variants(), 3);
}

/* One that comes later has the segments from then on, under the same numbers. */
static void a_size_that_comes_later_has_what_follows(void **state)
{
    char first[40];

    (void)state;
    begin_with(1);
    publish(7000);
    stop();
    assert_int_equal(variants(), 1);
    snprintf(first, sizeof(first), "#EXT-X-MEDIA-SEQUENCE:%d\n",
             (int)window_next_msn(&packager_playlist(packager)->window));
    begin();
    publish(3000);
    int best = read_list(root, lists[BEST]).segments, low = read_list(root, lists[LOW]).segments;
    assert_true(low > 0 && low < best);
    assert_non_null(strstr(text_of(root, lists[LOW]), first));
    publish(20000);
    stop();
    assert_alike();
}

static void a_second_run_goes_on_with_all_lists(void **state)
{
    (void)state;
    begin();
    publish(7000);
    packager_close(&packager);
    open_packager();
    assert_alike(); /* nothing has gone meanwhile */
    assert_int_equal(variants(), 3);
    begin_with(1);
    publish(3000);
    stop();
    assert_true(assert_alike() > 3);
    assert_int_equal(variants(), 3);
    assert_non_null(strstr(text_of(root, lists[LOW]), "#EXT-X-DISCONTINUITY\n"));
}

/* Of what a list names: its largest segment, bit/s. */
static int64_t peak_of(const char *list)
{
    char text[16384], path[128], *save = NULL;
    double seconds = 0, peak = 0;
    struct stat file;

    strcpy(text, text_of(root, list));
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (read_tag(line, "#EXTINF:", "%lf", &seconds) || *line == '#')
            continue;
        snprintf(path, sizeof(path), "%s/shop/%s", root, line);
        assert_int_equal(stat(path, &file), 0);
        if ((double)file.st_size * 8 / seconds > peak)
            peak = (double)file.st_size * 8 / seconds;
    }
    return (int64_t)peak;
}

static int64_t bandwidth_of(const char *list)
{
    char text[4096], *save = NULL;
    int64_t bandwidth = 0;

    strcpy(text, text_of(root, "ts.m3u8"));
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (!read_tag(line, "#EXT-X-STREAM-INF:BANDWIDTH=", "%" SCNd64, &bandwidth) &&
            strcmp(line, list) == 0)
            return bandwidth;
    }
    return 0;
}

/* Viewers still play what the run before has made, and it may be larger than all that comes. */
static void a_second_run_lists_the_rate_of_what_is_there(void **state)
{
    char command[160];

    (void)state;
    begin();
    publish(7000);
    packager_close(&packager);
    snprintf(command, sizeof(command), "truncate -s +18800 %s/shop/seg-mid-*.ts", root);
    assert_int_equal(system(command), 0);
    open_packager();
    begin();
    publish(3000);
    stop();
    assert_in_range(bandwidth_of("index-mid.m3u8"), peak_of("index-mid.m3u8"), INT32_MAX);
    assert_in_range(bandwidth_of("index.m3u8"), peak_of("index.m3u8"), INT32_MAX);
    assert_true(bandwidth_of("index-mid.m3u8") > 2 * bandwidth_of("index.m3u8"));
}

/* The run before was killed between two lists: numbers only grow in each. */
static void a_list_that_is_ahead_is_not_overtaken(void **state)
{
    char path[128], behind[PLAYLIST_TEXT_SIZE];

    (void)state;
    begin();
    publish(5000);
    strcpy(behind, text_of(root, lists[BEST]));
    publish(3000);
    int64_t next = window_next_msn(&packager_playlist(packager)->window);
    packager_close(&packager);
    snprintf(path, sizeof(path), "%s/shop/%s", root, lists[BEST]);
    FILE *f = fopen(path, "w");
    fputs(behind, f);
    fclose(f);
    open_packager();
    assert_true(window_next_msn(&packager_playlist(packager)->window) >= next);
    begin();
    publish(3000);
    stop();
    assert_alike();
    assert_int_equal(variants(), 3);
}

static void a_list_that_has_lost_a_file_begins_again(void **state)
{
    char command[160];

    (void)state;
    begin();
    publish(7000);
    packager_close(&packager);
    snprintf(command, sizeof(command), "rm %s/shop/seg-low-*1.ts", root);
    assert_int_equal(system(command), 0);
    open_packager();
    begin();
    publish(3000);
    stop();
    assert_true(read_list(root, lists[LOW]).segments > 0);
    assert_true(read_list(root, lists[LOW]).segments < read_list(root, lists[MID]).segments);
    assert_int_equal(variants(), 3);
}

static void all_lists_end_and_are_cleared(void **state)
{
    (void)state;
    begin();
    publish(5000);
    stop();
    assert_int_equal(packager_end(packager), 0);
    for (size_t i = BEST; i < TRACKS; i++)
        assert_true(strstr(text_of(root, lists[i]), "#EXT-X-ENDLIST"));
    assert_int_equal(packager_clear(packager), 0);
    for (size_t i = BEST; i < TRACKS; i++)
        assert_null(strstr(text_of(root, lists[i]), "#EXTINF"));
    assert_int_equal(count_files(root, ".ts"), 0);
}

static void what_has_left_the_lists_is_removed(void **state)
{
    (void)state;
    begin();
    publish(60000);
    stop();
    int listed = assert_alike();
    assert_in_range(count_files(root, ".ts"), 3 * listed, 3 * (2 * listed + 4));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(every_size_has_the_same_segments),
    cmocka_unit_test(every_size_is_cut_at_the_same_tick),
    cmocka_unit_test(every_size_begins_at_one_tick_behind_a_cut_by_time),
    TEST(no_size_goes_on_with_pictures_of_another),
    TEST(dates_do_not_step),
    TEST(one_size_alone_has_a_list_of_one),
    TEST(a_segment_without_a_picture_is_filled),
    TEST(one_that_never_sends_is_filled_from_the_first_segment),
    TEST(no_list_goes_when_fewer_sizes_are_sent),
    TEST(a_size_that_comes_later_has_what_follows),
    TEST(a_second_run_goes_on_with_all_lists),
    TEST(a_second_run_lists_the_rate_of_what_is_there),
    TEST(a_list_that_is_ahead_is_not_overtaken),
    TEST(a_list_that_has_lost_a_file_begins_again),
    TEST(all_lists_end_and_are_cleared),
    TEST(what_has_left_the_lists_is_removed),
};

TEST_GROUP(ts_renditions, tests);
