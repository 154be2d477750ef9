/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What an admission webhook makes of publishers, and what waits for it. */

#include "tests/unit/harness.h"

#include <stdlib.h>

#include "fibers.h"
#include "janus-plugin/core/plugin_clock.h"
#include "janus-plugin/core/request.h"
#include "plugin_play.h"
#include "stub_bridge.h"
#include "stub_clock.h"
#include "stub_hook.h"

#define HOUR INT64_C(3600000000)

#define ALLOW "{\"allow\":true}"

#define TO(name) "{\"allow\":true,\"stream\":\"" name "\"}"

#define AS(name, key) "{\"request\":\"publish\",\"stream\":\"" name "\",\"key\":\"" key "\"}"

static char secret_file[] = "/dev/shm/janus-hls-hook-XXXXXX";

static int make_secret(void **state)
{
    int fd = mkstemp(secret_file);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "0123456789abcdef", 16), 16);
    return close(fd);
}

static int remove_secret(void **state)
{
    (void)state;
    return unlink(secret_file);
}

/* Plays with a webhook: `more` are settings of its group. */
static void play_hook(const char *general, const char *more, const char *streams, void (*act)(void))
{
    char settings[512];

    /* the gateway's stub writes `general: { SETTINGS }` */
    snprintf(settings, sizeof(settings),
             "%s }; admission: { url = \"http://127.0.0.1:1/\"; secret_file = \"%s\"; %s", general,
             secret_file, more);
    play_streams(settings, streams, act);
}

#define HOOKED_STREAMS(name, general, more, streams)                                               \
    static void play_##name(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        play_hook(general, more, streams, play_##name);                                            \
    }                                                                                              \
    static void play_##name(void)
#define HOOKED(name, more) HOOKED_STREAMS(name, "open = true;", more, "")

/* Sends a request to publish, which the webhook is asked about. */
static StubHandle *begin(const char *body)
{
    StubHandle *handle = stub_attach();

    stub_clock_pass(HOUR); /* all tries are there again */
    play_ask(handle, body, OFFER_BOTH);
    fibers_require(handle->answers == 0 && handle->errors == 0);
    fibers_require(stub_hook_waiting() == 1);
    return handle;
}

static void require_error(StubHandle *handle, int code)
{
    fibers_settle();
    if (handle->last_error != code)
        print_error("error %d in place of %d\n", handle->last_error, code);
    fibers_require(handle->last_error == code);
    fibers_require(handle->answers == 0);
    fibers_require(handle->close_pc); /* it keeps no port */
    stub_hangup(handle);
}

static void require_published(StubHandle *handle, const char *stream)
{
    fibers_settle();
    fibers_require(handle->answers == 1 && handle->errors == 0);
    fibers_require(play_says(stub_last_event(handle, "published"), "stream", stream));
}

HOOKED(publishes_once_the_webhook_allows_it, "")
{
    StubHandle *handle = begin(PUBLISH("shop"));

    fibers_require(strstr(stub_hook_asked(), "\"type\":\"publish\""));
    fibers_require(strstr(stub_hook_asked(), "\"stream\":\"shop\""));
    fibers_require(!strstr(stub_hook_asked(), "a long key"));
    fibers_require(play_figure("webhook", "waiting") == 1);
    fibers_require(stub_hook_answer(ALLOW));
    require_published(handle, "shop");
    fibers_require(play_figure("webhook", "allowed") == 1);
    play_leave(handle);
}

HOOKED(an_answer_may_come_at_once, "")
{
    StubHandle *handle = stub_attach();

    stub_hook_answer_at_once(ALLOW);
    play_ask(handle, PUBLISH("shop"), OFFER_BOTH);
    require_published(handle, "shop");
    play_leave(handle);
}

HOOKED(a_publisher_is_denied_with_a_sentence, "")
{
    json_int_t before = play_figure("refused", "hook-denied");
    StubHandle *handle = begin(PUBLISH("shop"));

    fibers_require(stub_hook_answer("{\"allow\":false,\"reason\":\"pay first\"}"));
    require_error(handle, HLS_ERROR_DENIED);
    fibers_require(play_says(stub_last_event(handle, "error"), "error", "pay first"));
    fibers_require(play_figure("refused", "hook-denied") == before + 1);
    play_ask(handle, PUBLISH("shop"), OFFER_BOTH); /* the same handle may ask again */
    fibers_require(stub_hook_answer("{\"allow\":false}"));
    fibers_settle();
    fibers_require(play_says(stub_last_event(handle, "error"), "error",
                             "this server does not let you publish this stream now"));
    stub_hangup(handle);
    play_leave(handle);
}

