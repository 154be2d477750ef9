/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/segment/ladder.h"

#define MS(n) ((n)*TICKS_PER_S / 1000)

enum { HIGH, MID, LOW, LAYERS };

static const struct {
    int width, height;
} sizes[LAYERS] = {{1280, 720}, {640, 360}, {320, 180}};

static Renditions named(const char *const *names, size_t count)
{
    Renditions r = renditions_of(true, false);

    for (size_t i = 0; i < count; i++) {
        r.item[r.count].kind = TRACK_VIDEO;
        snprintf(r.item[r.count].name, sizeof(r.item[r.count].name), "%s", names[i]);
        r.count++;
    }
    return r;
}

static void begin(Ladder *l, const char *const *labels, size_t count)
{
    const Renditions sent = named(labels, count);
    Renditions listed = {0};

    for (size_t i = 0; i < l->renditions; i++) {
        listed.item[i].kind = TRACK_VIDEO;
        memcpy(listed.item[i].name, l->rendition[i].name, sizeof(listed.item[i].name));
        listed.count++;
    }
    ladder_begin(l, &sent, &listed);
}

static bool key(Ladder *l, size_t layer, int size, int64_t at_90k)
{
    return ladder_picture(l, layer, true, sizes[size].width, sizes[size].height, at_90k);
}

/* "=high mid=mid low=mid": each rendition, and the label of its layer; "-": none. */
static const char *text_of(const Ladder *l, bool own)
{
    static char text[512];
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < l->renditions; i++) {
        const LadderRendition *r = &l->rendition[i];
        size_t layer = own ? r->own : r->feeds;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s=%s", i ? " " : "", r->name,
                                layer == LADDER_NONE ? "-" : l->layer[layer].label);
    }
    return text;
}

static const char *const three[] = {"high", "mid", "low"};

/* A publisher of three sizes, all of which have come. */
static Ladder shop(void)
{
    Ladder l = {0};

    begin(&l, three, LAYERS);
    for (int i = HIGH; i < LAYERS; i++)
        key(&l, (size_t)i, i, MS(1000));
    ladder_map(&l);
    return l;
}

static void cut(Ladder *l, size_t lead, const char *ready)
{
    bool has[VIDEO_TRACKS_MAX] = {false};

    for (; *ready; ready++)
        has[*ready - '0'] = true;
    LadderPlan plan = ladder_plan(l, lead, has);
    ladder_cut(l, &plan);
}

