/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The power is cut at every write, sync, rename and removal of a minute of stream. What is left is
 * taken up by the next run: no list names a file that is not whole, and no number or name that
 * viewers may have seen is used for anything else. */

#include "harness.h"

#include <libavutil/log.h>

#include "disk_model.h"
#include "hls-bridge/base/boot_id.h"
#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"
#include "read_list.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

#define NUMBERS  128 /* of segments, in a minute */
#define NAMES    1024
#define LISTS    3
#define LATER_US (1000 * US_PER_S)

static const char *const lists[LISTS] = {"index.m3u8", "video.m3u8", "audio.m3u8"};

/* What viewers have seen of a list. */
typedef struct Seen {
    int64_t media_sequence, discontinuity_sequence;
    int name[NUMBERS]; /* file of each segment, 1 + the model's; 0: never listed */
} Seen;

static char root[TEMP_FOLDER_SIZE], left[TEMP_FOLDER_SIZE];
static const char *row;
static LlHub *hub;
static OpusToAac *encoder;
static int64_t opened_us; /* the packager that was opened last */
static const Clock virtual_time = VIRTUAL_CLOCK_US(&opened_us);
static bool durable;
static unsigned every; /* so many changes on disk the power is cut */
static char boot[BOOT_ID_SIZE];
static Seen seen[LISTS];
static ModelName named[NAMES]; /* files that a list has named, and viewers know */
static int named_count;
static int cuts, kept; /* states that were tried; that were taken up with what they list */

void __wrap_boot_id(char *id);
OpusToAac *__real_opus_to_aac_create(const OpusToAacParams *params, const char **error);
OpusToAac *__wrap_opus_to_aac_create(const OpusToAacParams *params, const char **error);
void __real_opus_to_aac_destroy(OpusToAac **o);
void __wrap_opus_to_aac_destroy(OpusToAac **o);

void __wrap_boot_id(char *id)
{
    strcpy(id, boot);
}

/* Nobody speaks, so that all packagers share an encoder that is never given anything: to open one
 * takes as long as half of a cut. */
OpusToAac *__wrap_opus_to_aac_create(const OpusToAacParams *params, const char **error)
{
    if (!encoder)
        encoder = __real_opus_to_aac_create(params, error);
    return encoder;
}

void __wrap_opus_to_aac_destroy(OpusToAac **o)
{
    *o = NULL;
}

static Packager *open_packager(const char *directory, int64_t now_us)
{
    const PackagerParams params = {.stream = "shop",
                                   .directory = directory,
                                   .outputs = {.segment_us = 2 * US_PER_S,
                                               .window = 4,
                                               .writes_ts = true,
                                               .durable = durable,
                                               .ll_hub = hub,
                                               .ll_part_us = 1000 * US_PER_MS,
                                               .ll_dash = true},
                                   .clock = &virtual_time};

    opened_us = now_us;
    Packager *packager = packager_open(&params, now_us);
    assert_non_null(packager);
    return packager;
}

/* ---- what viewers see ---- */

static int64_t number_in(const char *text, const char *tag)
{
    const char *at = strstr(text, tag);

    return at ? strtoll(at + strlen(tag), NULL, 10) : 0;
}

/* Goes through the segments of a list: their numbers and names. */
static bool next_segment(const char **at, char *name)
{
    while (**at) {
        const char *line = *at;
        size_t len = strcspn(line, "\n");
        *at = line + len + (line[len] != '\0');
        if (*line == '#' || len >= MODEL_NAME)
            continue;
        memcpy(name, line, len);
        name[len] = '\0';
        return true;
    }
    return false;
}

static const ModelName *find_named(const char *name)
{
    for (int i = named_count - 1; i >= 0; i--)
        if (strcmp(named[i].name, name) == 0)
            return &named[i];
    return NULL;
}

static void see_file(const char *name)
{
    const ModelName *file = model_find(&model.now, name);

    assert_row(file, name, "is listed, and was not written");
    if (find_named(name))
        return;
    assert_true(named_count < NAMES);
    named[named_count++] = *file;
}

/* A list was published: viewers have seen it. */
static void see(int which)
{
    const char *text = text_of(root, lists[which]), *at = text;
    Seen *s = &seen[which];
    int64_t number = number_in(text, "#EXT-X-MEDIA-SEQUENCE:");
    int64_t discontinuity = number_in(text, "#EXT-X-DISCONTINUITY-SEQUENCE:");
    char name[MODEL_NAME];

    assert_true(number >= s->media_sequence && discontinuity >= s->discontinuity_sequence);
    s->media_sequence = number;
    s->discontinuity_sequence = discontinuity;
    for (const char *file = text; ll_playlist_next_file(&file, name);)
        see_file(name);
    for (; next_segment(&at, name); number++) {
        assert_in_range(number, 0, NUMBERS - 1);
        s->name[number] = find_named(name) ? find_named(name)->file + 1 : 0;
    }
}

/* ---- after the power cut ---- */

/* A file that is listed is the one that viewers know by its name. */
static void check_file(int folder, const char *name)
{
    static uint8_t data[1 << 20];
    const ModelName *known = find_named(name);

    int fd = __real_openat(folder, name, O_RDONLY | O_CLOEXEC);
    assert_row(fd >= 0, row, "%s is listed, and is not there", name);
    ssize_t status = read(fd, data, sizeof(data));
    close(fd);
    assert_row(status > 0, row, "%s is empty", name);
    size_t len = (size_t)status;
    if (!known)
        return;
    const ModelFile *f = &model.files[known->file];
    assert_row(f->len == len && memcmp(f->data, data, len) == 0, row, "%s is not what it was",
               name);
}

