/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "count_files.h"
#include "cpix_sample.h"
#include "hls-bridge/package/key_tags.h"
#include "hls-bridge/package/media_keys.h"
#include "temp_folder.h"

/* In the place of the store's, for all that this program links. */
int __real_store_sync_names(Store *store);
int __wrap_store_sync_names(Store *store);
static bool names_fail;

int __wrap_store_sync_names(Store *store)
{
    errno = EIO;
    return names_fail ? -1 : __real_store_sync_names(store);
}

/* A key server that answers when a test wants it to. */
struct KeyTicket {
    char id[UUID_TEXT_SIZE];
};

static KeyTicket ticket;
static int asked, dropped;
static bool answers;
static const char *tag; /* of its answers, as base64 */

static KeyTicket *ask(void *user, const char *stream, const uint8_t id[CPIX_KEY_SIZE])
{
    assert_null(user);
    assert_string_equal(stream, "shop");
    assert_int_equal(asked, dropped); /* one after the other */
    asked++;
    uuid_text_write(id, ticket.id);
    return &ticket;
}

static bool take(KeyTicket *t, ByteBuffer *document)
{
    char sample[2048];

    if (!answers)
        return false;
    int len = snprintf(sample, sizeof(sample),
                       SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY("", SAMPLE_SECRET)),
                                 SAMPLE_SYSTEMS(SAMPLE_SYSTEM(FAIRPLAY_ID, SAMPLE_TAG("%s")))),
                       tag);
    assert_in_range(len, 1, sizeof(sample) - 1);
    assert_int_equal(byte_buffer_add(document, sample, (size_t)len), 0);
    for (uint8_t *at = document->data;
         (at = memmem(at, document->len - (size_t)(at - document->data), SAMPLE_KID,
                      strlen(SAMPLE_KID)));)
        memcpy(at, t->id, strlen(t->id));
    return true;
}

static void drop(KeyTicket **t)
{
    dropped += *t != NULL;
    *t = NULL;
}

static const KeySource source = {NULL, ask, take, drop};
static char root[TEMP_FOLDER_SIZE];
static MediaKeys *keys;