HOOKED(a_publisher_gets_other_limits_and_another_name, "")
{
    StubHandle *handle = begin(
        "{\"request\":\"publish\",\"stream\":\"asked\",\"key\":\"a long key\",\"title\":\"Hats\"}");

    fibers_require(
        stub_hook_answer("{\"allow\":true,\"stream\":\"given\",\"bitrate\":300000,"
                         "\"title\":\"Caps\",\"access\":\"unlisted\"}"));
    require_published(handle, "given");
    json_t *info = stub_query(handle);
    fibers_require(play_says(info, "stream", "given") && play_says(info, "title", "Caps"));
    fibers_require(json_integer_value(json_object_get(info, "bitrate_cap")) == 300000);
    fibers_require(json_is_true(json_object_get(info, "unlisted")));
    json_decref(info);
    /* it does not know of the other name, and is not asked about again */
    play_ask(handle, AS("asked", "a long key"), OFFER_NACK);
    fibers_require(handle->answers == 2 && stub_hook_waiting() == 0);
    play_ask(handle, AS("given", "a long key"), OFFER_NACK);
    fibers_require(handle->answers == 3);
    play_ask(handle, AS("third", "a long key"), OFFER_NACK);
    fibers_require(handle->last_error == HLS_ERROR_NAME_TAKEN);
    /* nor may it have more than it was given */
    play_ask(handle, "{\"request\":\"configure\",\"bitrate\":2000000}", NULL);
    const json_t *event = stub_last_event(handle, "configured");
    fibers_require(json_integer_value(json_object_get(event, "bitrate")) == 300000);
    play_leave(handle);
}

HOOKED(a_publisher_ends_when_the_webhook_says_so, "")
{
    StubHandle *handle = begin(PUBLISH("shop"));
    char answer[64];

    snprintf(answer, sizeof(answer), "{\"allow\":true,\"end\":%lld}", (long long)wall_s() + 10);
    fibers_require(stub_hook_answer(answer));
    require_published(handle, "shop");
    stub_setup(handle);
    for (int s = 0; s < 9; s++) {
        stub_clock_pass(1000000);
        fibers_set_ticks(1);
        fibers_settle();
    }
    play_require_state(handle, "live");
    stub_clock_pass(1000000);
    fibers_set_ticks(1);
    fibers_settle();
    play_require_ended(handle, "expired");
    play_leave(handle);
}

/* It takes the name from nobody before it ends itself. */
HOOKED(who_is_allowed_until_a_time_that_is_over_is_refused, "")
{
    StubHandle *first = begin(PUBLISH("shop")), *second;
    char answer[64];

    fibers_require(stub_hook_answer(ALLOW));
    require_published(first, "shop");
    second = begin(PUBLISH("shop"));
    snprintf(answer, sizeof(answer), "{\"allow\":true,\"end\":%lld}", (long long)wall_s());
    fibers_require(stub_hook_answer(answer));
    require_error(second, HLS_ERROR_DENIED);
    fibers_require(stub_count_events(first, "unpublished") == 0);
    play_leave(first);
    play_leave(second);
}

HOOKED(a_codec_that_is_not_allowed_is_not_taken, "")
{
    StubHandle *handle = begin(PUBLISH("shop"));

    fibers_require(stub_hook_answer("{\"allow\":true,\"codecs\":[\"vp9\"]}"));
    fibers_settle();
    fibers_require(handle->answers == 0 && handle->errors == 1);
    stub_hangup(handle);
    play_leave(handle);
}

/* ---- names ---- */

