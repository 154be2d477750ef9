/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "janus-plugin/access/publish_claims.h"

#define NOW    1700000000
#define VALID  "\"exp\":1700000100"
#define SHOP   "\"stream\":\"shop\"," VALID
#define LEEWAY 30

static const ClaimRules plain = {
    .issuer = "", .audience = "", .leeway_s = LEEWAY, .access = ACCESS_UNLISTED};

static TokenFault read_claims(const char *text, const ClaimRules *rules, const char *stream,
                              PermitRight right, Permit *permit)
{
    json_t *claims = json_loads(text, 0, NULL);

    assert_row(claims, text, "no JSON");
    TokenFault fault = publish_claims_read(claims, rules, stream, right, NOW, permit);
    json_decref(claims);
    return fault;
}

static void judges_claims(void **state)
{
    static const struct {
        const char *claims;
        TokenFault fault;
    } rows[] = {
        {"{" SHOP "}", TOKEN_GOOD},
        {"{\"stream\":\"shop\",\"exp\":1699999971}", TOKEN_GOOD}, /* our clock may be ahead */
        {"{\"stream\":\"shop\",\"exp\":1699999970}", TOKEN_EXPIRED},
        {"{\"stream\":\"shop\",\"exp\":0}", TOKEN_EXPIRED},
        {"{\"stream\":\"shop\",\"exp\":1700000000.5}", TOKEN_GOOD},
        {"{\"stream\":\"shop\"}", TOKEN_MALFORMED}, /* each ends some day */
        {"{\"stream\":\"shop\",\"exp\":\"1700000100\"}", TOKEN_MALFORMED},
        {"{\"stream\":\"shop\",\"exp\":-1}", TOKEN_MALFORMED},
        {"{\"stream\":\"shop\",\"exp\":1700000100000}", TOKEN_MALFORMED}, /* milliseconds */
        {"{\"stream\":\"shop\",\"exp\":1e300}", TOKEN_MALFORMED},
        {"{" SHOP ",\"nbf\":1700000030}", TOKEN_GOOD},
        {"{" SHOP ",\"nbf\":1700000031}", TOKEN_EARLY},
        {"{" SHOP ",\"nbf\":true}", TOKEN_MALFORMED},
        {"{" SHOP ",\"end\":1700000001}", TOKEN_GOOD},
        {"{" SHOP ",\"end\":1700000000}", TOKEN_EXPIRED},
        {"{" VALID "}", TOKEN_MALFORMED},
        {"{\"stream\":\"\"," VALID "}", TOKEN_STREAM},
        {"{\"stream\":7," VALID "}", TOKEN_MALFORMED},
        {"{\"stream\":\"till\"," VALID "}", TOKEN_STREAM},
        {"{\"stream\":\"Shop\"," VALID "}", TOKEN_STREAM},
        {"{\"stream\":\"sho\"," VALID "}", TOKEN_STREAM},
        {"{\"stream\":\"shop2\"," VALID "}", TOKEN_STREAM},
        {"{\"stream\":\"sh*\"," VALID "}", TOKEN_GOOD},
        {"{\"stream\":\"shop*\"," VALID "}", TOKEN_GOOD},
        {"{\"stream\":\"*\"," VALID "}", TOKEN_GOOD},
        {"{\"stream\":\"ti*\"," VALID "}", TOKEN_STREAM},
        {"{\"stream\":\"*op\"," VALID "}", TOKEN_STREAM},
        {"{" SHOP ",\"rights\":[\"publish\"]}", TOKEN_GOOD},
        {"{" SHOP ",\"rights\":[\"kick\",\"paint\"]}", TOKEN_RIGHTS},
        {"{" SHOP ",\"rights\":[]}", TOKEN_RIGHTS},
        {"{" SHOP ",\"rights\":\"publish\"}", TOKEN_MALFORMED},
        {"{" SHOP ",\"rights\":[7]}", TOKEN_MALFORMED},
        {"{" SHOP ",\"bitrate\":50000}", TOKEN_GOOD},
        {"{" SHOP ",\"bitrate\":49999}", TOKEN_MALFORMED},
        {"{" SHOP ",\"bitrate\":4294967297}", TOKEN_MALFORMED},
        {"{" SHOP ",\"bitrate\":\"50000\"}", TOKEN_MALFORMED},
        {"{" SHOP ",\"codecs\":[\"h264\",\"vp9\"]}", TOKEN_GOOD},
        {"{" SHOP ",\"codecs\":[]}", TOKEN_MALFORMED},
        {"{" SHOP ",\"codecs\":[\"h263\"]}", TOKEN_MALFORMED},
        {"{" SHOP ",\"codecs\":[\"h264\",\"h264\",\"h264\",\"h264\",\"h264\",\"h264\"]}",
         TOKEN_MALFORMED},
        {"{" SHOP ",\"access\":\"protected\"}", TOKEN_GOOD},
        {"{" SHOP ",\"access\":\"secret\"}", TOKEN_MALFORMED},
        {"{" SHOP ",\"title\":7}", TOKEN_MALFORMED},
        {"{" SHOP ",\"jti\":7}", TOKEN_MALFORMED},
        {"{" SHOP ",\"iat\":\"now\"}", TOKEN_MALFORMED},
    };
    Permit permit;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        TokenFault fault = read_claims(rows[i].claims, &plain, "shop", PERMIT_PUBLISH, &permit);
        assert_row(fault == rows[i].fault, rows[i].claims, "%s", token_fault_name(fault));
    }
}

