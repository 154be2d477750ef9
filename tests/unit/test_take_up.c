/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a run of the bridge makes of what the one before it has left, with the machine up all the
 * while, or by a run that was killed while it took up what a power cut has left. The linker puts
 * our calls before the C library's: the process ends at one of them. */

#include "harness.h"

#include <errno.h>
#include <sys/stat.h>

#include <sys/wait.h>

#include "count_files.h"
#include "hls-bridge/base/boot_id.h"
#include "hls-bridge/segment/packager.h"
#include "read_list.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static SyntheticPublisher publisher;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&publisher.clock_90k);
static bool ts;
static char boot[BOOT_ID_SIZE];
static int calls_left; /* until the process is killed; 0: it is not */

#define LISTS 3
static const char *const lists[LISTS] = {"index.m3u8", "video.m3u8", "audio.m3u8"};

void __wrap_boot_id(char *id);
int __real_unlinkat(int at, const char *name, int flags);
int __wrap_unlinkat(int at, const char *name, int flags);
int __wrap_fdatasync(int fd);

void __wrap_boot_id(char *id)
{
    strcpy(id, boot);
}

static void call(void)
{
    if (calls_left > 0 && --calls_left == 0)
        _exit(1);
}

int __wrap_unlinkat(int at, const char *name, int flags)
{
    call();
    return __real_unlinkat(at, name, flags);
}

int __wrap_fdatasync(int fd)
{
    (void)fd;
    call();
    return 0;
}