static void sizes_rank_layers_and_not_their_order(void **state)
{
    static const struct {
        const char *name, *labels[LAYERS];
        int size[LAYERS]; /* -1: it has not come */
        int64_t bitrate[LAYERS];
        const char *own;
    } rows[] = {
        {"best first", {"high", "mid", "low"}, {0, 1, 2}, {0}, "=high mid=mid low=low"},
        {"best last", {"a", "b", "c"}, {2, 1, 0}, {0}, "=c b=b a=a"},
        {"any order", {"a", "b", "c"}, {1, 2, 0}, {0}, "=c a=a b=b"},
        {"without labels", {"", "2", "3"}, {2, 0, 1}, {0}, "=2 3=3 1="},
        {"the first has not come",
         {"high", "mid", "low"},
         {-1, 1, 2},
         {0},
         "=high mid=mid low=low"},
        {"the last has not come", {"low", "mid", "high"}, {2, 1, -1}, {0}, "=high mid=mid low=low"},
        {"a bitrate tells", {"a", "b", "c"}, {-1, 0, 1}, {9, 90, 50}, "=b c=c a=a"},
        {"one size has come", {"high", "mid", "low"}, {-1, 1, -1}, {0}, "=high mid=mid low=low"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Ladder l = {0};
        Renditions sent = named(rows[i].labels, LAYERS);
        for (size_t k = 0; k < LAYERS; k++)
            sent.item[1 + k].bitrate = rows[i].bitrate[k];
        ladder_begin(&l, &sent, &(Renditions){0});
        for (size_t k = 0; k < LAYERS; k++)
            if (rows[i].size[k] >= 0)
                key(&l, k, rows[i].size[k], MS(1000));
        ladder_map(&l);
        assert_row(strcmp(text_of(&l, true), rows[i].own) == 0, rows[i].name, "%s, not %s",
                   text_of(&l, true), rows[i].own);
    }
}

static void a_layer_that_comes_late_may_be_another_than_was_thought(void **state)
{
    Ladder l = {0};

    (void)state;
    begin(&l, three, LAYERS);
    key(&l, 1, MID, MS(1000));
    key(&l, 2, LOW, MS(1000));
    ladder_map(&l);
    assert_string_equal(text_of(&l, true), "=high mid=mid low=low");
    ladder_picture(&l, 0, true, 160, 90, MS(3000));                  /* the smallest */
    assert_string_equal(text_of(&l, true), "=mid mid=high low=low"); /* labels go before ranks */
}

static void renditions_stay_whatever_comes_next(void **state)
{
    static const struct {
        const char *name, *labels[VIDEO_TRACKS_MAX];
        size_t count;
        const char *own;
    } rows[] = {
        {"the same", {"high", "mid", "low"}, 3, "=high mid=mid low=low"},
        {"one without a label", {""}, 1, "= mid=- low=-"},
        {"one", {"low"}, 1, "=low mid=- low=low"},
        {"two", {"mid", "low"}, 2, "=mid mid=mid low=low"},
        {"other labels", {"a", "b", "c"}, 3, "=a mid=b low=c"},
        {"labels that have changed places", {"low", "high", "mid"}, 3, "=low mid=mid low=high"},
        {"one more", {"x", "a", "mid", "b"}, 4, "=x mid=mid low=a b=b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Ladder l = shop();
        begin(&l, rows[i].labels, rows[i].count);
        for (size_t k = 0; k < rows[i].count; k++)
            ladder_picture(&l, k, true, 1280 >> k, 720 >> k, MS(9000));
        ladder_map(&l);
        assert_row(strcmp(text_of(&l, true), rows[i].own) == 0, rows[i].name, "%s, not %s",
                   text_of(&l, true), rows[i].own);
    }
}

/* Labels that change use up no names. */
static void a_hundred_publishers_make_three_renditions(void **state)
{
    Ladder l = shop();

    (void)state;
    for (int i = 0; i < 100; i++) {
        char label[LAYERS][8];
        const char *labels[LAYERS];
        for (int k = 0; k < LAYERS; k++) {
            snprintf(label[k], sizeof(label[k]), "r%d", 3 * i + k);
            labels[k] = label[k];
        }
        begin(&l, labels, LAYERS);
        for (int k = HIGH; k < LAYERS; k++)
            key(&l, (size_t)k, k, MS(1000));
        ladder_map(&l);
    }
    assert_string_equal(text_of(&l, true), "=r297 mid=r298 low=r299");
}

static void what_is_not_listed_any_more_is_forgotten(void **state)
{
    const char *const one[] = {""};
    const Renditions sent = named(one, 1);
    Ladder l = shop();

    (void)state;
    ladder_begin(&l, &sent, &(Renditions){0});
    assert_int_equal(l.renditions, 1);
}

static void a_rendition_is_filled_by_the_next_smaller_layer(void **state)
{
    static const struct {
        const char *ready;
        size_t lead;
        const char *feeds;
    } rows[] = {
        {"012", HIGH, "=high mid=mid low=low"}, {"02", HIGH, "=high mid=low low=low"},
        {"01", HIGH, "=high mid=mid low=mid"},  {"0", HIGH, "=high mid=high low=high"},
        {"12", MID, "=mid mid=mid low=low"},    {"2", LOW, "=low mid=low low=low"},
        {"1", MID, "=mid mid=mid low=mid"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Ladder l = shop();
        cut(&l, rows[i].lead, rows[i].ready);
        assert_row(strcmp(text_of(&l, false), rows[i].feeds) == 0, rows[i].ready, "%s, not %s",
                   text_of(&l, false), rows[i].feeds);
        assert_int_equal(l.switches, 0); /* it has just begun */
    }
}

static void one_without_a_layer_is_filled_by_a_neighbour(void **state)
{
    static const char *const two[] = {"high", "low"}, *const one[] = {"x"};
    Ladder l = shop();

    (void)state;
    begin(&l, two, 2);
    ladder_picture(&l, 0, true, 1280, 720, MS(9000));
    ladder_picture(&l, 1, true, 320, 180, MS(9000));
    ladder_map(&l);
    cut(&l, 0, "01");
    assert_string_equal(text_of(&l, false), "=high mid=low low=low");
    begin(&l, one, 1);
    ladder_picture(&l, 0, true, 640, 360, MS(9000));
    ladder_map(&l);
    cut(&l, 0, "0");
    assert_string_equal(text_of(&l, false), "=x mid=x low=x");
}

static void switches_are_counted(void **state)
{
    Ladder l = shop();

    (void)state;
    cut(&l, HIGH, "012");
    assert_false(ladder_plan(&l, HIGH, (bool[VIDEO_TRACKS_MAX]){true, true, true}).changes);
    assert_true(ladder_plan(&l, HIGH, (bool[VIDEO_TRACKS_MAX]){true, false, true}).changes);
    cut(&l, MID, "12"); /* the best is filled */
    cut(&l, HIGH, "012");
    assert_int_equal(l.switches, 2);
    assert_int_equal(l.fillings, 1);
}

/* Pictures of a layer at each of `fps` a second for `ms`. */
static bool pictures(Ladder *l, size_t layer, int fps, int64_t from_90k, int64_t ms)
{
    bool fell = false;

    for (int64_t at = from_90k; at < from_90k + MS(ms); at += TICKS_PER_S / fps)
        fell = ladder_picture(l, layer, false, 0, 0, at) || fell;
    return fell;
}

static void a_layer_is_silent_if_another_goes_on(void **state)
{
    static const struct {
        const char *name;
        int fps;
        int64_t ms;
        bool silent;
    } rows[] = {
        {"299 ms", 30, 299, false},         {"some more", 30, 340, true},
        {"two pictures", 5, 350, false},    {"slow pictures", 5, 610, true},
        {"a still screen", 1, 1500, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Ladder l = shop();
        cut(&l, HIGH, "012");
        bool fell = pictures(&l, MID, rows[i].fps, MS(1000) + 10, rows[i].ms);
        assert_row(l.layer[HIGH].live == !rows[i].silent && fell == rows[i].silent, rows[i].name,
                   "live %d, told %d", l.layer[HIGH].live, fell);
        assert_int_equal(ladder_best(&l), rows[i].silent ? MID : HIGH);
        ladder_picture(&l, HIGH, true, 1280, 720, MS(3000)); /* it is back */
        assert_int_equal(ladder_best(&l), HIGH);
    }
}

static void a_layer_of_which_packets_come_is_waited_for(void **state)
{
    static const struct {
        const char *name;
        int64_t ms, packets_ms; /* for so long no pictures come, and packets still do */
        bool live, broken;
    } rows[] = {
        {"no pictures for a moment", 250, 250, true, false},
        {"none for longer", 900, 900, true, true},
        {"none for too long", 1100, 1100, false, true},
        {"no packets either", 900, 400, false, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Ladder l = shop();
        cut(&l, HIGH, "012");
        for (int64_t at = MS(33); at < MS(rows[i].ms); at += MS(33)) {
            if (at < MS(rows[i].packets_ms))
                ladder_broken(&l, HIGH, MS(1000) + at);
            ladder_picture(&l, MID, false, 0, 0, MS(1000) + at);
        }
        assert_row(l.layer[HIGH].live == rows[i].live && l.layer[HIGH].broken == rows[i].broken,
                   rows[i].name, "live %d, broken %d", l.layer[HIGH].live, l.layer[HIGH].broken);
        assert_int_equal(ladder_best(&l), rows[i].broken ? MID : HIGH);
        ladder_picture(&l, HIGH, true, 1280, 720, MS(3000)); /* it is back */
        assert_true(l.layer[HIGH].live && !l.layer[HIGH].broken);
    }
}

static void if_all_stop_none_is_silent(void **state)
{
    Ladder l = shop();

    (void)state;
    for (int64_t at = MS(1000); at < MS(3000); at += MS(33))
        for (size_t i = 0; i < LAYERS; i++)
            ladder_picture(&l, i, false, 0, 0, at);
    for (size_t i = 0; i < LAYERS; i++) /* a second later */
        ladder_picture(&l, i, false, 0, 0, MS(4000));
    for (size_t i = 0; i < LAYERS; i++)
        assert_true(l.layer[i].live);
}

static void a_cut_waits_for_live_layers(void **state)
{
    Ladder l = shop();

    (void)state;
    assert_false(ladder_awaits_others(&l, HIGH, MS(1000)));
    assert_true(ladder_awaits_others(&l, HIGH, MS(3000)));
    key(&l, MID, MID, MS(2990)); /* an IDR picture of the same moment */
    assert_true(ladder_awaits_others(&l, HIGH, MS(3000)));
    ladder_picture(&l, LOW, false, 0, 0, MS(3000)); /* it may still have one */
    assert_true(ladder_awaits_others(&l, HIGH, MS(3000)));
    ladder_picture(&l, LOW, false, 0, 0, MS(3066)); /* it has none */
    assert_false(ladder_awaits_others(&l, HIGH, MS(3000)));
    l.layer[LOW].live = false;
    l.layer[LOW].newest_90k = MS(1000);
    assert_false(ladder_awaits_others(&l, HIGH, MS(3000))); /* nor is one awaited that is silent */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sizes_rank_layers_and_not_their_order),
    cmocka_unit_test(a_layer_that_comes_late_may_be_another_than_was_thought),
    cmocka_unit_test(renditions_stay_whatever_comes_next),
    cmocka_unit_test(a_hundred_publishers_make_three_renditions),
    cmocka_unit_test(what_is_not_listed_any_more_is_forgotten),
    cmocka_unit_test(a_rendition_is_filled_by_the_next_smaller_layer),
    cmocka_unit_test(one_without_a_layer_is_filled_by_a_neighbour),
    cmocka_unit_test(switches_are_counted),
    cmocka_unit_test(a_layer_is_silent_if_another_goes_on),
    cmocka_unit_test(a_layer_of_which_packets_come_is_waited_for),
    cmocka_unit_test(if_all_stop_none_is_silent),
    cmocka_unit_test(a_cut_waits_for_live_layers),
};

TEST_GROUP(ladder, tests);