static void check_list(int folder, int which)
{
    char text[LL_TEXT_SIZE], name[MODEL_NAME];
    const char *at = text;
    const Seen *s = &seen[which];

    strcpy(text, text_of(left, lists[which]));
    if (!is_there(left, lists[which], strlen(lists[which])))
        return;
    assert_row(strncmp(text, "#EXTM3U\n", 8) == 0, row, "%s: %.20s", lists[which], text);
    int64_t number = number_in(text, "#EXT-X-MEDIA-SEQUENCE:");
    int64_t discontinuity = number_in(text, "#EXT-X-DISCONTINUITY-SEQUENCE:");
    assert_row(number >= s->media_sequence, row, "%s: segment %d after %d", lists[which],
               (int)number, (int)s->media_sequence);
    assert_row(discontinuity >= s->discontinuity_sequence, row, "%s: discontinuity %d after %d",
               lists[which], (int)discontinuity, (int)s->discontinuity_sequence);
    for (; next_segment(&at, name); number++) {
        const ModelName *known = find_named(name);
        bool was = number < NUMBERS && s->name[number];
        assert_row(!was || (known && s->name[number] == known->file + 1), row, "%s: %d is %s now",
                   lists[which], (int)number, name);
    }
    for (at = text; ll_playlist_next_file(&at, name);)
        check_file(folder, name);
}

static void check_lists(void)
{
    int folder = open_shop(left);

    for (int i = 0; i < LISTS; i++)
        check_list(folder, i);
    if (folder >= 0)
        close(folder);
    if (is_there(left, "manifest.mpd", 12))
        assert_row(strstr(text_of(left, "manifest.mpd"), "</MPD>"), row, "half a manifest");
}

/* A publisher comes back for a moment. */
static void go_on(Packager *packager, int64_t clock_90k)
{
    SyntheticPublisher p = {.clock_90k = clock_90k};

    synthetic_begin(&p, packager_segmenter(packager));
    for (int i = 0; i < 16; i++)
        synthetic_step(&p);
    synthetic_finish(&p);
}

static void take_up(ModelCut cut)
{
    static const char *const rows[] = {"all is lost",       "data is lost", "names are lost",
                                       "data is lost half", "mixed",        "killed"};
    int64_t later_us = LATER_US;

    model.records = false;
    row = rows[cut];
    cuts++;
    strcpy(boot, cut == CUT_NOTHING ? "first" : "second");
    model_leave(cut, left);
    Packager *packager = open_packager(left, later_us);
    check_lists();
    size_t listed = packager_playlist(packager)->window.count;
    kept += listed > 0;
    if (cut == CUT_NOTHING)
        assert_int_equal(listed, read_list(left, "index.m3u8").segments);
    go_on(packager, us_to_90k(later_us));
    check_lists();
    assert_true(read_list(left, "index.m3u8").segments > 0);
    assert_true(read_list(left, "video.m3u8").segments > 0);
    packager_close(&packager);
    model_clean(left);
    strcpy(boot, "first");
    model.records = true;
}

/* Something has changed on disk: the power may be cut now. */
static void on_change(const char *renamed)
{
    static unsigned changes, n;

    for (int i = 0; renamed && i < LISTS; i++)
        if (strcmp(renamed, lists[i]) == 0)
            see(i);
    if (++changes % every == 0)
        take_up((ModelCut)(n++ % (MODEL_CUTS + 1)));
}

/* ---- the minute ---- */

static void publish(Packager *packager, SyntheticPublisher *p, int64_t ms)
{
    synthetic_begin(p, packager_segmenter(packager));
    for (int64_t end = p->clock_90k + ms * 90; p->clock_90k < end;) {
        synthetic_step(p);
        p->tall = p->clock_90k % (20 * TICKS_PER_S) > 10 * TICKS_PER_S;
        packager_expire(packager, synthetic_now_us(p), synthetic_now_us(p));
    }
    synthetic_finish(p);
}

static void run(void)
{
    SyntheticPublisher p = {.clock_90k = PUBLISHER_START_90K};

    av_log_set_level(AV_LOG_ERROR); /* encoders that have never encoded anything say so */
    temp_folder(root);
    temp_folder(left);
    hub = ll_hub_create(NULL);
    strcpy(boot, "first");
    memset(seen, 0, sizeof(seen));
    named_count = 0;
    cuts = kept = 0;
    model_begin(root, on_change);
    Packager *packager = open_packager(root, synthetic_now_us(&p));
    publish(packager, &p, 14000);
    assert_int_equal(packager_end(packager), 0);
    p.clock_90k += 5 * TICKS_PER_S;
    publish(packager, &p, 22000);
    p.clock_90k += 2 * TICKS_PER_S;
    publish(packager, &p, 10000);
    assert_int_equal(packager_end(packager), 0);
    p.clock_90k += 9 * TICKS_PER_S;
    assert_int_equal(packager_clear(packager), 0);
    packager_close(&packager);
    model_end();
    assert_true(seen[0].media_sequence > 20 && seen[1].media_sequence > 20);
    ll_hub_destroy(&hub);
    __real_opus_to_aac_destroy(&encoder);
    temp_folder_remove(root);
    temp_folder_remove(left);
}

static void the_power_is_cut_at_every_write(void **state)
{
    (void)state;
    durable = false;
    every = 1;
    run();
    assert_true(cuts > 800 && kept > 0);
}

static void what_is_durable_is_taken_up(void **state)
{
    (void)state;
    durable = true;
    every = 4; /* the changes of one file are three to five */
    run();
    assert_true(cuts > 400);
    assert_true(kept > cuts / 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_power_is_cut_at_every_write),
    cmocka_unit_test(what_is_durable_is_taken_up),
};

TEST_GROUP(power_cut, tests);
