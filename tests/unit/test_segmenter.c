/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What publishers of all sorts make of the low-latency playlists: synthetic media in virtual time,
 * through a packager onto the disk. After each step the playlists are read as a
 * viewer would read them. */

#include "harness.h"

#include <stdlib.h>

#include "file_version.h"
#include "hls-bridge/package/ll_playlist.h"
#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"
#include "unit_of.h"
#include "virtual_clock.h"

#define MS(n)        ((n)*TICKS_PER_S / 1000)
#define START        (10 * TICKS_PER_S)
#define STEP         MS(10)
#define TARGET_S     2
#define SEGMENTS     128
#define AUDIO_BEHIND MS(60) /* of the clock */

/* What a publisher does at a time since it began. */
typedef struct Publisher {
    bool video, audio;
    int64_t frame;           /* from picture to picture */
    int64_t answer;          /* from asking to the IDR picture; negative: never */
    int64_t late, very_late; /* of pictures; of one in a second */
    int64_t freeze, thaw;    /* no pictures in between */
    int64_t turn;            /* from then on it is tall; 0: never */
    int64_t gone;            /* from then on neither pictures nor sound; 0: never */
} Publisher;

typedef enum ListKind { PICTURES, SOUND, KINDS } ListKind; /* of low latency */

static const char *row; /* that is tried */

/* A rendition's segment, as it was first listed. */
typedef struct Listed {
    bool seen, discontinuity;
    double duration, date; /* in the minute */
    char map[32];          /* as the playlist has it before the segment; empty: as before */
} Listed;

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static Segmenter *segmenter;
static int64_t clock_90k, first_off_us; /* of the wall clock, in the first second */
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&clock_90k);
static Listed listed[KINDS][SEGMENTS];
static int last[KINDS]; /* segment that was seen whole */
static const char *const names[] = {"video", "audio"};
static FileVersion versions[KINDS]; /* of the lists */

static int64_t now_us(void)
{
    return ticks_to_us(clock_90k);
}

static WallTime wall_clock(void *user, int64_t at_90k)
{
    int64_t off_us = clock_90k < START + TICKS_PER_S ? first_off_us : 0;

    (void)user;
    return (WallTime){VIRTUAL_WALL_US + ticks_to_us(at_90k) + off_us, VIRTUAL_WALL_US};
}

static int setup(void **state)
{
    PackagerParams params = shop_packager(root, NULL, &virtual_time);

    (void)state;
    temp_folder(root);
    clock_90k = START;
    first_off_us = 0;
    hub = ll_hub_create(NULL);
    params.outputs.ll_hub = hub;
    packager = packager_open(&params, now_us());
    assert_non_null(packager);
    segmenter = packager_segmenter(packager);
    memset(listed, 0, sizeof(listed));
    last[0] = last[1] = -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++)
        file_version_forget(&versions[i]);
    packager_close(&packager);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
    return 0;
}

/* ---- a viewer ---- */

/* Parts of the segment that is being read. */
typedef struct Parts {
    int count;
    double sum, newest;
} Parts;

static void read_part(Parts *p, const char *line, double target)
{
    double duration = strtod(strstr(line, "DURATION=") + 9, NULL);

    assert_row(!strstr(line, "GAP"), row, "%s", line);
    assert_row(duration <= target + 1e-6, row, "%s", line);
    /* the one before was not the last: rfc8216bis, section 4.4.4.9 */
    assert_row(p->count == 0 || p->newest >= 0.85 * target - 1e-6, row, "%s", line);
    p->newest = duration;
    p->sum += duration;
    p->count++;
}

static void read_segment(ListKind which, int msn, const Listed *now, const Parts *parts)
{
    Listed *then = &listed[which][msn];

    assert_in_range(msn, 0, SEGMENTS - 1);
    assert_row((int)(now->duration + 0.5) <= TARGET_S, row, "%s %d: %.3f s", names[which], msn,
               now->duration);
    if (parts->count > 0)
        assert_true(parts->sum - now->duration < 1e-4 && now->duration - parts->sum < 1e-4);
    if (then->seen) {
        assert_true(then->duration == now->duration);
        return;
    }
    assert_int_equal(msn, last[which] + 1);
    last[which] = msn;
    *then = *now;
    then->seen = true;
}

