/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A store that fails at each of its calls in turn, once or a few times: by segment_store alone, and
 * by a whole packager, in virtual time. Nothing is lost or leaks but what the store refuses: what
 * is listed is there, numbers only grow, and all goes on once the store takes files again. */

#include "harness.h"

#include <limits.h>

#include "hls-bridge/package/ll_playlist.h"
#include "hls-bridge/package/segment_store.h"
#include "hls-bridge/store/folder.h"
#include "memory_store.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"

#define LISTS   4
#define AT_ONCE 3 /* calls that fail in a row, in every second try */

#define PUBLISHED_MS 2600 /* by each publisher: a short first segment, and a few more */

static const char *const lists[LISTS] = {"index.m3u8", "video.m3u8", "audio.m3u8", "master.m3u8"};

static MemoryStore memory;
static SyntheticPublisher publisher;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&publisher.clock_90k);
static struct {
    int64_t msn, next, discontinuity;
} seen[LISTS];           /* the highest numbers that were listed; next: the one behind them */
static unsigned checked; /* lists after so many changes; UINT_MAX: none */

Store *__wrap_folder_open(const char *directory, const char *stream, const Clock *clock);

/* The packager opens the memory for its folder. */
Store *__wrap_folder_open(const char *directory, const char *stream, const Clock *clock)
{
    (void)directory;
    (void)stream;
    return memory_store_open(&memory, clock);
}

/* ---- what is listed ---- */

static const char *text_of_list(const char *name)
{
    static char text[LL_TEXT_SIZE];
    const MemoryFile *f = memory_store_find(&memory, name);

    if (!f)
        return NULL;
    assert_true(f->now.len < sizeof(text));
    memcpy(text, f->now.data, f->now.len);
    text[f->now.len] = '\0';
    return text;
}

static int64_t number_in(const char *text, const char *tag)
{
    const char *at = strstr(text, tag);

    return at ? strtoll(at + strlen(tag), NULL, 10) : 0;
}

/* Each file that a list names is there, and no number is lower than one that was seen. Returns how
 * many files it names. */
static int check_list(int which)
{
    const char *text = text_of_list(lists[which]), *at = text;
    char name[LL_NAME_SIZE];
    int files = 0;

    if (!text)
        return 0;
    assert_row(strncmp(text, "#EXTM3U\n", 8) == 0, lists[which], "%.20s", text);
    for (; ll_playlist_next_file(&at, name); files++)
        assert_row(memory_store_find(&memory, name), lists[which], "%s is not there, call %d", name,
                   memory.fails_at);
    int64_t msn = number_in(text, "#EXT-X-MEDIA-SEQUENCE:"), next = msn;
    int64_t discontinuity = number_in(text, "#EXT-X-DISCONTINUITY-SEQUENCE:");
    for (at = text; (at = strstr(at, "\n#EXTINF:")); at++)
        next++;
    assert_row(msn >= seen[which].msn && next >= seen[which].next, lists[which],
               "%d to %d after %d to %d, call %d", (int)msn, (int)next, (int)seen[which].msn,
               (int)seen[which].next, memory.fails_at);
    assert_row(discontinuity >= seen[which].discontinuity, lists[which], "%d after %d, call %d",
               (int)discontinuity, (int)seen[which].discontinuity, memory.fails_at);
    seen[which].msn = msn;
    seen[which].next = next;
    seen[which].discontinuity = discontinuity;
    return files;
}

/* They are as they were if nothing in the store has changed. */
static void check_lists(void)
{
    if (memory.changes == checked)
        return;
    checked = memory.changes;
    for (int i = 0; i < LISTS; i++)
        check_list(i);
}

/* ---- a run after another, one call of which fails ---- */

static void begin_try(int fails_at)
{
    memory.fails_at = fails_at;
    memory.fails = fails_at % 2 ? 1 : AT_ONCE;
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    memset(seen, 0, sizeof(seen));
    checked = UINT_MAX;
}

/* The store takes all from now on. Returns whether the try has come to its call; that has failed.
 */
static bool mend(void)
{
    bool came = memory.calls >= memory.fails_at;

    assert_row(came == (memory.refused > 0), "refused", "%d at %d of %d calls", memory.refused,
               memory.fails_at, memory.calls);
    memory.fails_at = 0;
    return came;
}

/* Leaves the store empty for the next try. */
static void end_try(void)
{
    assert_int_equal(memory.opens, 0);
    memory_store_clear(&memory);
}

/* ---- segment_store ---- */

static Store *folder;
static NumberLog *numbers;
static SegmentStore *store;

static void close_store(void)
{
    segment_store_close(&store);
    number_log_close(&numbers);
    store_close(&folder);
    assert_int_equal(memory.opens, 0);
}

