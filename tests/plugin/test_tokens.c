/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Publish tokens in the plugin: who is let in, how all others are refused, and when it ends. */

#include <sys/stat.h>

#include "tests/unit/token_maker.h"

#include "fibers.h"
#include "janus-plugin/access/revocations.h"
#include "janus-plugin/core/plugin_clock.h"
#include "janus-plugin/core/request.h"
#include "plugin_play.h"
#include "stub_bridge.h"
#include "stub_clock.h"

#define SECOND  INT64_C(1000000)
#define STREAMS "shop: { key = \"the right key\" }"
#define FOLDER  "/dev/shm/tokens-XXXXXX"

/* The settings, and files that they name, in a folder of their own. */
static char folder[sizeof(FOLDER)];

static const char *file_in_folder(const char *name)
{
    static char path[64];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(file_in_folder(name), "w");

    fibers_require(file && fputs(text, file) >= 0);
    fchmod(fileno(file), 0600);
    fclose(file);
}

/* Settings with a secret; `more` stands in the group "tokens", `general` in "general". */
static void write_settings(const char *general, const char *more)
{
    char text[1024], secret[64], audit[64];

    strcpy(secret, file_in_folder("secret"));
    strcpy(audit, file_in_folder("audit"));
    snprintf(text, sizeof(text),
             "general: { audit = \"%s\"; %s };\ntokens: { secret_file = \"%s\"; revoked_file = "
             "\"%s\"; %s };\n"
             "streams: { " STREAMS " };\n",
             audit, general, secret, file_in_folder("revoked"), more);
    write_file("janus.plugin.hls.jcfg", text);
}

typedef struct TokenPlay {
    const char *general, *more;
    void (*act)(void);
} TokenPlay;

static void run_token_play(void *data)
{
    const TokenPlay *play = data;

    strcpy(folder, FOLDER);
    fibers_require(mkdtemp(folder));
    write_file("secret", TOKEN_SECRET "\n");
    write_file("revoked", "");
    write_settings(play->general, play->more);
    stub_keep_events(true);
    fibers_require(stub_start_in(folder) == 0);
    play->act();
    stub_stop();
    stub_keep_events(false);
    unlink(file_in_folder("secret"));
    unlink(file_in_folder("revoked"));
    unlink(file_in_folder("audit"));
    unlink(file_in_folder("janus.plugin.hls.jcfg"));
    rmdir(folder);
}

#define TOKEN_PLAY(name, general, more)                                                            \
    static void play_##name(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        fibers_run(1, run_token_play, &(TokenPlay){general, more, play_##name});                   \
    }                                                                                              \
    static void play_##name(void)

/* A token with these claims beside exp, which is in so many seconds. The caller frees it. */
static char *sign(const char *claims, int64_t valid_s)
{
    char text[512];

    snprintf(text, sizeof(text), "{%s,\"exp\":%lld}", claims, (long long)(wall_s() + valid_s));
    return token_of(NULL, BY_SECRET, text);
}

/* A request with a token, which is freed. Valid until the next call. */
static const char *with_token(const char *request, const char *stream, char *token)
{
    static char *body;

    free(body);
    fibers_require(asprintf(&body, "{\"request\":\"%s\",\"stream\":\"%s\",\"token\":\"%s\"}",
                            request, stream, token) > 0);
    free(token);
    return body;
}

#define PUBLISH_BY(claims) with_token("publish", "shop", sign(claims, 60))
#define SHOP               "\"stream\":\"shop\""

/* Asks the Admin API. Whether it answers with this "hls". */
static bool operate(const char *body, const char *hls)
{
    json_t *reply = stub_admin(body);
    bool good = play_says(reply, "hls", hls);

    json_decref(reply);
    return good;
}

/* ---- who is let in ---- */

TOKEN_PLAY(a_token_lets_its_stream_in, "", "")
{
    StubHandle *handle = play_live(
        PUBLISH_BY(SHOP ",\"title\":\"Tea\",\"bitrate\":600000,\"access\":\"protected\""));
    json_t *info = stub_query(handle);

    fibers_require(play_says(info, "title", "Tea"));
    fibers_require(json_integer_value(json_object_get(info, "bitrate_cap")) == 600000);
    fibers_require(json_is_true(json_object_get(info, "unlisted"))); /* no list names it */
    json_decref(info);
    play_ask(handle, "{\"request\":\"configure\",\"bitrate\":2000000}", NULL);
    fibers_require(json_integer_value(json_object_get(stub_last_event(handle, "configured"),
                                                      "bitrate")) == 600000);
    play_leave(handle);
}