HOOKED(a_name_that_is_given_may_be_taken, "")
{
    StubHandle *first = begin(AS("shop", "the first key")), *second, *third;

    fibers_require(stub_hook_answer(ALLOW));
    require_published(first, "shop");
    second = begin(AS("other", "another key"));
    fibers_require(stub_hook_answer("{\"allow\":true,\"stream\":\"shop\"}"));
    require_error(second, HLS_ERROR_NAME_TAKEN);
    third = begin(AS("other", "the first key")); /* the same person */
    fibers_require(stub_hook_answer("{\"allow\":true,\"stream\":\"shop\"}"));
    require_published(third, "shop");
    play_require_ended(first, "taken-over");
    play_leave(first);
    play_leave(second);
    play_leave(third);
}

HOOKED_STREAMS(a_name_with_a_key_is_given_to_nobody_without_it, "open = false;", "",
               "shop: { key = \"the right key\" }; cafe: { key = \"a cafe's key\" };"
               "both: { key = \"the right key\" }")
{
    json_int_t before = play_figure("refused", "hook-answer");
    StubHandle *first = begin(AS("shop", "the right key")), *second, *third;

    fibers_require(stub_hook_answer("{\"allow\":true,\"stream\":\"cafe\"}"));
    require_error(first, HLS_ERROR_DENIED);
    fibers_require(play_figure("refused", "hook-answer") == before + 1);
    second = begin(AS("shop", "the right key"));
    fibers_require(stub_hook_answer("{\"allow\":true,\"stream\":\"both\"}"));
    require_published(second, "both");
    third = begin(AS("shop", "the right key"));
    fibers_require(stub_hook_answer("{\"allow\":true,\"stream\":\"shop-of-today\"}"));
    require_published(third, "shop-of-today");
    play_leave(first);
    play_leave(second);
    play_leave(third);
}

/* Whoever publishes by `body` and gets `answer` is protected, or not. */
static void require_protected(const char *body, const char *answer, bool protected)
{
    StubHandle *handle = begin(body);

    fibers_require(stub_hook_answer(answer));
    fibers_settle();
    fibers_require(handle->answers == 1);
    json_t *info = stub_query(handle);
    if (json_is_true(json_object_get(info, "protected")) != protected)
        print_error("%s: protected is not %d\n", answer, protected);
    fibers_require(json_is_true(json_object_get(info, "protected")) == protected);
    json_decref(info);
    play_leave(handle);
}

/* Neither the name that was asked for nor the one that is given is watched by more than the
 * settings let, unless the webhook says so. */
HOOKED_STREAMS(a_name_that_is_given_is_as_protected_as_the_settings_say, "open = true;", "",
               "vault: { key = \"the right key\"; access = \"protected\" };"
               "cellar: { key = \"the right key\"; access = \"unlisted\" }")
{
    require_protected(AS("shop", "the right key"), ALLOW, false);
    require_protected(AS("shop", "the right key"), TO("vault"), true);
    require_protected(AS("vault", "the right key"), TO("shop"), true);
    require_protected(AS("vault", "the right key"), TO("cellar"), true);
    require_protected(AS("shop", "the right key"),
                      "{\"allow\":true,\"stream\":\"vault\",\"access\":\"public\"}", false);
}

HOOKED(a_takeover_is_asked_about_as_one, "")
{
    StubHandle *first = begin(PUBLISH("shop")), *second;

    fibers_require(stub_hook_answer(ALLOW));
    require_published(first, "shop");
    second = begin(PUBLISH("shop"));
    fibers_require(strstr(stub_hook_asked(), "\"type\":\"takeover\""));
    fibers_require(stub_count_events(first, "unpublished") == 0);
    fibers_require(stub_hook_answer(ALLOW));
    require_published(second, "shop");
    play_require_ended(first, "taken-over");
    play_leave(first);
    play_leave(second);
}