static void makes_a_permit_of_them(void **state)
{
    Permit permit;

    (void)state;
    assert_int_equal(
        read_claims("{" SHOP ",\"sub\":\"ann\",\"jti\":\"t1\",\"iat\":1699999000,\"title\":\"Tea\","
                    "\"rights\":[\"publish\",\"cue\"],\"bitrate\":900000,\"codecs\":[\"vp9\"],"
                    "\"access\":\"protected\",\"end\":1700000200}",
                    &plain, "shop", PERMIT_PUBLISH, &permit),
        TOKEN_GOOD);
    assert_true(permit.by_token);
    assert_string_equal(permit.name, "shop");
    assert_string_equal(permit.subject, "ann");
    assert_string_equal(permit.id, "t1");
    assert_string_equal(permit.title, "Tea");
    assert_int_equal(permit.issued, 1699999000);
    assert_int_equal(permit.rights, PERMIT_PUBLISH | PERMIT_CUE);
    assert_int_equal(permit.bitrate, 900000);
    assert_int_equal(permit.codecs.count, 1);
    assert_int_equal(permit.codecs.codec[0], CODEC_VP9);
    assert_int_equal(permit.access, ACCESS_PROTECTED);
    assert_int_equal(permit.end, 1700000200);

    assert_int_equal(read_claims("{" SHOP "}", &plain, "shop", PERMIT_PUBLISH, &permit),
                     TOKEN_GOOD);
    assert_int_equal(permit.rights, PERMIT_PUBLISH | PERMIT_TAKE_OVER);
    assert_int_equal(permit.bitrate, 0);
    assert_int_equal(permit.codecs.count, 0);
    assert_int_equal(permit.access, ACCESS_UNLISTED); /* as the settings say */
    assert_int_equal(permit.end, 0);                  /* exp is about beginning */
}

static void a_right_is_asked_for(void **state)
{
    Permit permit;

    (void)state;
    assert_int_equal(
        read_claims("{" SHOP ",\"rights\":[\"kick\"]}", &plain, "shop", PERMIT_KICK, &permit),
        TOKEN_GOOD);
    assert_int_equal(read_claims("{" SHOP "}", &plain, "shop", PERMIT_KICK, &permit), TOKEN_RIGHTS);
}

static void by_setting_the_publisher_ends_with_its_token(void **state)
{
    static const struct {
        const char *claims;
        int64_t end;
    } rows[] = {
        {"{" SHOP "}", 1700000100 + LEEWAY},
        {"{" SHOP ",\"end\":1700000050}", 1700000050},
        {"{" SHOP ",\"end\":1700009999}", 1700000100 + LEEWAY},
    };
    ClaimRules rules = plain;
    Permit permit;

    (void)state;
    rules.ends_at_expiry = true;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(read_claims(rows[i].claims, &rules, "shop", PERMIT_PUBLISH, &permit),
                         TOKEN_GOOD);
        assert_row(permit.end == rows[i].end, rows[i].claims, "%lld", (long long)permit.end);
    }
}

static void issuer_and_audience_are_as_the_settings_want(void **state)
{
    static const struct {
        const char *claims;
        TokenFault fault;
    } rows[] = {
        {"{" SHOP ",\"iss\":\"https://shop\",\"aud\":\"hls\"}", TOKEN_GOOD},
        {"{" SHOP ",\"iss\":\"https://shop\",\"aud\":[\"web\",\"hls\"]}", TOKEN_GOOD},
        {"{" SHOP ",\"iss\":\"https://shop\",\"aud\":[]}", TOKEN_ISSUER},
        {"{" SHOP ",\"iss\":\"https://shop\"}", TOKEN_ISSUER},
        {"{" SHOP ",\"iss\":\"https://shop\",\"aud\":7}", TOKEN_ISSUER},
        {"{" SHOP ",\"iss\":\"https://till\",\"aud\":\"hls\"}", TOKEN_ISSUER},
        {"{" SHOP ",\"iss\":[\"https://shop\"],\"aud\":\"hls\"}", TOKEN_ISSUER},
        {"{" SHOP ",\"aud\":\"hls\"}", TOKEN_ISSUER},
    };
    ClaimRules rules = plain;
    Permit permit;

    (void)state;
    rules.issuer = "https://shop";
    rules.audience = "hls";
    for (size_t i = 0; i < COUNT(rows); i++) {
        TokenFault fault = read_claims(rows[i].claims, &rules, "shop", PERMIT_PUBLISH, &permit);
        assert_row(fault == rows[i].fault, rows[i].claims, "%s", token_fault_name(fault));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(judges_claims),
    cmocka_unit_test(makes_a_permit_of_them),
    cmocka_unit_test(a_right_is_asked_for),
    cmocka_unit_test(by_setting_the_publisher_ends_with_its_token),
    cmocka_unit_test(issuer_and_audience_are_as_the_settings_want),
};

TEST_GROUP(publish_claims, tests);