/* Opens the folder; what was open is closed, as by a run that ends. Returns NULL with errno. */
static Packager *open_packager(void)
{
    PackagerParams params = shop_packager(root, hub, &virtual_time);

    params.outputs.writes_ts = ts;
    packager_close(&packager);
    packager = packager_open(&params, synthetic_now_us(&publisher));
    return packager;
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    ts = true;
    strcpy(boot, "first");
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    assert_non_null(open_packager());
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

static void read_lists(void)
{
    read_list(root, "index.m3u8");
    read_list(root, "video.m3u8");
    read_list(root, "audio.m3u8");
}

/* Somebody publishes for `ms`, and goes. */
static void publish(int64_t ms)
{
    synthetic_begin(&publisher, packager_segmenter(packager));
    for (int64_t end = publisher.clock_90k + ms * 90; publisher.clock_90k < end;) {
        synthetic_step(&publisher);
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
        read_lists();
    }
    synthetic_finish(&publisher);
}

/* Lets time pass with nobody there; what is listed is there all the while. */
static void let_pass(int64_t ms)
{
    for (int64_t i = 0; i < ms; i += 1000, publisher.clock_90k += TICKS_PER_S) {
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
        read_lists();
    }
}

static int64_t number_in(const char *text)
{
    const char *at = strstr(text, "#EXT-X-MEDIA-SEQUENCE:");

    return at ? strtoll(at + 22, NULL, 10) : 0;
}

static void an_ended_stream_stays_ended_and_whole(void **state)
{
    for (int pass = 0; pass < 2; pass++) {
        char before[LL_TEXT_SIZE];
        setup(state);
        ts = pass == 0;
        assert_non_null(open_packager());
        assert_int_equal(packager_listing(packager), LISTING_NONE);
        publish(15000);
        assert_int_equal(packager_listing(packager), LISTING_OPEN);
        assert_int_equal(packager_end(packager), 0);
        assert_int_equal(packager_listing(packager), LISTING_ENDED);
        strcpy(before, text_of(root, "video.m3u8"));
        assert_non_null(strstr(before, "#EXT-X-ENDLIST"));

        assert_non_null(open_packager());
        assert_int_equal(packager_listing(packager), LISTING_ENDED);
        let_pass(100000);
        assert_int_equal(packager_end(packager), 0);
        assert_string_equal(text_of(root, "video.m3u8"), before);
        assert_true(read_list(root, "video.m3u8").segments >= 6);
        assert_int_equal(packager_clear(packager), 0);
        assert_int_equal(
            count_files(root, ".ts") + count_files(root, ".m4s") + count_files(root, ".mp4"), 0);
        assert_int_equal(read_list(root, "video.m3u8").segments, 0);
        assert_int_equal(packager_listing(packager), LISTING_ENDED);
        teardown(state);
    }
}

/* What a held list names is there until there is another list, and for as long as it must be then.
 */
static void a_held_stream_is_whole_until_it_goes_on(void **state)
{
    (void)state;
    publish(15000);
    assert_non_null(open_packager());
    assert_int_equal(packager_listing(packager), LISTING_OPEN);
    let_pass(60000);
    int files = count_files(root, ".m4s");
    assert_true(files > 12);
    publish(6000);
    assert_true(count_files(root, ".m4s") > files);
    let_pass(60000);
    assert_true(count_files(root, ".m4s") < files);
}

/* A list that cannot be read is not one that is not there: its numbers would begin again. */
static void a_list_that_cannot_be_read_is_left_alone(void **state)
{
    static const char *const files[] = {"index.m3u8", "video.m3u8", "audio.m3u8"};

    for (size_t i = 0; i < COUNT(files); i++) {
        char path[128];
        setup(state);
        packager_close(&packager);
        snprintf(path, sizeof(path), "%s/shop/%s", root, files[i]);
        assert_int_equal(mkdir(path, 0755), 0); /* it can be opened, and not be read */
        assert_row(!open_packager() && errno == EISDIR, files[i], "%s", strerror(errno));
        assert_int_equal(rmdir(path), 0);
        assert_non_null(open_packager());
        teardown(state);
    }
}

/* Somebody publishes sound alone for `ms`, and goes. */
static void publish_sound(int64_t ms)
{
    const Renditions sound = renditions_of(true, false);
    Segmenter *segmenter = publisher.segmenter = packager_segmenter(packager);

    if (publisher.clock_90k < segmenter_end_90k(segmenter))
        publisher.clock_90k = segmenter_end_90k(segmenter);
    publisher.next_sample = publisher.clock_90k * 8 / 15;
    segmenter_begin(segmenter, &sound, synthetic_wall_clock, NULL);
    for (int64_t end = publisher.clock_90k + ms * 90; publisher.clock_90k < end;
         publisher.clock_90k += PUBLISHER_STEP_90K) {
        segmenter_set_time(segmenter, synthetic_now_us(&publisher));
        synthetic_sound(&publisher);
        segmenter_tick(segmenter, publisher.clock_90k, synthetic_now_us(&publisher));
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
    }
    synthetic_finish(&publisher);
}

/* A rendition that the next publisher does not send ends, of an earlier run too. */
static void what_nobody_sends_any_more_has_ended(void **state)
{
    (void)state;
    publish(5000);
    assert_non_null(open_packager());
    publish_sound(4000);
    assert_non_null(strstr(text_of(root, "video.m3u8"), "#EXT-X-ENDLIST"));
    assert_null(strstr(text_of(root, "audio.m3u8"), "#EXT-X-ENDLIST"));
}

/* Its files go when they are due, while others go on: these are taken up by the next run. */
static void what_has_ended_and_gone_takes_no_other_list_with_it(void **state)
{
    static char before[LL_TEXT_SIZE];
    char name[64], path[128];

    (void)state;
    publish(5000);
    publish_sound(4000);  /* ends it; */
    publish_sound(60000); /* the next one that does not send it lets its files go */
    const char *segment = strstr(text_of(root, "video.m3u8"), "\nvideo-");
    assert_true(segment && sscanf(segment, " %63s", name) == 1);
    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    assert_int_equal(access(path, F_OK), -1);
    strcpy(before, text_of(root, "audio.m3u8"));
    assert_non_null(open_packager());
    assert_int_equal(packager_listing(packager), LISTING_OPEN);
    assert_string_equal(text_of(root, "audio.m3u8"), before);
    publish_sound(4000);
    assert_in_range(number_in(text_of(root, "audio.m3u8")), number_in(before) + 1,
                    number_in(before) + 10); /* no numbers are left out */
}

/* The same if the others have no whole segment since, when the bridge is killed. */
static void what_has_ended_is_not_missed_though_nothing_followed(void **state)
{
    const Renditions sound = renditions_of(true, false);
    static char before[LL_TEXT_SIZE];
    char name[64], path[128];

    (void)state;
    publish(5000);
    segmenter_begin(publisher.segmenter, &sound, synthetic_wall_clock, NULL);
    publisher.next_sample = segmenter_end_90k(publisher.segmenter) * 8 / 15 + AAC_FRAME_SAMPLES;
    publisher.clock_90k = samples_to_90k(publisher.next_sample) + TICKS_PER_S / 4;
    synthetic_sound(&publisher); /* parts of a segment */
    strcpy(before, text_of(root, "audio.m3u8"));
    assert_non_null(strstr(text_of(root, "video.m3u8"), "#EXT-X-ENDLIST"));
    assert_null(strstr(before, "#EXT-X-ENDLIST"));
    const char *segment = strstr(text_of(root, "video.m3u8"), "\nvideo-");
    assert_true(segment && sscanf(segment, " %63s", name) == 1);
    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    assert_int_equal(unlink(path), 0);
    assert_non_null(open_packager());
    assert_int_equal(packager_listing(packager), LISTING_OPEN);
    assert_string_equal(text_of(root, "audio.m3u8"), before);
}

/* ---- a kill while what a power cut has left is taken up ---- */

static void put_text(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Publishes for a while, and puts lists back that are older than what viewers have seen, as a power
 * cut does. Writes the numbers that they have seen. */
static void lose_newest_lists(int64_t *seen)
{
    static char before[LISTS][LL_TEXT_SIZE];

    publish(9000);
    for (int i = 0; i < LISTS; i++)
        strcpy(before[i], text_of(root, lists[i]));
    publish(12000);
    for (int i = 0; i < LISTS; i++) {
        seen[i] = number_in(text_of(root, lists[i]));
        put_text(lists[i], before[i]);
        assert_true(number_in(before[i]) < seen[i]);
    }
    packager_close(&packager);
}

/* Takes the folder up in a process that is killed at its n-th call. Returns whether it was. */
static bool killed_at(int n)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        calls_left = n;
        _exit(open_packager() ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void a_run_that_is_killed_takes_no_number_back(void **state)
{
    bool killed = true;
    int n = 1;

    for (; killed; n++) {
        int64_t seen[LISTS];
        setup(state);
        lose_newest_lists(seen);
        strcpy(boot, "second");
        killed = killed_at(n);
        assert_non_null(open_packager());
        publish(6000);
        for (int i = 0; i < LISTS; i++) {
            int64_t number = number_in(text_of(root, lists[i]));
            assert_row(number >= seen[i], lists[i], "killed at call %d: %d after %d", n,
                       (int)number, (int)seen[i]);
        }
        teardown(state);
    }
    assert_true(n > 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_ended_stream_stays_ended_and_whole),
    TEST(a_held_stream_is_whole_until_it_goes_on),
    cmocka_unit_test(a_list_that_cannot_be_read_is_left_alone),
    TEST(what_nobody_sends_any_more_has_ended),
    TEST(what_has_ended_and_gone_takes_no_other_list_with_it),
    TEST(what_has_ended_is_not_missed_though_nothing_followed),
    cmocka_unit_test(a_run_that_is_killed_takes_no_number_back),
};

TEST_GROUP(take_up, tests);