/* Two ask at the same time, while nobody is live: the second is no publisher, but a takeover. */
HOOKED(what_has_become_a_takeover_is_asked_about_again, "")
{
    StubHandle *first = begin(PUBLISH("shop")), *second = stub_attach(), *third = stub_attach();

    play_ask(second, PUBLISH("shop"), OFFER_BOTH);
    play_ask(third, PUBLISH("shop"), OFFER_BOTH);
    fibers_require(strstr(stub_hook_asked(), "\"type\":\"publish\""));
    fibers_require(stub_hook_answer(ALLOW));
    require_published(first, "shop");
    fibers_require(stub_hook_answer(ALLOW) && stub_hook_answer(ALLOW));
    fibers_settle();
    fibers_require(second->answers == 0 && third->answers == 0 && stub_hook_waiting() == 2);
    fibers_require(strstr(stub_hook_asked(), "\"type\":\"takeover\""));
    fibers_require(stub_hook_answer("{\"allow\":false}") && stub_hook_answer("{\"allow\":false}"));
    require_error(second, HLS_ERROR_DENIED);
    require_error(third, HLS_ERROR_DENIED);
    fibers_require(stub_count_events(first, "unpublished") == 0);
    /* as one it is not asked about a third time */
    play_ask(second, PUBLISH("shop"), OFFER_BOTH);
    fibers_require(stub_hook_answer(ALLOW));
    fibers_settle();
    fibers_require(second->answers == 1 && stub_hook_waiting() == 0);
    play_require_ended(first, "taken-over");
    play_leave(first);
    play_leave(second);
    play_leave(third);
}

HOOKED_STREAMS(nobody_is_asked_about_who_is_refused_in_any_case, "open = true; publishers = 1;", "",
               "shop: { key = \"the right key\" }")
{
    StubHandle *handle = stub_attach(), *other;

    stub_clock_pass(HOUR);
    play_ask(handle, AS("shop", "the wrong key"), OFFER_BOTH);
    require_error(handle, HLS_ERROR_WRONG_KEY);
    other = begin(AS("cafe", "a long key"));
    fibers_require(stub_hook_answer(ALLOW));
    require_published(other, "cafe");
    play_ask(handle, AS("tea-room", "a long key"), OFFER_BOTH);
    require_error(handle, HLS_ERROR_FULL);
    play_ask(handle, AS("cafe", "another key"), OFFER_BOTH);
    require_error(handle, HLS_ERROR_NAME_TAKEN);
    fibers_require(play_figure("webhook", "asked") == 1);
    play_leave(handle);
    play_leave(other);
}

/* ---- no answer ---- */

/* What is refused with `code` and counted as `cause`. */
static void fails_with(AdmissionVerdict verdict, int code, const char *cause)
{
    json_int_t before = play_figure("refused", cause);
    StubHandle *handle = begin(PUBLISH("shop"));

    fibers_require(stub_hook_fail(verdict));
    require_error(handle, code);
    fibers_require(play_figure("refused", cause) == before + 1);
    play_leave(handle);
}

static void passes_with(AdmissionVerdict verdict)
{
    json_int_t before = play_figure("webhook", "let_in_unasked");
    StubHandle *handle = begin(PUBLISH("shop"));

    fibers_require(stub_hook_fail(verdict));
    require_published(handle, "shop");
    fibers_require(play_figure("webhook", "let_in_unasked") == before + 1);
    play_leave(handle);
}

HOOKED(nobody_is_let_in_without_an_answer, "")
{
    fails_with(ADMISSION_TIMEOUT, HLS_ERROR_BUSY, "hook-timeout");
    fails_with(ADMISSION_UNREACHABLE, HLS_ERROR_BUSY, "hook-unreachable");
    fails_with(ADMISSION_UNUSABLE, HLS_ERROR_DENIED, "hook-answer");
}

HOOKED(who_is_late_may_be_let_in, "on_timeout = \"allow\";")
{
    passes_with(ADMISSION_TIMEOUT);
    fails_with(ADMISSION_UNREACHABLE, HLS_ERROR_BUSY, "hook-unreachable");
    fails_with(ADMISSION_UNUSABLE, HLS_ERROR_DENIED, "hook-answer");
}

HOOKED(who_cannot_be_reached_may_be_let_in, "on_unreachable = \"allow\";")
{
    passes_with(ADMISSION_UNREACHABLE);
    fails_with(ADMISSION_TIMEOUT, HLS_ERROR_BUSY, "hook-timeout");
    fails_with(ADMISSION_UNUSABLE, HLS_ERROR_DENIED, "hook-answer");
}

/* ---- what waits ---- */