static void read_playlist(ListKind which)
{
    char path[64], line[256];
    double target = 0;
    int msn = -1;
    Listed now = {0};
    Parts parts = {0};

    snprintf(path, sizeof(path), "%s/shop/%s.m3u8", root, names[which]);
    if (!file_is_replaced(path, &versions[which]))
        return;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (read_tag(line, "#EXT-X-PART-INF:PART-TARGET=", "%lf", &target) ||
            read_tag(line, "#EXT-X-MEDIA-SEQUENCE:", "%d", &msn))
            continue;
        if (strcmp(line, "#EXT-X-DISCONTINUITY\n") == 0)
            now.discontinuity = true;
        else if (read_tag(line, "#EXT-X-PROGRAM-DATE-TIME:", "%*[^T]T%*d:%*d:%lf", &now.date))
            continue;
        else if (read_tag(line, "#EXT-X-MAP:URI=\"", "%31[^\"]", now.map))
            continue;
        else if (strncmp(line, "#EXT-X-PART:", 12) == 0)
            read_part(&parts, line, target);
        else if (read_tag(line, "#EXTINF:", "%lf", &now.duration))
            continue;
        else if (line[0] != '#') {
            read_segment(which, msn++, &now, &parts);
            now = (Listed){0};
            parts = (Parts){0};
        }
    }
    fclose(file);
}

/* Both renditions have the same segments, but for a frame or two. */
static void assert_aligned(void)
{
    double position[KINDS] = {0};
    int n = last[0] < last[1] ? last[0] : last[1];

    assert_row(n >= 2, row, "only %d segments", n + 1);
    for (int i = 0; i <= n; i++) {
        for (int k = 0; k < KINDS; k++)
            position[k] += listed[k][i].duration;
        double apart = position[0] - position[1];
        assert_row(apart <= 0.045 && apart >= -0.045, row, "%.3f s apart after %d", apart, i);
        assert_int_equal(listed[0][i].discontinuity, listed[1][i].discontinuity);
    }
}

/* ---- a publisher ---- */

typedef struct Sending {
    const Publisher *publisher;
    int64_t began, next_picture, idr_due; /* 0: none is due */
    int64_t next_sample;
    int pictures;
    bool was_tall;
} Sending;

static void send_picture(Sending *s)
{
    const Publisher *p = s->publisher;
    int64_t since = s->next_picture - s->began;
    bool is_tall = p->turn && since >= p->turn;
    bool idr =
        s->pictures == 0 || is_tall != s->was_tall || (s->idr_due && clock_90k >= s->idr_due);
    const uint8_t *key = is_tall ? synthetic_tall : synthetic_wide;
    size_t key_len = is_tall ? sizeof(synthetic_tall) : sizeof(synthetic_wide);
    AccessUnit unit =
        unit_of(idr ? key : synthetic_slice, idr ? key_len : sizeof(synthetic_slice), idr);
    unit.track = s->publisher->audio; /* which is the first, if there is any */
    unit.restart = is_tall != s->was_tall;

    s->was_tall = is_tall;
    s->pictures++;
    if (idr)
        s->idr_due = 0;
    segmenter_picture(segmenter, &unit, s->next_picture, s->next_picture);
}

static void send_sound(Sending *s, int64_t until)
{
    for (; samples_to_90k(s->next_sample) <= until; s->next_sample += AAC_FRAME_SAMPLES) {
        AacFrame frame = {
            .data = synthetic_aac, .len = sizeof(synthetic_aac), .pts_samples = s->next_sample};
        segmenter_sound(segmenter, &frame);
    }
}

/* The sound that there is of what came until `at`. */
static int64_t sound_until(const Sending *s, int64_t at)
{
    int64_t gone = s->publisher->gone ? s->began + s->publisher->gone : INT64_MAX;

    return at < gone ? at : gone;
}

static void send(Sending *s)
{
    const Publisher *p = s->publisher;

    if (p->audio)
        send_sound(s, sound_until(s, clock_90k - AUDIO_BEHIND));
    while (p->video) {
        int64_t since = s->next_picture - s->began;
        if (p->gone && since >= p->gone)
            break;
        int64_t late = since % TICKS_PER_S < p->frame ? p->late + p->very_late : p->late;
        if (s->next_picture + late > clock_90k)
            break;
        if (since < p->freeze || since >= p->thaw)
            send_picture(s);
        s->next_picture += p->frame;
    }
}

