/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "count_files.h"
#include "hls-bridge/package/key_tags.h"
#include "hls-bridge/package/media_keys.h"
#include "temp_folder.h"

#define STAYS_US (60 * US_PER_S) /* a key, beyond the files that it is for */

static char root[TEMP_FOLDER_SIZE];
static MediaKeys *keys;

static void open_keys(MediaCipher cipher, int64_t rotate)
{
    const MediaKeysParams params = {
        .encryption = {.cipher = cipher, .directory = root, .rotate = rotate},
        .stream = "shop",
        .clock = clock_system(),
    };

    media_keys_close(&keys);
    keys = media_keys_open(&params);
    assert_non_null(keys);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    open_keys(MEDIA_AES_128, 10);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    media_keys_close(&keys);
    assert_null(keys);
    temp_folder_remove(root);
    return 0;
}

static const MediaKey *take(NumberSeries series, int64_t msn)
{
    const MediaKey *key = media_keys_take(keys, series, msn);

    assert_non_null(key);
    return key;
}

static void path_of(const MediaKey *key, char path[160])
{
    snprintf(path, 160, "%s/shop/%s", root, key->uri);
}

/* How many keys there are on disk. */
static int on_disk(void)
{
    return (int)count_files(root, ".bin");
}

static void a_key_has_its_number_of_segments(void **state)
{
    (void)state;
    const MediaKey *first = take(NUMBERS_LL, 120);
    for (int64_t msn = 120; msn < 130; msn++)
        assert_ptr_equal(take(NUMBERS_LL, msn), first);
    const MediaKey *second = take(NUMBERS_LL, 130);
    assert_ptr_not_equal(second, first);
    assert_memory_not_equal(second->key, first->key, MEDIA_KEY_SIZE);
    assert_memory_not_equal(second->id, first->id, MEDIA_KEY_ID_SIZE);
    assert_int_equal(second->first_msn, 130);
    /* a rendition that comes later is at numbers of before */
    assert_ptr_equal(take(NUMBERS_LL, 129), first);
    assert_ptr_equal(media_keys_find(keys, NUMBERS_LL, 125), first);
    assert_ptr_equal(media_keys_find(keys, NUMBERS_LL, 131), second);
    assert_null(media_keys_find(keys, NUMBERS_LL, 119));
    assert_int_equal(on_disk(), 2);
}

static void classic_lists_have_keys_of_their_own(void **state)
{
    (void)state;
    const MediaKey *ll = take(NUMBERS_LL, 5), *ts = take(NUMBERS_TS, 5);
    assert_memory_not_equal(ll->key, ts->key, MEDIA_KEY_SIZE);
    assert_null(media_keys_find(keys, NUMBERS_TS, 4));
}

static void no_rotation_is_one_key_for_good(void **state)
{
    (void)state;
    open_keys(MEDIA_AES_128, 0);
    const MediaKey *key = take(NUMBERS_TS, 0);
    assert_ptr_equal(take(NUMBERS_TS, 1000000), key);
}

/* Classic lists have aes-128 then, and a rotation of their own. */
static void a_key_of_samples_stays_unless_it_is_to_change(void **state)
{
    (void)state;
    open_keys(MEDIA_CBCS, 2);
    const MediaKey *classic = take(NUMBERS_TS, 0), *sample = take(NUMBERS_LL, 0);
    assert_ptr_not_equal(take(NUMBERS_TS, 2), classic);
    assert_ptr_equal(take(NUMBERS_LL, 1000000), sample);
}