HOOKED_STREAMS(those_that_wait_hold_up_nobody, "open = true; workers = 1;", "", "")
{
    StubHandle *live, *waits, *third;

    live = begin(PUBLISH("live"));
    fibers_require(stub_hook_answer(ALLOW));
    require_published(live, "live");
    waits = begin(PUBLISH("waits"));
    third = stub_attach();
    play_ask(third, PUBLISH("third"), OFFER_BOTH);
    fibers_require(stub_hook_waiting() == 2);
    play_ask(live, "{\"request\":\"report\",\"round_trip_ms\":1}", NULL);
    fibers_require(stub_count_events(live, "reported") == 1);
    play_ask(live, PUBLISH("live"), OFFER_SOUND);
    fibers_require(live->answers == 2);
    /* but its own requests wait for their turn */
    fibers_require(!stub_send(waits, "{\"request\":\"unpublish\"}", NULL));
    fibers_settle();
    fibers_require(stub_count_events(waits, "unpublished") == 0);
    fibers_require(stub_hook_answer(ALLOW));
    fibers_settle();
    fibers_require(waits->answers == 1);
    fibers_require(stub_count_events(waits, "unpublished") == 1);
    fibers_require(stub_hook_answer("{\"allow\":false}"));
    require_error(third, HLS_ERROR_DENIED);
    stub_hangup(waits);
    play_leave(live);
    play_leave(waits);
    play_leave(third);
}

HOOKED(more_than_may_wait_are_refused, "waiting = 1;")
{
    json_int_t before = play_figure("refused", "hook-busy");
    StubHandle *first = begin(PUBLISH("shop")), *second = stub_attach();

    play_ask(second, PUBLISH("cafe"), OFFER_BOTH);
    require_error(second, HLS_ERROR_BUSY);
    fibers_require(play_figure("refused", "hook-busy") == before + 1);
    fibers_require(stub_hook_answer(ALLOW));
    require_published(first, "shop");
    play_leave(first);
    play_leave(second);
}

HOOKED(who_leaves_while_it_waits_leaves_nothing, "")
{
    StubHandle *handle = begin(PUBLISH("shop"));

    stub_detach(handle);
    fibers_settle();
    fibers_require(stub_hook_answer(ALLOW));
    fibers_settle();
    fibers_require(handle->freed && handle->answers == 0);
    fibers_require(stub_bridge_announced() == 0);
    stub_free(handle);
}

HOOKED(stops_while_somebody_waits, "")
{
    StubHandle *handle = begin(PUBLISH("shop"));

    stub_stop();
    fibers_require(handle->answers == 0);
    stub_detach(handle);
    fibers_require(handle->freed);
    stub_free(handle);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(publishes_once_the_webhook_allows_it),
    cmocka_unit_test(an_answer_may_come_at_once),
    cmocka_unit_test(a_publisher_is_denied_with_a_sentence),
    cmocka_unit_test(a_publisher_gets_other_limits_and_another_name),
    cmocka_unit_test(a_publisher_ends_when_the_webhook_says_so),
    cmocka_unit_test(who_is_allowed_until_a_time_that_is_over_is_refused),
    cmocka_unit_test(a_codec_that_is_not_allowed_is_not_taken),
    cmocka_unit_test(a_name_that_is_given_may_be_taken),
    cmocka_unit_test(a_name_with_a_key_is_given_to_nobody_without_it),
    cmocka_unit_test(a_name_that_is_given_is_as_protected_as_the_settings_say),
    cmocka_unit_test(a_takeover_is_asked_about_as_one),
    cmocka_unit_test(what_has_become_a_takeover_is_asked_about_again),
    cmocka_unit_test(nobody_is_asked_about_who_is_refused_in_any_case),
    cmocka_unit_test(nobody_is_let_in_without_an_answer),
    cmocka_unit_test(who_is_late_may_be_let_in),
    cmocka_unit_test(who_cannot_be_reached_may_be_let_in),
    cmocka_unit_test(those_that_wait_hold_up_nobody),
    cmocka_unit_test(more_than_may_wait_are_refused),
    cmocka_unit_test(who_leaves_while_it_waits_leaves_nothing),
    cmocka_unit_test(stops_while_somebody_waits),
};

TEST_GROUP(admission_hook, tests, .setup = make_secret, .teardown = remove_secret);