/* Publishes for `ms`, and watches. */
static void publish(const Publisher *p, int64_t ms)
{
    Sending s = {
        .publisher = p,
        .began =
            segmenter_end_90k(segmenter) > clock_90k ? segmenter_end_90k(segmenter) : clock_90k,
    };

    s.next_picture = s.began;
    s.next_sample = s.began * 8 / 15;
    const Renditions sent = renditions_of(p->audio, p->video);
    segmenter_begin(segmenter, &sent, wall_clock, NULL);
    for (int64_t end = clock_90k + MS(ms); clock_90k < end; clock_90k += STEP) {
        send(&s);
        if (segmenter_tick(segmenter, clock_90k, now_us()) && p->answer >= 0 && s.idr_due == 0)
            s.idr_due = clock_90k + p->answer;
        packager_expire(packager, now_us(), now_us());
        read_playlist(PICTURES);
        read_playlist(SOUND);
    }
    if (p->audio)
        send_sound(&s, sound_until(&s, clock_90k));
    segmenter_finish(segmenter, now_us());
    read_playlist(PICTURES);
    read_playlist(SOUND);
}

/* ---- tests ---- */

static void publishers_of_all_sorts(void **state)
{
    static const struct {
        const char *name;
        Publisher publisher;
        int segments, discontinuities; /* in 30 s: at least; exactly */
    } rows[] = {
        {"a browser", {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0}, 14, 0},
        {"15 pictures a second", {1, 1, MS(66), MS(40), MS(20), 0, 0, 0, 0, 0}, 14, 0},
        {"a still screen", {1, 1, MS(1000), MS(40), MS(20), 0, 0, 0, 0, 0}, 12, 0},
        {"late pictures", {1, 1, MS(33), MS(40), MS(20), MS(250), 0, 0, 0, 0}, 14, 0},
        {"far too late pictures", {1, 1, MS(33), MS(40), MS(20), MS(900), 0, 0, 0, 0}, 12, 0},
        {"no IDR pictures", {1, 1, MS(33), -1, MS(20), 0, 0, 0, 0, 0}, 12, 0},
        {"frozen for 15 s", {1, 1, MS(33), MS(40), MS(20), 0, MS(5300), MS(20300), 0, 0}, 13, 0},
        {"frozen from 1.7 s on",
         {1, 1, MS(33), MS(40), MS(20), 0, MS(1700), MS(90000), 0, 0},
         12,
         0},
        {"turned", {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, MS(7100), 0}, 14, 1},
        {"turned while frozen",
         {1, 1, MS(33), MS(40), MS(20), 0, MS(5000), MS(11100), MS(8000), 0},
         14,
         1},
        {"no sound", {1, 0, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0}, 14, 0},
        {"no pictures", {0, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0}, 14, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        row = rows[i].name;
        publish(&rows[i].publisher, 30000);
        if (rows[i].publisher.video && rows[i].publisher.audio)
            assert_aligned();
        int which = rows[i].publisher.video ? PICTURES : SOUND, discontinuities = 0;
        int classic = (int)packager_stats(packager).ts.segments;
        assert_row(classic == last[which] + 1, row, "%d and %d segments", classic, last[which] + 1);
        for (int k = 0; k <= last[which]; k++)
            discontinuities += listed[which][k].discontinuity;
        assert_row(last[which] + 1 >= rows[i].segments, rows[i].name, "%d segments",
                   last[which] + 1);
        assert_row(discontinuities == rows[i].discontinuities, rows[i].name, "%d discontinuities",
                   discontinuities);
        teardown(state);
    }
}

static void publishers_come_and_go(void **state)
{
    static const Publisher browser = {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0};
    int discontinuities = 0;

    (void)state;
    row = "one after the other";
    for (int i = 0; i < 5; i++) {
        publish(&browser, 5000 + 730 * i);
        clock_90k += MS(400 * i);
    }
    assert_aligned();
    for (int k = 0; k <= last[PICTURES]; k++)
        discontinuities += listed[PICTURES][k].discontinuity;
    assert_int_equal(discontinuities, 4);
}

typedef struct Waiter {
    LlTicket ticket;
    int woken, playable; /* files then, of the three that there must be */
} Waiter;

static void on_pause(void *user)
{
    (void)user;
}

/* Looks what can be played at this moment. */
static void on_begun(void *user)
{
    static const char *const files[] = {"master", "video", "audio"};
    char path[64], text[4096];
    Waiter *waiter = user;

    waiter->woken++;
    waiter->playable = 0;
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/shop/%s.m3u8", root, files[i]);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
        waiter->playable += !strstr(text, "ENDLIST") && (i == 0 || strstr(text, "#EXTINF"));
    }
}