/* One that the settings do not name. */
TOKEN_PLAY(a_token_needs_no_stream_in_the_settings, "", "")
{
    fibers_require(
        play_try_once(with_token("publish", "market-7", sign("\"stream\":\"market-*\"", 60))) == 0);
    fibers_require(
        play_try_once("{\"request\":\"publish\",\"stream\":\"shop\",\"key\":\"the right key\"}") ==
        0);
}

TOKEN_PLAY(a_key_and_a_token_at_once_are_too_much, "", "")
{
    char *token = sign(SHOP, 60), body[1024];

    snprintf(body, sizeof(body),
             "{\"request\":\"publish\",\"stream\":\"shop\",\"key\":\"the right key\",\"token\":"
             "\"%s\"}",
             token);
    free(token);
    fibers_require(play_try_once(body) == HLS_ERROR_INVALID_JSON);
}

TOKEN_PLAY(a_token_names_the_codecs, "video_codecs = \"h264, vp9\"; tries = 1000", "")
{
    fibers_require(play_try_once(PUBLISH_BY(SHOP ",\"codecs\":[\"vp9\",\"h264\"]")) == 0);
    fibers_require(play_try_once(PUBLISH_BY(SHOP ",\"codecs\":[\"vp9\"]")) == HLS_ERROR_NO_H264);
    fibers_require(play_try_once(PUBLISH_BY(SHOP ",\"codecs\":[\"av1\"]")) == HLS_ERROR_NO_CODEC);
}

/* ---- how others are refused ---- */