static void a_file_is_the_key_and_for_nobody_else(void **state)
{
    char path[160];
    uint8_t bytes[32];
    struct stat is;

    (void)state;
    const MediaKey *key = take(NUMBERS_LL, 7);
    assert_int_equal(strncmp(key->uri, "key-ll-7-", 9), 0);
    path_of(key, path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof(bytes), file), MEDIA_KEY_SIZE);
    fclose(file);
    assert_memory_equal(bytes, key->key, MEDIA_KEY_SIZE);
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 0027, 0); /* its group may read, at the most */
    snprintf(path, sizeof(path), "%s/shop", root);
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 0027, 0);
    assert_int_equal(key->id[6] >> 4, 4); /* a UUID of random bits */
    assert_int_equal(key->id[8] >> 6, 2);
}

static void the_next_run_has_the_same_keys(void **state)
{
    uint8_t first[MEDIA_KEY_SIZE], second[MEDIA_KEY_SIZE];
    char uri[MEDIA_KEY_URI_SIZE];

    (void)state;
    memcpy(first, take(NUMBERS_LL, 100)->key, sizeof(first));
    memcpy(second, take(NUMBERS_LL, 110)->key, sizeof(second));
    snprintf(uri, sizeof(uri), "%s", take(NUMBERS_LL, 110)->uri);
    take(NUMBERS_TS, 3);
    open_keys(MEDIA_AES_128, 10);
    assert_memory_equal(media_keys_find(keys, NUMBERS_LL, 109)->key, first, sizeof(first));
    assert_memory_equal(take(NUMBERS_LL, 119)->key, second, sizeof(second));
    assert_string_equal(take(NUMBERS_LL, 119)->uri, uri);
    assert_memory_not_equal(take(NUMBERS_LL, 120)->key, second, sizeof(second));
    assert_non_null(media_keys_find(keys, NUMBERS_TS, 3));
    assert_int_equal(on_disk(), 4);
}

static void other_files_are_left_alone(void **state)
{
    static const char *const names[] = {
        "key-ll-5.bin",
        "key-xx-5-0f8fad5b-d9cb-469f-a165-70867728950e.bin",
        "key-ll--5-0f8fad5b-d9cb-469f-a165-70867728950e.bin",
        "key-ll-05-0f8fad5b-d9cb-469f-a165-70867728950e.bin",
        "key-ll-5-0f8fad5bd9cb469fa16570867728950e.bin",
        "key-ll-6-0f8fad5b-d9cb-469f-a165-70867728950e.bin" /* which is empty */};
    char path[160];

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/shop/%s", root, names[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fclose(file);
    }
    open_keys(MEDIA_AES_128, 10);
    assert_null(media_keys_find(keys, NUMBERS_LL, 1000));
}

static void keys_go_after_what_needs_them(void **state)
{
    (void)state;
    for (int64_t msn = 0; msn < 40; msn++)
        take(NUMBERS_LL, msn); /* at 0, 10, 20 and 30 */
    take(NUMBERS_TS, 0);
    const MediaKeyNeed need[] = {{12, 18}, {33, 40}, {50, 50}};
    media_keys_keep(keys, NUMBERS_LL, need, COUNT(need), 1000);
    assert_int_equal(media_keys_expire(keys, 1000 + STAYS_US - 1), 1000 + STAYS_US);
    assert_int_equal(on_disk(), 5);
    assert_int_equal(media_keys_expire(keys, 1000 + STAYS_US), NEVER_US);
    assert_int_equal(on_disk(), 3);
    assert_non_null(media_keys_find(keys, NUMBERS_LL, 12));
    assert_int_equal(media_keys_find(keys, NUMBERS_LL, 33)->first_msn, 30);
    assert_null(media_keys_find(keys, NUMBERS_LL, 9));
    assert_non_null(media_keys_find(keys, NUMBERS_TS, 0));
}

static void the_newest_key_stays(void **state)
{
    (void)state;
    take(NUMBERS_TS, 0);
    media_keys_keep(keys, NUMBERS_TS, NULL, 0, 0);
    assert_int_equal(media_keys_expire(keys, NEVER_US - 1), NEVER_US);
    assert_int_equal(on_disk(), 1);
    media_keys_clear(keys, NUMBERS_TS);
    assert_int_equal(on_disk(), 0);
}