static LlAnswer wait_for_it(Waiter *waiter)
{
    waiter->ticket.pause = on_pause;
    waiter->ticket.wake = on_begun;
    waiter->ticket.user = waiter;
    return ll_hub_wait(hub, "shop", now_us(), &waiter->ticket);
}

static void a_viewer_that_waits_is_told_when_it_can_be_played(void **state)
{
    static const Publisher browser = {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0};
    static const Publisher mute = {1, 0, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0};
    Waiter first = {0}, second = {0};

    (void)state;
    row = "waiting";
    assert_int_equal(wait_for_it(&first), LL_ANSWER_HELD);
    publish(&browser, 5000);
    assert_int_equal(first.woken, 1);
    assert_int_equal(first.playable, 3);
    assert_int_equal(wait_for_it(&first), LL_ANSWER_READY); /* while somebody may come back, too */
    packager_end(packager);
    assert_int_equal(wait_for_it(&second), LL_ANSWER_HELD);
    clock_90k += MS(20000);
    publish(&browser, 5000);
    assert_int_equal(second.woken, 1);
    assert_int_equal(second.playable, 3);
    publish(&mute, 5000); /* no sound any more: there is nothing to wait for */
    assert_int_equal(wait_for_it(&second), LL_ANSWER_READY);
}

/* A phone that is turned while nothing is sent comes back at any time: at the limit of a segment,
 * too. Pictures of the new size are nowhere behind the initialisation segment of the old one. */
static void turned_at_any_time(void **state)
{
    row = "turned while frozen, at any time";
    for (int64_t thaw = MS(8700); thaw < MS(11500); thaw += MS(50)) {
        const Publisher turned = {1, 1, MS(33), MS(40), MS(20), 0, MS(5000), thaw, MS(8000), 0};
        int at = 0;

        setup(state);
        publish(&turned, 14000);
        while (at < last[PICTURES] && !listed[PICTURES][at].discontinuity)
            at++;
        assert_row(listed[PICTURES][at].discontinuity, row, "%d", (int)thaw);
        assert_row(listed[PICTURES][at].map[0], row, "%d: %d has the old size", (int)thaw, at);
        for (int k = at + 1; k <= last[PICTURES]; k++)
            assert_row(!listed[PICTURES][k].map[0], row, "%d: %d is another one", (int)thaw, k);
        teardown(state);
    }
}

/* A publisher that has vanished is known to have gone a moment later: at the limit of a segment,
 * too. What stood for its pictures meanwhile is in no segment that its sound does not have. */
static void gone_at_any_time(void **state)
{
    static const Publisher browser = {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0};

    row = "gone, at any time";
    for (int64_t gone = 6000; gone < 9000; gone += 50) {
        const Publisher vanishes = {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, MS(gone)};

        setup(state);
        publish(&vanishes, gone + 450);
        int before = last[PICTURES];
        publish(&browser, 5000);
        assert_row(before >= 2 && last[PICTURES] >= before + 2, row, "%d: %d segments, then %d",
                   (int)gone, before + 1, last[PICTURES] + 1);
        assert_aligned();
        teardown(state);
    }
}