/* Returns false if the store has refused it. */
static bool open_store(bool durable)
{
    folder = memory_store_open(&memory, &virtual_time);
    assert_non_null(folder);
    numbers = number_log_open(folder);
    SegmentStoreParams params = {.store = folder,
                                 .numbers = numbers,
                                 .window = 3,
                                 .target_duration_s = 2,
                                 .clock = &virtual_time,
                                 .durable = durable};
    store = numbers ? segment_store_open(&params, synthetic_now_us(&publisher)) : NULL;
    if (!store)
        close_store();
    return store;
}

/* What fails fails whole: the playlist in memory and the one in the store say the same. */
static void add_segment(bool discontinuity)
{
    static const uint8_t packet[188] = {0x47};
    const SegmentBytes bytes = {packet, sizeof(packet), false};
    PlaylistSegment s = {.common = {2 * TICKS_PER_S, 0, discontinuity}};
    int refused = memory.refused;

    publisher.clock_90k += 2 * TICKS_PER_S;
    int status = segment_store_add(store, &bytes, &s, synthetic_now_us(&publisher));
    assert_true(status == 0 || memory.refused > refused);
    assert_int_equal(check_list(0), (int)segment_store_playlist(store)->window.count);
    store_expire(folder, synthetic_now_us(&publisher));
    check_list(0);
}

/* Ends and clears; a call that is refused is made again. */
static void end_and_clear_store(void)
{
    while (segment_store_end(store) < 0)
        check_list(0);
    check_list(0);
    while (segment_store_clear(store) < 0)
        check_list(0);
    assert_int_equal(memory_store_count(&memory, ".ts"), 0);
    check_list(0);
}

/* Two runs, the first of which is killed. Returns whether they have come to the call that fails. */
static bool run_store(int fails_at, bool durable)
{
    begin_try(fails_at);
    for (int run = 0; run < 2; run++) {
        while (!open_store(durable))
            check_list(0);
        for (int i = 0; i < 5; i++)
            add_segment(i == 3);
        if (run == 0)
            close_store();
    }
    end_and_clear_store();
    bool came = mend();
    int64_t msn = window_next_msn(&segment_store_playlist(store)->window);
    add_segment(false);
    assert_int_equal(window_next_msn(&segment_store_playlist(store)->window), msn + 1);
    assert_int_equal(check_list(0), 1);
    close_store();
    end_try();
    return came;
}

static void a_segment_store_outlives_each_call_that_fails(void **state)
{
    (void)state;
    for (int durable = 0; durable < 2; durable++) {
        int n = 1;
        while (run_store(n, durable))
            n++;
        assert_true(n > 20); /* two calls for each segment, at least */
    }
}

/* ---- the packager ---- */

static LlHub *hub;
static Packager *packager;

static void open_packager(void)
{
    const PackagerParams params = shop_packager("", hub, &virtual_time);

    while (!(packager = packager_open(&params, synthetic_now_us(&publisher)))) {
        assert_int_equal(memory.opens, 0);
        check_lists();
    }
}

/* Publishes a few segments. At any time each list is true. */
static void publish(int64_t ms)
{
    synthetic_begin(&publisher, packager_segmenter(packager));
    for (int64_t end = publisher.clock_90k + ms * 90; publisher.clock_90k < end;) {
        synthetic_step(&publisher);
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
        check_lists();
    }
    synthetic_finish(&publisher);
    check_lists();
}

static void end_and_clear_packager(void)
{
    while (packager_end(packager) < 0)
        check_lists();
    check_lists();
    while (packager_clear(packager) < 0)
        check_lists();
    check_lists();
    assert_int_equal(memory_store_count(&memory, ".ts"), 0);
    assert_int_equal(memory_store_count(&memory, ".m4s"), 0);
    assert_int_equal(memory_store_count(&memory, ".mp4"), 0);
}

/* As run_store(). */
static bool run_packager(int fails_at)
{
    begin_try(fails_at);
    open_packager();
    publish(PUBLISHED_MS);
    packager_close(&packager); /* as by a kill */
    open_packager();
    publish(PUBLISHED_MS);
    end_and_clear_packager();
    bool came = mend();
    publish(PUBLISHED_MS);
    for (int i = 0; i < LISTS; i++)
        assert_row(check_list(i) > 0, lists[i], "lists nothing, call %d", fails_at);
    assert_int_equal(packager_end(packager), 0);
    packager_close(&packager);
    end_try();
    return came;
}

static void a_packager_outlives_each_call_that_fails(void **state)
{
    int n = 1;

    (void)state;
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    while (run_packager(n))
        n++;
    ll_hub_destroy(&hub);
    assert_true(n > 100); /* parts alone are that many */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_segment_store_outlives_each_call_that_fails),
    cmocka_unit_test(a_packager_outlives_each_call_that_fails),
};

TEST_GROUP(store_faults, tests);
