/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/stream/rungs.h"

static RungsParams wanted(const char *ladder)
{
    RungsParams params = {.config = {.encoder = "libx264", .threads = 1}};
    char error[RUNG_LADDER_ERROR_SIZE];

    assert_int_equal(rung_ladder_read(ladder, &params.config.ladder, error), 0);
    return params;
}

/* The names of all renditions, each behind a space; '+' behind one that follows. */
static void names_of(const Renditions *renditions, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < renditions->count && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, " %s%s",
                                renditions->item[i].kind == TRACK_AUDIO ? "sound"
                                : renditions->item[i].name[0]           ? renditions->item[i].name
                                                                        : "best",
                                renditions->item[i].follows ? "+" : "");
}

static void rungs_stand_behind_what_a_publisher_sends(void **state)
{
    static const struct {
        const char *name, *ladder;
        Renditions sent;
        const char *names;
        bool unseen;     /* viewers get nothing of what is sent */
        size_t encoders; /* of one stream; 0: as many as rungs */
    } rows[] = {
        {"none", "", {2, {{.kind = TRACK_AUDIO}, {.kind = TRACK_VIDEO}}}, " sound best", false, 0},
        {"two",
         "480p:900k, 240p:250k",
         {2, {{.kind = TRACK_AUDIO}, {.kind = TRACK_VIDEO}}},
         " sound best 480p+ 240p+",
         false,
         0},
        {"sound alone", "480p:900k", {1, {{.kind = TRACK_AUDIO}}}, " sound", false, 0},
        {"another codec",
         "480p:900k",
         {1, {{.kind = TRACK_VIDEO, .codec = CODEC_VP9}}},
         " best 480p+",
         false,
         0},
        {"what nobody plays: the largest is the best",
         "480p:900k, 240p:250k",
         {2, {{.kind = TRACK_AUDIO}, {.kind = TRACK_VIDEO, .codec = CODEC_VP8}}},
         " sound best best+ 240p+",
         true,
         0},
        {"fewer encoders: of H.264 they are shown what is sent",
         "480p:900k, 240p:250k",
         {1, {{.kind = TRACK_VIDEO}}},
         " best 480p+ 240p+",
         false,
         1},
        {"... of others they are left out",
         "720p:2M, 480p:900k, 240p:250k",
         {1, {{.kind = TRACK_VIDEO, .codec = CODEC_AV1}}},
         " best 480p+ 240p+",
         false,
         2},
        {"... and the largest that is left is the best",
         "720p:2M, 480p:900k, 240p:250k",
         {1, {{.kind = TRACK_VIDEO, .codec = CODEC_VP8}}},
         " best best+ 240p+",
         true,
         2},
        {"a layer by the name of a rung",
         "480p:900k, 240p:250k",
         {2, {{.kind = TRACK_VIDEO}, {.kind = TRACK_VIDEO, .name = "480p"}}},
         " best 480p 240p+",
         false,
         0},
        {"no room",
         "480p:900k, 240p:250k",
         {8,
          {{.kind = TRACK_VIDEO},
           {.kind = TRACK_VIDEO, .name = "a"},
           {.kind = TRACK_VIDEO, .name = "b"},
           {.kind = TRACK_VIDEO, .name = "c"},
           {.kind = TRACK_VIDEO, .name = "d"},
           {.kind = TRACK_VIDEO, .name = "e"},
           {.kind = TRACK_VIDEO, .name = "f"},
           {.kind = TRACK_VIDEO, .name = "g"}}},
         " best a b c d e f g 480p+",
         false,
         0},
    };
    char names[256];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        RungsParams params = wanted(rows[i].ladder);
        Renditions all = rows[i].sent;

        params.encoders = rows[i].encoders;
        rungs_describe(&params, !rows[i].unseen, &all);
        names_of(&all, names, sizeof(names));
        assert_row(strcmp(names, rows[i].names) == 0, rows[i].name, "%s", names);
    }
}

static void a_publisher_has_its_own_ladder_or_that_of_its_name(void **state)
{
    static const struct {
        const char *stream, *own, *names;
    } rows[] = {
        {"shop", NULL, " best 360p+"},
        {"radio", NULL, " best"},
        {"other", NULL, " best 480p+ 240p+"},
        {"other", "90p:60k", " best 90p+"},
        {"shop", "90p:60k", " best 90p+"},
        {"radio", "90p:60k", " best 90p+"},
        {"shop", "", " best"},
        {"shop", "90p", " best 360p+"}, /* it cannot be read */
    };
    RungsParams params = wanted("480p:900k, 240p:250k");
    char names[256];

    (void)state;
    params.ladders = "shop = 360p:500k; radio =";
    for (size_t i = 0; i < COUNT(rows); i++) {
        RungsParams own = rungs_params_for(&params, rows[i].stream, rows[i].own);
        Renditions all = renditions_of(false, true);
        rungs_describe(&own, true, &all);
        names_of(&all, names, sizeof(names));
        assert_row(strcmp(names, rows[i].names) == 0, rows[i].stream, "%s", names);
    }
}

static void a_rung_for_viewers_alone_says_what_it_becomes(void **state)
{
    RungsParams params = wanted("480p:900k");
    Renditions always = renditions_of(false, true), watched = always;

    (void)state;
    rungs_describe(&params, true, &always);
    assert_int_equal(always.item[1].side, 0);
    params.idle_us = US_PER_S;
    rungs_describe(&params, true, &watched);
    assert_int_equal(watched.item[1].side, 480);
    assert_int_equal(watched.item[1].bitrate, 900000);
}

static void without_rungs_there_is_nothing_to_do(void **state)
{
    RungsParams params = wanted("");
    const Renditions sent = renditions_of(true, true);
    struct pollfd fd;

    (void)state;
    Rungs *rungs = rungs_create(&params, "shop", NULL, &sent);
    assert_null(rungs);
    rungs_work(rungs, 0);
    rungs_flush(rungs, clock_system());
    assert_int_equal(rungs_poll_fd(rungs, &fd), 0);
    assert_int_equal(rungs_deadline_us(rungs), NEVER_US);
    assert_int_equal(rungs_stats(rungs).rungs, 0);
    rungs_destroy(&rungs);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rungs_stand_behind_what_a_publisher_sends),
    cmocka_unit_test(a_publisher_has_its_own_ladder_or_that_of_its_name),
    cmocka_unit_test(a_rung_for_viewers_alone_says_what_it_becomes),
    cmocka_unit_test(without_rungs_there_is_nothing_to_do),
};

TEST_GROUP(stream_rungs, tests);