static void a_stream_that_is_removed_leaves_no_folder(void **state)
{
    char path[160];

    (void)state;
    take(NUMBERS_TS, 0);
    take(NUMBERS_LL, 0);
    media_keys_close(&keys);
    assert_true(media_keys_are_left(root, "shop"));
    media_keys_forget(root, "shop", clock_system());
    assert_false(media_keys_are_left(root, "shop"));
    media_keys_forget(root, "shop", clock_system());
    snprintf(path, sizeof(path), "%s/shop", root);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_disk_that_refuses_is_no_key(void **state)
{
    char path[160];

    (void)state;
    take(NUMBERS_LL, 0);
    snprintf(path, sizeof(path), "%s/shop/.new", root); /* where a file is written at first */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_null(media_keys_take(keys, NUMBERS_LL, 10));
    assert_non_null(media_keys_take(keys, NUMBERS_LL, 9));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(take(NUMBERS_LL, 11)->first_msn, 11);
}

static void without_keys_all_is_clear(void **state)
{
    (void)state;
    assert_int_equal(media_keys_cipher(NULL, NUMBERS_TS), MEDIA_CLEAR);
    assert_null(media_keys_find(NULL, NUMBERS_TS, 0));
    media_keys_keep(NULL, NUMBERS_TS, NULL, 0, 0);
    media_keys_clear(NULL, NUMBERS_TS);
    assert_int_equal(media_keys_expire(NULL, 0), NEVER_US);
    open_keys(MEDIA_CBCS, 1);
    assert_int_equal(media_keys_cipher(keys, NUMBERS_LL), MEDIA_CBCS);
    assert_int_equal(media_keys_cipher(keys, NUMBERS_TS), MEDIA_AES_128);
}

/* ---- addresses ---- */

static const MediaKey known = {
    .series = NUMBERS_LL,
    .first_msn = 120,
    .id = {0x0f, 0x8f, 0xad, 0x5b, 0xd9, 0xcb, 0x46, 0x9f, 0xa1, 0x65, 0x70, 0x86, 0x77, 0x28, 0x95,
           0x0e},
};
#define KNOWN_ID "0f8fad5b-d9cb-469f-a165-70867728950e"

static void addresses_are_filled_in(void **state)
{
    static const struct {
        const char *format, *uri;
    } rows[] = {
        {"", "key-ll-120-" KNOWN_ID ".bin"},
        {"https://keys.example/{stream}/{id}", "https://keys.example/shop/" KNOWN_ID},
        {"skd://{id}", "skd://" KNOWN_ID},
        {"https://k.example/?a={id}&b={other}&c={id}",
         "https://k.example/?a=" KNOWN_ID "&b={other}&c=" KNOWN_ID},
    };
    char uri[MEDIA_KEY_URI_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        media_key_write_uri(&known, rows[i].format, "shop", uri);
        assert_string_equal(uri, rows[i].uri);
    }
    media_key_write_uri(&known, NULL, "shop", uri);
    assert_string_equal(uri, rows[0].uri);
}

static void addresses_are_checked(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"https://keys.example/{stream}/{id}", true},
        {"http://10.0.0.1/{id}", true},
        {"skd://{id}", true},
        {"https://keys.example/{stream}", false},
        {"keys/{id}", false},
        {"https://keys.example/\"{id}", false},
        {"https://keys.example/ {id}", false},
        {"https://keys.example/\n{id}", false},
        {"https://keys.example/{stream}/{stream}/{stream}/{stream}/{id}", false}, /* too long */
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(media_key_uri_valid(rows[i].text) == rows[i].good, rows[i].text, "%d",
                   rows[i].good);
}