/* Whether sound is dated no later than the media says, beside pictures that are listed with it. */
static void assert_sound_is_early(void)
{
    double sound_at = 0;
    int compared = 0;

    for (int i = 0; i <= last[SOUND]; i++) {
        double picture_at = 0;
        for (int k = 0; k <= last[PICTURES]; k++) {
            double by_date = listed[SOUND][i].date - listed[PICTURES][k].date;
            if (abs(i - k) <= 4 && ++compared)
                assert_row(by_date < sound_at - picture_at + 1e-4, row,
                           "sound %d, picture %d: %.4f s late", i, k,
                           by_date - sound_at + picture_at);
            picture_at += listed[PICTURES][k].duration;
        }
        sound_at += listed[SOUND][i].duration;
    }
    assert_row(compared >= 20, row, "only %d pairs of segments", compared);
}

/* The smallest delay is found after the first dates were given. */
static void dates_of_sound_are_not_late(void **state)
{
    static const Publisher browser = {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0};

    (void)state;
    row = "dates";
    for (int64_t off_ms = 30; off_ms < 1000; off_ms *= 5) {
        setup(state);
        first_off_us = off_ms * US_PER_MS + 700;
        publish(&browser, 15000);
        assert_sound_is_early();
        teardown(state);
    }
}

/* Dates of the first publisher are ahead. No time comes twice, or periods of DASH would overlap. */
static void dates_of_the_next_publisher_are_not_earlier(void **state)
{
    static const Publisher browser = {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0};

    (void)state;
    row = "the next publisher";
    first_off_us = 1400 * US_PER_MS;
    publish(&browser, 8000);
    int first = last[PICTURES];
    publish(&browser, 8000);
    assert_true(listed[PICTURES][first + 1].discontinuity);
    for (int i = 0; i < last[PICTURES]; i++) {
        double end = listed[PICTURES][i].date + listed[PICTURES][i].duration;
        assert_row(listed[PICTURES][i + 1].date > end - 0.002, row,
                   "%.3f s after %.3f, at %d of %d", listed[PICTURES][i + 1].date, end, i, first);
    }
}

/* Pictures are promised, and none comes: the sound goes out alone from then on. No time before that
 * is listed, however much of it another publisher has filled. */
static void sound_goes_on_without_its_pictures(void **state)
{
    static const Publisher browser = {1, 1, MS(33), MS(40), MS(20), 0, 0, 0, 0, 0};
    static const Publisher unseen = {1, 1, MS(33), -1, MS(20), 0, 0, MS(90000), 0, 0};
    static const struct {
        const char *name;
        const Publisher *before;
    } rows[] = {{"the first to publish", NULL}, {"behind another publisher", &browser}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        row = rows[i].name;
        if (rows[i].before)
            publish(rows[i].before, 30000);
        int64_t before_us = segmenter_stats(segmenter).durations.sum_us;
        uint64_t classic = packager_stats(packager).ts.segments;
        int sound = last[SOUND];
        publish(&unseen, 20000);
        int64_t made_ms = (segmenter_stats(segmenter).durations.sum_us - before_us) / US_PER_MS;
        assert_row(made_ms > 16500 && made_ms < 17000, row, "%d ms of media", (int)made_ms);
        classic = packager_stats(packager).ts.segments - classic;
        assert_row((int)classic == last[SOUND] - sound, row, "%d and %d segments", (int)classic,
                   last[SOUND] - sound);
        teardown(state);
    }
}

/* The first segment is to be short: where it is forced to its limit it is late by more than others.
 */
static void lateness_is_of_what_was_aimed_at(void **state)
{
    static const Publisher refuses = {1, 1, MS(33), -1, MS(20), 0, 0, 0, 0, 0};

    (void)state;
    row = "refuses";
    publish(&refuses, 3000);
    Histogram lateness = segmenter_stats(segmenter).lateness;
    assert_int_equal(histogram_count(&lateness), 1);
    assert_in_range(lateness.sum_us, 1900 * US_PER_MS, 2100 * US_PER_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(publishers_of_all_sorts),
    TEST(publishers_come_and_go),
    cmocka_unit_test(turned_at_any_time),
    cmocka_unit_test(gone_at_any_time),
    cmocka_unit_test(dates_of_sound_are_not_late),
    TEST(dates_of_the_next_publisher_are_not_earlier),
    TEST(lateness_is_of_what_was_aimed_at),
    TEST(a_viewer_that_waits_is_told_when_it_can_be_played),
    cmocka_unit_test(sound_goes_on_without_its_pictures),
};

TEST_GROUP(segmenter, tests);