static void open_keys(int64_t rotate, bool stops, const KeySource *from)
{
    const MediaKeysParams params = {
        .encryption = {.cipher = MEDIA_CBCS,
                       .directory = root,
                       .rotate_samples = rotate,
                       .source = from,
                       .stops = stops},
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
    asked = dropped = 0;
    answers = false;
    tag = FAIRPLAY_TAG;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    media_keys_close(&keys);
    assert_int_equal(asked, dropped);
    temp_folder_remove(root);
    return 0;
}

static const MediaKey *take_key(int64_t msn)
{
    return media_keys_take(keys, NUMBERS_LL, msn);
}

static void nothing_is_made_before_the_first_key(void **state)
{
    (void)state;
    open_keys(10, false, &source);
    assert_int_equal(asked, 1); /* before there is a segment */
    assert_null(take_key(0));
    assert_int_equal(errno, ENOKEY);
    answers = true;
    assert_null(take_key(0)); /* another rendition has been without it */
    const MediaKey *first = take_key(1);
    assert_non_null(first);
    assert_int_equal(first->first_msn, 1);
    assert_int_equal(count_files(root, ".cpix"), 1);
    assert_int_equal(count_files(root, ".bin"), 0);
    assert_int_equal(asked, 2); /* the next, long before it is needed */
}

static void the_key_in_use_goes_on(void **state)
{
    (void)state;
    answers = true;
    open_keys(10, false, &source);
    const MediaKey *first = take_key(0);
    answers = false;
    assert_ptr_equal(take_key(9), first);
    assert_ptr_equal(take_key(10), first); /* it is due, and the next has not come */
    assert_ptr_equal(take_key(25), first);
    answers = true;
    assert_ptr_equal(take_key(25), first); /* all renditions have one key */
    const MediaKey *second = take_key(26);
    assert_ptr_not_equal(second, first);
    assert_int_equal(second->first_msn, 26);
    assert_memory_not_equal(second->id, first->id, MEDIA_KEY_ID_SIZE);
    assert_ptr_equal(take_key(26), second);
    assert_ptr_equal(take_key(25), first);
}

static void or_stops(void **state)
{
    (void)state;
    answers = true;
    open_keys(10, true, &source);
    const MediaKey *first = take_key(0);
    answers = false;
    assert_ptr_equal(take_key(9), first);
    assert_null(take_key(10));
    answers = true;
    assert_null(take_key(10));
    assert_int_equal(take_key(11)->first_msn, 11);
}

static void one_key_for_good_is_asked_for_once(void **state)
{
    (void)state;
    answers = true;
    open_keys(0, true, &source);
    const MediaKey *first = take_key(5);
    assert_ptr_equal(take_key(5000), first);
    assert_int_equal(asked, 1);
}

static void a_run_that_follows_has_the_keys(void **state)
{
    char text[2048];
    TextBuffer out = text_buffer(text, sizeof(text));
    KeyTags tags = {0};

    (void)state;
    answers = true;
    open_keys(10, false, &source);
    const MediaKey before = *take_key(0);
    open_keys(10, false, &source);
    const MediaKey *after = media_keys_find(keys, NUMBERS_LL, 3);
    assert_non_null(after);
    assert_memory_equal(after->key, before.key, MEDIA_KEY_SIZE);
    assert_memory_equal(after->id, before.id, MEDIA_KEY_ID_SIZE);
    key_tags_segment(&tags, after, 3, &out);
    assert_non_null(strstr(text, "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT="));
    char list[4096];
    snprintf(list, sizeof(list), "#EXTM3U\n%s", text);
    assert_true(media_keys_have_all(keys, list));
    assert_false(
        media_keys_have_all(keys, "#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://2\"\n"));
    assert_ptr_equal(take_key(3), after);
    media_keys_clear(keys, NUMBERS_LL);
    assert_int_equal(count_files(root, ".cpix"), 0);
}

static void keys_of_another_kind_are_not_gone_on_with(void **state)
{
    (void)state;
    open_keys(0, false, NULL);
    const MediaKey *own = take_key(0);
    assert_null(own->cpix);
    answers = true;
    open_keys(0, false, &source);
    assert_null(take_key(1)); /* none was asked for before it was needed */
    const MediaKey *served = take_key(2);
    assert_non_null(served->cpix);
    open_keys(0, false, NULL);
    assert_null(take_key(3)->cpix);
}

static void a_key_that_cannot_be_written_is_kept(void **state)
{
    char path[160];

    (void)state;
    answers = true;
    open_keys(10, false, &source);
    snprintf(path, sizeof(path), "%s/shop/.new", root); /* where a file is written at first */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_null(take_key(0));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(take_key(1)->first_msn, 1);
    assert_int_equal(asked, 2);
}

/* Attributes of a server's tags are in any order, and the address may be that of all keys. */
static void a_list_has_all_its_keys_or_not(void **state)
{
    static const struct {
        const char *base64, *tag;
    } rows[] = {
        {"I0VYVC1YLUtFWTpNRVRIT0Q9U0FNUExFLUFFUyxVUkk9InNrZDovLzEiLEtFWUZPUk1BVD0iY29tLmFwcGxlLnN0c"
         "mVhbWluZ2tleWRlbGl2ZXJ5Ig==",
         "METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\""},
        {"I0VYVC1YLUtFWTpNRVRIT0Q9U0FNUExFLUFFUyxLRVlGT1JNQVQ9ImNvbS5hcHBsZS5zdHJlYW1pbmdrZXlkZWxpd"
         "mVyeSIsVVJJPSJza2Q6Ly8xIg==",
         "METHOD=SAMPLE-AES,KEYFORMAT=\"com.apple.streamingkeydelivery\",URI=\"skd://1\""},
        {"I0VYVC1YLUtFWTpVUkk9InNrZDovLzEiLE1FVEhPRD1TQU1QTEUtQUVTLEtFWUZPUk1BVD0iY29tLmFwcGxlLnN0c"
         "mVhbWluZ2tleWRlbGl2ZXJ5Ig==",
         "URI=\"skd://1\",METHOD=SAMPLE-AES,KEYFORMAT=\"com.apple.streamingkeydelivery\""},
    };
    char text[256];

    (void)state;
    answers = true;
    for (size_t i = 0; i < COUNT(rows); i++) {
        tag = rows[i].base64;
        open_keys(10, false, &source);
        snprintf(text, sizeof(text), "#EXTM3U\n#EXT-X-KEY:%s\n#EXTINF:1,\na.mp4\n", rows[i].tag);
        assert_row(!media_keys_have_all(keys, text), rows[i].tag, "it has none yet");
        assert_non_null(take_key(0));
        assert_row(media_keys_have_all(keys, text), rows[i].tag, "it has it");
        snprintf(text, sizeof(text), "#EXTM3U\n#EXT-X-KEY:%s,X-KEY=\"2\"\n#EXTINF:1,\na.mp4\n",
                 rows[i].tag);
        assert_row(!media_keys_have_all(keys, text), rows[i].tag, "another has the address, too");
        assert_true(
            media_keys_have_all(keys, "#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\na.mp4\n"));
        media_keys_clear(keys, NUMBERS_LL);
    }
}

/* A file whose name may not have reached the disk must not be found by the run that follows: the
 * segment has the key before. */
static void a_key_that_may_not_be_on_disk_is_no_key(void **state)
{
    (void)state;
    answers = true;
    open_keys(10, false, &source);
    const MediaKey *first = take_key(0);
    names_fail = true;
    assert_ptr_equal(take_key(10), first);
    names_fail = false;
    assert_int_equal(count_files(root, ".cpix"), 1);
    open_keys(10, false, &source);
    assert_int_equal(media_keys_find(keys, NUMBERS_LL, 10)->first_msn, 0);
    assert_null(media_keys_find(keys, NUMBERS_TS, 10));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(nothing_is_made_before_the_first_key),
    TEST(the_key_in_use_goes_on),
    TEST(or_stops),
    TEST(one_key_for_good_is_asked_for_once),
    TEST(a_run_that_follows_has_the_keys),
    TEST(keys_of_another_kind_are_not_gone_on_with),
    TEST(a_key_that_cannot_be_written_is_kept),
    TEST(a_list_has_all_its_keys_or_not),
    TEST(a_key_that_may_not_be_on_disk_is_no_key),
};

TEST_GROUP(asked_keys, tests);