static void tags_stand_where_the_key_changes(void **state)
{
    MediaKey first = known, second = known, sample = known, fairplay = known;
    char text[2048];
    TextBuffer out = text_buffer(text, sizeof(text));
    KeyTags tags = {0};

    (void)state;
    first.cipher = second.cipher = MEDIA_AES_128;
    sample.cipher = fairplay.cipher = MEDIA_CBCS;
    strcpy(first.uri, "1");
    strcpy(second.uri, "2");
    strcpy(sample.uri, "3");
    strcpy(fairplay.uri, "skd://4");
    key_tags_segment(&tags, NULL, KEY_TAGS_NO_IV, &out); /* all is clear: nothing is to be said */
    key_tags_map(&tags, &first, &out);
    key_tags_segment(&tags, &first, KEY_TAGS_NO_IV, &out);
    key_tags_segment(&tags, &first, KEY_TAGS_NO_IV, &out);
    key_tags_segment(&tags, &second, KEY_TAGS_NO_IV, &out);
    text_add_string(&out, "MAP ");
    key_tags_map(&tags, &second, &out);
    key_tags_segment(&tags, &second, KEY_TAGS_NO_IV, &out);
    key_tags_segment(&tags, NULL, KEY_TAGS_NO_IV, &out);
    key_tags_segment(&tags, &first, 258, &out);
    key_tags_segment(&tags, &first, 259, &out);
    key_tags_map(&tags, &sample, &out);
    key_tags_segment(&tags, &sample, KEY_TAGS_NO_IV, &out);
    key_tags_segment(&tags, &fairplay, KEY_TAGS_NO_IV, &out);
    assert_string_equal(text,
                        "#EXT-X-KEY:METHOD=AES-128,URI=\"1\"\n"
                        "#EXT-X-KEY:METHOD=AES-128,URI=\"2\"\n"
                        "MAP #EXT-X-KEY:METHOD=NONE\n"
                        "#EXT-X-KEY:METHOD=AES-128,URI=\"2\"\n"
                        "#EXT-X-KEY:METHOD=NONE\n"
                        "#EXT-X-KEY:METHOD=AES-128,URI=\"1\","
                        "IV=0x00000000000000000000000000000102\n"
                        "#EXT-X-KEY:METHOD=AES-128,URI=\"1\","
                        "IV=0x00000000000000000000000000000103\n"
                        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"3\","
                        "IV=0x0f8fad5bd9cb469fa16570867728950e\n"
                        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://4\","
                        "KEYFORMAT=\"com.apple.streamingkeydelivery\","
                        "KEYFORMATVERSIONS=\"1\"\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_key_has_its_number_of_segments, setup, teardown),
    cmocka_unit_test_setup_teardown(classic_lists_have_keys_of_their_own, setup, teardown),
    cmocka_unit_test_setup_teardown(no_rotation_is_one_key_for_good, setup, teardown),
    cmocka_unit_test_setup_teardown(a_key_of_samples_stays_unless_it_is_to_change, setup, teardown),
    cmocka_unit_test_setup_teardown(a_file_is_the_key_and_for_nobody_else, setup, teardown),
    cmocka_unit_test_setup_teardown(the_next_run_has_the_same_keys, setup, teardown),
    cmocka_unit_test_setup_teardown(other_files_are_left_alone, setup, teardown),
    cmocka_unit_test_setup_teardown(keys_go_after_what_needs_them, setup, teardown),
    cmocka_unit_test_setup_teardown(the_newest_key_stays, setup, teardown),
    cmocka_unit_test_setup_teardown(a_stream_that_is_removed_leaves_no_folder, setup, teardown),
    cmocka_unit_test_setup_teardown(a_disk_that_refuses_is_no_key, setup, teardown),
    cmocka_unit_test_setup_teardown(without_keys_all_is_clear, setup, teardown),
    cmocka_unit_test(addresses_are_filled_in),
    cmocka_unit_test(addresses_are_checked),
    cmocka_unit_test(tags_stand_where_the_key_changes),
};

TEST_GROUP(media_keys, tests);