/* What each refusal says, by its cause. */
TOKEN_PLAY(all_that_are_not_good_are_refused_alike, "tries = 1000", "issuer = \"us\"")
{
    static const char US[] = ",\"iss\":\"us\"";
    char big[(1 << 20) + 1], good[256], cut[1024], *token;
    struct {
        const char *cause;
        char *token;
    } rows[] = {
        {"token-expired", sign(SHOP ",\"iss\":\"us\"", -60)},
        {"token-early", sign(SHOP ",\"iss\":\"us\",\"nbf\":99999999999", 60)},
        {"token-stream", sign("\"stream\":\"till\",\"iss\":\"us\"", 60)},
        {"token-issuer", sign(SHOP, 60)},
        {"token-rights", sign(SHOP ",\"iss\":\"us\",\"rights\":[\"kick\"]", 60)},
        {"token-revoked", sign(SHOP ",\"iss\":\"us\",\"jti\":\"t1\"", 60)},
        {"token-no-key", token_by_hand("{\"alg\":\"none\"}", "{" SHOP "}", "", 0)},
        {"token-no-key", token_by_hand("{\"alg\":\"RS256\"}", "{" SHOP "}", "abc", 3)},
        {"token-signature", token_by_hand("{\"alg\":\"HS256\"}", "{" SHOP "}", "abc", 3)},
        {"token-malformed", NULL},
        {"token-malformed", NULL},
        {"token-malformed", strdup("not a token")},
    };
    const char *sentence = NULL;

    memset(big, 'A', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    rows[9].token = strdup(big);
    snprintf(good, sizeof(good), SHOP "%s", US);
    token = sign(good, 60);
    snprintf(cut, sizeof(cut), "%.*s", (int)(strrchr(token, '.') - token), token); /* two parts */
    free(token);
    rows[10].token = strdup(cut);
    fibers_require(operate("{\"request\":\"revoke\",\"jti\":\"t1\"}", "revoked"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        StubHandle *handle = stub_attach();
        json_int_t before = play_figure("refused", rows[i].cause);
        char *secret = strdup(rows[i].token);
        int error = play_try(handle, with_token("publish", "shop", rows[i].token));
        const json_t *event = stub_last_event(handle, "error");
        if (error != HLS_ERROR_TOKEN || play_figure("refused", rows[i].cause) != before + 1)
            print_error("%zu, %s: %d\n", i, rows[i].cause, error);
        fibers_require(error == HLS_ERROR_TOKEN &&
                       play_figure("refused", rows[i].cause) == before + 1);
        if (!sentence)
            sentence = json_string_value(json_object_get(event, "error"));
        fibers_require(play_says(event, "error", sentence));
        fibers_require(json_object_size(event) == 3); /* and nothing more */
        fibers_require(!strstr(sentence, secret));
        free(secret);
        play_leave(handle);
    }
    fibers_require(play_try_once(with_token("publish", "shop", sign(good, 60))) == 0);
}

TOKEN_PLAY(operators_are_never_told_of_the_token, "", "")
{
    char *token = sign("\"stream\":\"till\"", 60), *copy = strdup(token);

    stub_has_handlers = true;
    fibers_require(play_try_once(with_token("publish", "shop", token)) == HLS_ERROR_TOKEN);
    const json_t *event = stub_last_event(NULL, "refused");
    fibers_require(play_says(event, "cause", "token-stream"));
    char *text = json_dumps(event, 0);
    fibers_require(!strstr(text, copy));
    free(text);
    free(copy);
    stub_has_handlers = false;
}

TOKEN_PLAY(a_connection_has_a_number_of_tokens, "tries = 2", "")
{
    StubHandle *handle = stub_attach();

    for (int i = 0; i < 2; i++)
        fibers_require(play_try(handle, with_token("publish", "shop", sign(SHOP, -60))) ==
                       HLS_ERROR_TOKEN);
    fibers_require(play_try(handle, PUBLISH_BY(SHOP)) == HLS_ERROR_TOO_MANY_TRIES);
    fibers_require(play_try_once(PUBLISH_BY(SHOP)) == 0); /* others are not held up by it */
    stub_clock_pass(60 * SECOND);
    fibers_require(play_try(handle, PUBLISH_BY(SHOP)) == 0);
    play_leave(handle);
}

/* ---- rights ---- */

TOKEN_PLAY(a_name_is_taken_over_by_right, "tries = 1000", "")
{
    StubHandle *first = play_live(PUBLISH_BY(SHOP ",\"sub\":\"ann\",\"rights\":[\"publish\"]"));

    fibers_require(play_try_once(PUBLISH_BY(SHOP ",\"rights\":[\"publish\"]")) ==
                   HLS_ERROR_NAME_TAKEN);
    fibers_require(play_try_once(PUBLISH_BY(SHOP ",\"sub\":\"bob\",\"rights\":[\"publish\"]")) ==
                   HLS_ERROR_NAME_TAKEN);
    play_require_state(first, "live");
    StubHandle *again = play_live(PUBLISH_BY(SHOP ",\"sub\":\"ann\",\"rights\":[\"publish\"]"));
    play_require_ended(first, "taken-over"); /* the same person */
    StubHandle *other = play_live(PUBLISH_BY(SHOP ",\"sub\":\"bob\""));
    play_require_ended(again, "taken-over");
    play_leave(first);
    play_leave(again);
    play_leave(other);
}

/* A name without a key is its publisher's: a key made up by somebody else does not take it. */
TOKEN_PLAY(an_open_name_is_kept_from_strangers, "open = true; tries = 1000", "")
{
    StubHandle *first = play_live(with_token("publish", "cafe", sign("\"stream\":\"cafe\"", 60)));

    fibers_require(
        play_try_once("{\"request\":\"publish\",\"stream\":\"cafe\",\"key\":\"a key of mine\"}") ==
        HLS_ERROR_NAME_TAKEN);
    play_require_state(first, "live");
    play_leave(first);
}

/* The audit log has a record with this text. */
static void require_record(const char *text)
{
    char log[8192];
    FILE *file = fopen(file_in_folder("audit"), "r");

    fibers_settle();
    fibers_require(file);
    log[fread(log, 1, sizeof(log) - 1, file)] = '\0';
    fclose(file);
    if (!strstr(log, text))
        print_error("no %s in\n%s", text, log);
    fibers_require(strstr(log, text));
}

TOKEN_PLAY(a_token_may_kick, "tries = 1000", "")
{
    StubHandle *first = play_live(PUBLISH_BY(SHOP));

    fibers_require(play_try_once("{\"request\":\"kick\",\"stream\":\"shop\"}") ==
                   HLS_ERROR_UNKNOWN_REQUEST);
    fibers_require(play_try_once(with_token("kick", "shop", sign(SHOP, 60))) == HLS_ERROR_TOKEN);
    play_require_state(first, "live");
    fibers_require(
        play_try_once(with_token("kick", "shop",
                                 sign(SHOP ",\"sub\":\"eva\",\"rights\":[\"kick\"]", 60))) == 0);
    play_require_ended(first, "kicked");
    require_record("\"event\":\"kicked\",\"stream\":\"shop\",\"by\":\"token\",\"sub\":\"eva\"");
    play_leave(first);
}

/* ---- the end ---- */

static void pass_seconds(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        stub_clock_pass(SECOND);
        fibers_set_ticks(1); /* one look after publishers */
        fibers_settle();
    }
}

TOKEN_PLAY(a_publisher_goes_on_when_its_token_runs_out, "", "")
{
    StubHandle *handle = play_live(PUBLISH_BY(SHOP));

    pass_seconds(120);
    play_require_state(handle, "live");
    play_leave(handle);
}

TOKEN_PLAY(a_publisher_ends_when_the_token_says_so, "", "")
{
    char claims[64];

    snprintf(claims, sizeof(claims), SHOP ",\"end\":%lld", (long long)wall_s() + 10);
    StubHandle *handle = play_live(PUBLISH_BY(claims));
    pass_seconds(8);
    play_require_state(handle, "live");
    pass_seconds(4);
    play_require_ended(handle, "expired");
    play_leave(handle);
}

TOKEN_PLAY(by_setting_a_publisher_ends_with_its_token, "", "ends_at_expiry = true; leeway = 5")
{
    StubHandle *handle = play_live(PUBLISH_BY(SHOP));
    unsigned kicks = stub_bridge_kicks();

    pass_seconds(63);
    play_require_state(handle, "live");
    pass_seconds(4);
    play_require_ended(handle, "expired");
    fibers_require(stub_bridge_kicks() == kicks); /* by nobody */
    play_leave(handle);
}

TOKEN_PLAY(a_token_that_is_revoked_ends_its_publisher, "tries = 1000", "")
{
    StubHandle *first = play_live(PUBLISH_BY(SHOP ",\"jti\":\"t1\""));
    char *token = sign(SHOP ",\"jti\":\"t2\",\"iat\":5", 60), *again = strdup(token);
    unsigned kicks = stub_bridge_kicks();

    fibers_require(operate("{\"request\":\"revoke\",\"jti\":\"t1\"}", "revoked"));
    pass_seconds(2);
    play_require_ended(first, "revoked");
    fibers_require(stub_bridge_kicks() == kicks + 1); /* by an operator */
    StubHandle *second = play_live(with_token("publish", "shop", token));
    fibers_require(operate("{\"request\":\"revoke\",\"stream\":\"*\",\"before\":6}", "revoked"));
    pass_seconds(2);
    play_require_ended(second, "revoked");
    fibers_require(play_try_once(with_token("publish", "shop", again)) == HLS_ERROR_TOKEN);
    play_leave(first);
    play_leave(second);
    char text[256] = "";
    FILE *file = fopen(file_in_folder("revoked"), "r");
    fibers_require(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    fibers_require(strcmp(text, "id t1\nstream * 6\n") == 0); /* for the next start */
}

/* With one more rule the file could not be read, and the plugin would not be loaded. */
TOKEN_PLAY(a_full_file_of_revocations_stays_as_it_is, "tries = 1000", "")
{
    FILE *file = fopen(file_in_folder("revoked"), "w");

    fibers_require(file);
    for (int i = 0; i < REVOCATIONS_MAX; i++)
        fprintf(file, "id token-%d\n", i);
    fclose(file);
    fibers_require(operate("{\"request\":\"reload\"}", "reloaded"));
    for (int turn = 0; turn < 2; turn++) { /* known, but not kept, when it is revoked again */
        json_t *reply = stub_admin("{\"request\":\"revoke\",\"jti\":\"t1\"}");
        fibers_require(play_says(reply, "hls", "revoked"));
        fibers_require(json_is_false(json_object_get(reply, "kept")));
        json_decref(reply);
        fibers_require(operate("{\"request\":\"reload\"}", "reloaded"));
    }
    fibers_require(play_try_once(PUBLISH_BY(SHOP ",\"jti\":\"t1\"")) == HLS_ERROR_TOKEN);
}

TOKEN_PLAY(revoke_says_what_it_wants, "", "")
{
    static const char *const bodies[] = {
        "{\"request\":\"revoke\"}",
        "{\"request\":\"revoke\",\"jti\":\"t1\",\"stream\":\"shop\"}",
        "{\"request\":\"revoke\",\"jti\":\"a b\"}",
        "{\"request\":\"revoke\",\"jti\":7}",
        "{\"request\":\"revoke\",\"stream\":\"shop\",\"before\":-1}",
        "{\"request\":\"revoke\",\"stream\":\"a b\"}",
    };

    for (size_t i = 0; i < COUNT(bodies); i++)
        fibers_require(operate(bodies[i], "error"));
    fibers_require(play_try_once("{\"request\":\"revoke\",\"jti\":\"t1\"}") ==
                   HLS_ERROR_UNKNOWN_REQUEST);
    fibers_require(play_try_once("{\"request\":\"reload\"}") == HLS_ERROR_UNKNOWN_REQUEST);
}

/* ---- what is read again ---- */

TOKEN_PLAY(settings_are_read_again, "tries = 1000", "")
{
    StubHandle *live = play_live(PUBLISH_BY(SHOP));
    char *old = sign(SHOP, 3600), *older = strdup(old);
    json_t *reply;

    write_file("secret", "another secret, of 32 bytes or more\n");
    write_settings("tries = 1000; bitrate = 100000; workers = 9", "");
    fibers_require(play_try_once(with_token("publish", "shop", old)) == 0); /* not yet */
    reply = stub_admin("{\"request\":\"reload\"}");
    fibers_require(play_says(reply, "hls", "reloaded"));
    fibers_require(play_says(reply, "restart", "general.workers"));
    json_decref(reply);
    fibers_require(play_try_once(with_token("publish", "shop", older)) == HLS_ERROR_TOKEN);
    StubHandle *handle =
        play_live("{\"request\":\"publish\",\"stream\":\"shop\",\"key\":\"the right key\"}");
    fibers_require(play_number(handle, "bitrate_cap") == 100000);
    play_leave(handle);
    play_leave(live);
}

TOKEN_PLAY(settings_that_cannot_be_used_change_nothing, "tries = 1000", "")
{
    json_t *reply;

    write_settings("tries = 1000; bitrate = 7", "");
    reply = stub_admin("{\"request\":\"reload\"}");
    fibers_require(play_says(reply, "hls", "error"));
    fibers_require(json_integer_value(json_object_get(reply, "error_code")) == HLS_ERROR_SETTINGS);
    fibers_require(strstr(json_string_value(json_object_get(reply, "error")), "general.bitrate"));
    json_decref(reply);
    unlink(file_in_folder("revoked"));
    write_settings("tries = 1000", "");
    fibers_require(operate("{\"request\":\"reload\"}", "error"));
    unlink(file_in_folder("janus.plugin.hls.jcfg"));
    fibers_require(operate("{\"request\":\"reload\"}", "error"));
    fibers_require(play_try_once(PUBLISH_BY(SHOP)) == 0);
}

/* Without being asked, some seconds after they have changed. */
TOKEN_PLAY(files_that_change_are_read_again, "tries = 1000", "")
{
    StubHandle *handle = play_live(PUBLISH_BY(SHOP ",\"jti\":\"t1\""));

    pass_seconds(3);
    play_require_state(handle, "live");
    write_file("revoked", "id t1\n");
    pass_seconds(5);
    play_require_ended(handle, "revoked");
    play_leave(handle);
}

/* The settings and the file go within the same second, and the old ones knew the file. */
TOKEN_PLAY(a_secret_that_is_taken_away_is_good_no_more, "", "")
{
    char *token = sign(SHOP, 3600), *again = strdup(token);

    fibers_require(play_try_once(with_token("publish", "shop", token)) == 0);
    write_file("janus.plugin.hls.jcfg", "streams: { " STREAMS " };\n");
    unlink(file_in_folder("secret"));
    pass_seconds(5);
    fibers_require(play_try_once(with_token("publish", "shop", again)) == HLS_ERROR_TOKEN);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_token_lets_its_stream_in),
    cmocka_unit_test(a_token_needs_no_stream_in_the_settings),
    cmocka_unit_test(a_key_and_a_token_at_once_are_too_much),
    cmocka_unit_test(a_token_names_the_codecs),
    cmocka_unit_test(all_that_are_not_good_are_refused_alike),
    cmocka_unit_test(operators_are_never_told_of_the_token),
    cmocka_unit_test(a_connection_has_a_number_of_tokens),
    cmocka_unit_test(a_name_is_taken_over_by_right),
    cmocka_unit_test(an_open_name_is_kept_from_strangers),
    cmocka_unit_test(a_token_may_kick),
    cmocka_unit_test(a_publisher_goes_on_when_its_token_runs_out),
    cmocka_unit_test(a_publisher_ends_when_the_token_says_so),
    cmocka_unit_test(by_setting_a_publisher_ends_with_its_token),
    cmocka_unit_test(a_token_that_is_revoked_ends_its_publisher),
    cmocka_unit_test(a_full_file_of_revocations_stays_as_it_is),
    cmocka_unit_test(revoke_says_what_it_wants),
    cmocka_unit_test(settings_are_read_again),
    cmocka_unit_test(settings_that_cannot_be_used_change_nothing),
    cmocka_unit_test(files_that_change_are_read_again),
    cmocka_unit_test(a_secret_that_is_taken_away_is_good_no_more),
};

TEST_GROUP(tokens, tests);
