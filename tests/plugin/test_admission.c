/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who may publish which stream, and what operators hear of refusals. */

#include "tests/unit/harness.h"

#include "fibers.h"
#include "janus-plugin/core/request.h"
#include "plugin_play.h"
#include "stub_clock.h"

#define SECOND  INT64_C(1000000)
#define STREAMS "shop: { key = \"the right key\" }"

#define AS(name, key) "{\"request\":\"publish\",\"stream\":\"" name "\",\"key\":\"" key "\"}"
#define KEYLESS(name) "{\"request\":\"publish\",\"stream\":\"" name "\"}"

static void pass_an_hour(void)
{
    stub_clock_pass(3600 * SECOND); /* all tries are there again */
}

PLAY_STREAMS(a_configured_name_takes_its_key_alone, "open = false;", STREAMS)
{
    static const struct {
        const char *name, *body;
        int error;
        const char *cause;
    } rows[] = {
        {"another key", AS("shop", "the wrong key"), HLS_ERROR_WRONG_KEY, "wrong-key"},
        {"a part of the key", AS("shop", "the right"), HLS_ERROR_WRONG_KEY, "wrong-key"},
        {"more than the key", AS("shop", "the right key!"), HLS_ERROR_WRONG_KEY, "wrong-key"},
        {"no key", KEYLESS("shop"), HLS_ERROR_WRONG_KEY, "wrong-key"},
        {"an empty key", AS("shop", ""), HLS_ERROR_WRONG_KEY, "wrong-key"},
        {"no such name", AS("Shop", "the right key"), HLS_ERROR_WRONG_KEY, "unknown-name"},
    };

    pass_an_hour();
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_int_t before = play_figure("refused", rows[i].cause);
        int error = play_try_once(rows[i].body);
        if (error != rows[i].error)
            print_error("%s: %d\n", rows[i].name, error);
        fibers_require(error == rows[i].error);
        fibers_require(play_figure("refused", rows[i].cause) == before + 1);
    }
    fibers_require(play_try_once(AS("shop", "the right key")) == 0);
}

/* The sentence must not tell a stranger which names there are. */
PLAY_STREAMS(an_unknown_name_is_refused_as_a_wrong_key_is, "open = false;", STREAMS)
{
    StubHandle *handle = stub_attach();
    const json_t *event;

    pass_an_hour();
    fibers_require(play_try(handle, AS("shop", "the wrong key")) == HLS_ERROR_WRONG_KEY);
    event = stub_last_event(handle, "error");
    fibers_require(play_says(event, "error",
                             "the stream name shop or its key is wrong: check both and try again"));
    fibers_require(play_try(handle, AS("cafe", "the wrong key")) == HLS_ERROR_WRONG_KEY);
    event = stub_last_event(handle, "error");
    fibers_require(play_says(event, "error",
                             "the stream name cafe or its key is wrong: check both and try again"));
    play_leave(handle);
}

PLAY_STREAMS(with_open_a_name_without_a_key_is_free, "open = true;", STREAMS)
{
    StubHandle *first;

    pass_an_hour();
    fibers_require(play_try_once(AS("shop", "the wrong key")) == HLS_ERROR_WRONG_KEY);
    first = play_prepare(AS("cafe", "a key of mine"));
    json_int_t before = play_figure("refused", "name-taken");
    fibers_require(play_try_once(AS("cafe", "a key of yours")) == HLS_ERROR_NAME_TAKEN);
    fibers_require(play_try_once(KEYLESS("cafe")) == HLS_ERROR_NAME_TAKEN);
    fibers_require(play_figure("refused", "name-taken") == before + 2);
    fibers_require(play_try_once(AS("cafe", "a key of mine")) == 0);  /* it takes the name over */
    fibers_require(play_try_once(AS("cafe", "a key of yours")) == 0); /* it belongs to nobody now */
    play_leave(first);
}

/* Two who gave no key are not the same person. */
PLAY(a_name_without_a_key_is_not_taken_over, "open = true;")
{
    StubHandle *first;

    pass_an_hour();
    first = play_prepare(KEYLESS("cafe"));
    fibers_require(play_try_once(KEYLESS("cafe")) == HLS_ERROR_NAME_TAKEN);
    play_leave(first);
}

PLAY(takes_no_more_publishers_than_it_may, "open = true; publishers = 2;")
{
    StubHandle *first, *second;

    pass_an_hour();
    first = play_prepare(AS("a", "a long key"));
    second = play_prepare(AS("b", "a long key"));
    json_int_t before = play_figure("refused", "full");
    fibers_require(play_try_once(AS("c", "a long key")) == HLS_ERROR_FULL);
    fibers_require(play_figure("refused", "full") == before + 1);
    StubHandle *again = play_prepare(AS("a", "a long key")); /* a takeover makes no more of them */
    play_leave(first);
    play_leave(second);
    fibers_require(play_try_once(AS("c", "a long key")) == 0);
    play_leave(again);
}

