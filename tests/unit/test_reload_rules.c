/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"

#include "instruments/hls-doctor/reload_rules.h"

#define HEAD                                                                                       \
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"                                         \
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,CAN-SKIP-UNTIL=12.0\n"          \
    "#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MEDIA-SEQUENCE:1\n"
#define SEG   "#EXTINF:2.0,\ns.m4s\n"
#define THREE SEG SEG SEG
#define PART  "#EXT-X-PART:DURATION=0.2,URI=\"p\"\n"

static M3u8 *list_of(const char *text)
{
    const char *wrong;
    M3u8 *m = m3u8_read(text, strlen(text), &wrong);

    if (!m)
        fail_msg("%s", wrong);
    return m;
}

static const Exchange good = {
    .name = "video.m3u8",
    .msn = 4,
    .part = 0,
    .target_us = 2000000,
    .status = 200,
    .type = "application/vnd.apple.mpegurl",
    .encoding = "gzip",
    .cache_control = "public, max-age=12",
    .len = 3000,
    .held_us = 150000,
};

static void answers_to_requests_for_a_playlist(void **state)
{
    Exchange type = good, plain = good, http1 = good, http2 = good, later = good, whole = good,
             soon = good, fresh = good, stale = good, no = good, held = good, early = good,
             in_time = good;
    type.type = "text/plain";
    plain.encoding = "";
    http1.secure = true;
    http2.secure = http2.http2 = true;
    later.part = 1;
    whole.part = -1;
    soon.cache_control = "no-store, max-age=12";
    fresh.msn = fresh.part = -1;
    fresh.cache_control = "max-age=1";
    stale = fresh;
    stale.cache_control = "max-age=6";
    no.cache_control = "max-age=1";
    held.held_us = 6600000;
    early.status = 503;
    early.held_us = 1000000;
    in_time.status = 503;
    in_time.held_us = 6100000;
    const struct {
        const char *row, *rule;
        const Exchange *exchange;
        bool remark;
    } rows[] = {
        {"good", NULL, &good, false},
        {"HTTP/2", NULL, &http2, false},
        {"not blocking", NULL, &fresh, false},
        {"503 in time", NULL, &in_time, false},
        {"type", "a playlist of another Content-Type", &type, true},
        {"not compressed", "a playlist is not compressed", &plain, true},
        {"HTTP/1", "HTTP/2 is not spoken", &http1, true},
        {"part", "a blocking request is answered before", &later, false},
        {"segment", "a blocking request is answered before", &whole, false},
        {"no-store", "an answer to a blocking request may not be cached", &soon, true},
        {"short", "an answer to a blocking request may not be cached", &no, true},
        {"long", "an answer to a request that does not block", &stale, true},
        {"held", "a request is held for more", &held, true},
        {"503 early", "503 before", &early, true},
    };
    M3u8 *m = list_of(HEAD THREE PART);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        teardown(NULL);
        setup(NULL);
        reload_rules_playlist(findings, rows[i].exchange, m);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
    }
    m3u8_destroy(&m);
}

static void delta_updates(void **state)
{
    static const struct {
        const char *row, *rule, *text;
        bool skip, remark;
    } rows[] = {
        {"good", NULL, HEAD "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n" THREE THREE, true, false},
        {"not asked for", "a delta update that was not asked for",
         HEAD "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n" THREE THREE, false, false},
        {"none", "no delta update where", HEAD THREE THREE THREE, true, false},
        {"too much", "a delta update leaves out what is near",
         HEAD "#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n" THREE SEG SEG, true, false},
        {"too little", "a delta update keeps what is far",
         HEAD "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n" THREE THREE SEG SEG, true, true},
        {"of an end", "a delta update of an ended",
         HEAD "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n" THREE THREE "#EXT-X-ENDLIST\n", true, false},
        {"nothing to leave out", NULL, HEAD THREE THREE, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Exchange e = good;
        bool nothing = strncmp(rows[i].row, "nothing", 7) == 0;
        M3u8 *m = list_of(rows[i].text);
        M3u8 *before = list_of(nothing ? HEAD THREE SEG SEG : HEAD THREE THREE SEG SEG);
        e.skip = rows[i].skip;
        teardown(NULL);
        setup(NULL);
        reload_rules_delta(findings, &e, m, before);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
        m3u8_destroy(&m);
        m3u8_destroy(&before);
    }
}

static void media(void **state)
{
    Exchange part = good, missing, type, lifetime, slow;
    part.type = "video/mp4";
    part.transfer_us = 3000;
    missing = type = lifetime = slow = part;
    missing.status = 404;
    type.type = "text/html";
    lifetime.cache_control = "no-cache";
    slow.transfer_us = 201000;
    const struct {
        const char *row, *rule;
        const Exchange *exchange;
        bool hinted, remark;
    } rows[] = {
        {"good", NULL, &part, true, false},
        {"missing", "a listed segment or part cannot be fetched", &missing, false, false},
        {"type", "media of another Content-Type", &type, false, true},
        {"lifetime", "media may not be cached", &lifetime, false, true},
        {"slow", "a hinted part trickles in", &slow, true, false},
        {"slow, but listed", NULL, &slow, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        teardown(NULL);
        setup(NULL);
        reload_rules_media(findings, rows[i].exchange, rows[i].hinted, 200000);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
    }
}

static void refusals(void **state)
{
    (void)state;
    reload_rules_refusal(findings, "video.m3u8", "x", true, 400);
    assert_found(findings, "400", NULL, false);
    reload_rules_refusal(findings, "video.m3u8", "x", true, 0);
    reload_rules_refusal(findings, "video.m3u8", "x", true, 502);
    assert_found(findings, "nobody", NULL, false);
    reload_rules_refusal(findings, "video.m3u8", "x", true, 200);
    assert_found(findings, "must", "a request that must be refused", false);
    teardown(NULL);
    setup(NULL);
    reload_rules_refusal(findings, "video.m3u8", "x", false, 200);
    assert_found(findings, "should", "a request that should be refused", true);
    teardown(NULL);
    setup(NULL);
    reload_rules_missing(findings, "x.m4s", 404);
    assert_found(findings, "404", NULL, false);
    reload_rules_missing(findings, "x.m4s", 200);
    assert_found(findings, "not 404", "what is not there", true);
    assert_int_equal(cache_max_age_s("public, max-age=7"), 7);
    assert_int_equal(cache_max_age_s("public, max-age=0, s-maxage=12"), 12);
    assert_int_equal(cache_max_age_s("no-store, s-maxage=12"), -1);
    assert_int_equal(cache_max_age_s(""), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(answers_to_requests_for_a_playlist),
    TEST(delta_updates),
    TEST(media),
    TEST(refusals),
};

TEST_GROUP(reload_rules, tests);