/* ---- wrong keys ---- */

PLAY_STREAMS(one_connection_has_a_number_of_tries, "open = false; tries = 3;", STREAMS)
{
    StubHandle *handle = stub_attach();

    pass_an_hour();
    for (int i = 0; i < 3; i++)
        fibers_require(play_try(handle, AS("shop", "the wrong key")) == HLS_ERROR_WRONG_KEY);
    json_int_t before = play_figure("refused", "too-many-tries");
    fibers_require(play_try(handle, AS("shop", "the right key")) ==
                   HLS_ERROR_TOO_MANY_TRIES); /* it is not looked at */
    fibers_require(play_figure("refused", "too-many-tries") == before + 1);
    fibers_require(play_says(stub_last_event(handle, "error"), "error",
                             "too many wrong keys have been tried: wait 21 seconds, and try "
                             "again"));
    stub_clock_pass(20 * SECOND); /* three in a minute */
    fibers_require(play_try(handle, AS("shop", "the right key")) == 0);
    play_leave(handle);
}

/* Keys of names that are taken are guessed likewise. */
PLAY(a_name_that_is_taken_counts_as_a_try, "open = true; tries = 2;")
{
    StubHandle *first, *second = stub_attach();

    pass_an_hour();
    first = play_prepare(AS("cafe", "a key of mine"));
    for (int i = 0; i < 2; i++)
        fibers_require(play_try(second, AS("cafe", "a key of yours")) == HLS_ERROR_NAME_TAKEN);
    fibers_require(play_try(second, AS("cafe", "a key of mine")) == HLS_ERROR_TOO_MANY_TRIES);
    play_leave(second);
    play_leave(first);
}

PLAY_STREAMS(a_strong_key_is_looked_at_whoever_else_tries, "open = false; tries = 2;",
             "cafe: { key = \"0123456789abcdef\" }; " STREAMS)
{
    pass_an_hour();
    for (int i = 0; i < 2; i++) {
        fibers_require(play_try_once(AS("cafe", "a wrong key")) == HLS_ERROR_WRONG_KEY);
        fibers_require(play_try_once(AS("shop", "a wrong key")) == HLS_ERROR_WRONG_KEY);
    }
    fibers_require(play_try_once(AS("cafe", "0123456789abcdef")) == 0);
    fibers_require(play_try_once(AS("shop", "the right key")) == HLS_ERROR_TOO_MANY_TRIES);
}

/* Strangers can be refused as often as they like: neither the log nor event handlers grow with it.
 */
PLAY_STREAMS(operators_are_told_of_some_refusals, "open = false; tries = 1000;", STREAMS)
{
    const json_t *event;

    pass_an_hour();
    stub_has_handlers = true;
    for (int i = 0; i < 30; i++)
        fibers_require(play_try_once(AS("shop", "the wrong key")) == HLS_ERROR_WRONG_KEY);
    fibers_require(stub_count_events(NULL, "refused") == 20);
    event = stub_last_event(NULL, "refused");
    fibers_require(play_says(event, "stream", "shop") && play_says(event, "cause", "wrong-key"));
    fibers_require(json_integer_value(json_object_get(event, "error_code")) == HLS_ERROR_WRONG_KEY);
    fibers_require(json_integer_value(json_object_get(event, "untold")) == 0);
    stub_clock_pass(SECOND);
    fibers_require(play_try_once(KEYLESS("shop")) == HLS_ERROR_WRONG_KEY);
    event = stub_last_event(NULL, "refused");
    fibers_require(stub_count_events(NULL, "refused") == 21);
    fibers_require(json_integer_value(json_object_get(event, "untold")) == 10);
    char *text = json_dumps(event, 0);
    fibers_require(!strstr(text, "the wrong key")); /* never the key */
    free(text);
    stub_has_handlers = false;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_configured_name_takes_its_key_alone),
    cmocka_unit_test(an_unknown_name_is_refused_as_a_wrong_key_is),
    cmocka_unit_test(with_open_a_name_without_a_key_is_free),
    cmocka_unit_test(a_name_without_a_key_is_not_taken_over),
    cmocka_unit_test(takes_no_more_publishers_than_it_may),
    cmocka_unit_test(one_connection_has_a_number_of_tries),
    cmocka_unit_test(a_name_that_is_taken_counts_as_a_try),
    cmocka_unit_test(a_strong_key_is_looked_at_whoever_else_tries),
    cmocka_unit_test(operators_are_told_of_some_refusals),
};

TEST_GROUP(admission, tests);
