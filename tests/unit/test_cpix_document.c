/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "cpix_sample.h"
#include "hls-bridge/base/uuid_text.h"
#include "hls-bridge/keys/cpix_request.h"
#include "hls-bridge/keys/key_tag_text.h"

#define PLAIN_KEY SAMPLE_KEYS(SAMPLE_KEY(" commonEncryptionScheme=\"cbcs\"", SAMPLE_SECRET))
#define BOTH      SAMPLE_SYSTEMS(SAMPLE_FAIRPLAY SAMPLE_WIDEVINE)
#define FAIRPLAY_LINE                                                                              \
    "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\""

static uint8_t kid[CPIX_KEY_SIZE];
static CpixKey key;

static int setup(void **state)
{
    (void)state;
    assert_true(uuid_text_read(SAMPLE_KID, kid));
    return 0;
}

static const char *look_at(const char *text)
{
    return cpix_document_read(text, strlen(text), kid, &key);
}

static void a_key_and_its_systems_are_read(void **state)
{
    (void)state;
    assert_null(look_at(SAMPLE_OF(PLAIN_KEY, BOTH)));
    for (uint8_t i = 0; i < sizeof(key.key); i++)
        assert_int_equal(key.key[i], i);
    assert_memory_equal(key.id, kid, sizeof(kid));
    assert_memory_equal(key.iv, kid, sizeof(kid));
    assert_string_equal(key.tags, FAIRPLAY_LINE "\n");
    assert_int_equal(key.pssh_len, 34);
    assert_int_equal(key.system[CPIX_WIDEVINE].len, 34);
    assert_int_equal(key.system[CPIX_FAIRPLAY].len, 0);
    assert_memory_equal(key.pssh + 4, "pssh", 4);
}

static void a_vector_may_be_given(void **state)
{
    (void)state;
    assert_null(look_at(SAMPLE_OF(
        SAMPLE_KEYS(SAMPLE_KEY(" explicitIV=\"ICEiIyQl\nJicoKSorLC0uLw==\"", SAMPLE_SECRET)),
        BOTH)));
    for (uint8_t i = 0; i < sizeof(key.iv); i++)
        assert_int_equal(key.iv[i], 0x20 + i);
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "no XML"},
        {"<html>", "no XML"},
        {"<html/>", "no CPIX"},
        {"<CPIX/>", "no CPIX"},
        {"<!DOCTYPE a [<!ENTITY e \"x\">]>" SAMPLE_ROOT PLAIN_KEY BOTH SAMPLE_ENDS,
         "document type"},
        {"<!DOCTYPE a>" SAMPLE_ROOT PLAIN_KEY BOTH SAMPLE_ENDS, "document type"},
        {"<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\"><a/>", "document type"},
        {SAMPLE_OF("", BOTH), "no ContentKey"},
        {SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY("", SAMPLE_SECRET) SAMPLE_KEY("", SAMPLE_SECRET)), BOTH),
         "twice"},
        {SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY(" commonEncryptionScheme=\"cenc\"", SAMPLE_SECRET)),
                   BOTH),
         "another scheme"},
        {SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY(" explicitIV=\"AAAA\"", SAMPLE_SECRET)), BOTH),
         "explicitIV"},
        {SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY("", "")), BOTH), "PlainValue"},
        {SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY("",
                                          "<cpix:Data><pskc:Secret><pskc:PlainValue>AAEC"
                                          "</pskc:PlainValue></pskc:Secret></cpix:Data>")),
                   BOTH),
         "PlainValue"},
        {SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY("",
                                          "<cpix:Data><pskc:Secret><pskc:EncryptedValue/>"
                                          "</pskc:Secret></cpix:Data>")),
                   BOTH),
         "is encrypted"},
        {SAMPLE_OF(PLAIN_KEY, ""), "no DRM system"},
        {SAMPLE_OF(PLAIN_KEY, SAMPLE_SYSTEMS(SAMPLE_WIDEVINE)), "no DRM system"},
        {SAMPLE_OF(PLAIN_KEY, SAMPLE_SYSTEMS(SAMPLE_FAIRPLAY SAMPLE_FAIRPLAY)), "there twice"},
        {SAMPLE_OF(PLAIN_KEY, SAMPLE_SYSTEMS(SAMPLE_FAIRPLAY SAMPLE_SYSTEM(
                                  WIDEVINE_ID, SAMPLE_PSSH_OF("AAAA")))),
         "PSSH"},
        /* a system that is not known */
        {SAMPLE_OF(PLAIN_KEY, SAMPLE_SYSTEMS(SAMPLE_FAIRPLAY SAMPLE_SYSTEM(
                                  "11111111-79d6-4ace-a3c8-27dcd51d21ed", SAMPLE_PSSH_OF("A")))),
         NULL},
        /* the box of Widevine within another system */
        {SAMPLE_OF(PLAIN_KEY,
                   SAMPLE_SYSTEMS(SAMPLE_SYSTEM(FAIRPLAY_ID, SAMPLE_PSSH_OF(SAMPLE_PSSH)
                                                                 SAMPLE_TAG(FAIRPLAY_TAG)))),
         "PSSH"},
        {SAMPLE_OF(PLAIN_KEY,
                   SAMPLE_SYSTEMS(SAMPLE_SYSTEM(FAIRPLAY_ID, SAMPLE_TAG("not base64!")))),
         "base64"},
        {SAMPLE_OF(PLAIN_KEY, SAMPLE_SYSTEMS(SAMPLE_SYSTEM(WIDEVINE_ID, SAMPLE_TAG(FAIRPLAY_TAG)))),
         "KEYFORMAT"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *said = look_at(rows[i].text);
        assert_row(rows[i].says ? said && strstr(said, rows[i].says) : !said, rows[i].text, "%s",
                   said ? said : "nothing");
    }
}

/* A box of version 1 names keys; one that says it has more than there is room for is none. */
static void boxes_may_name_keys(void **state)
{
    (void)state;
    assert_null(look_at(SAMPLE_OF(
        PLAIN_KEY,
        SAMPLE_SYSTEMS(SAMPLE_FAIRPLAY SAMPLE_SYSTEM(
            WIDEVINE_ID, SAMPLE_PSSH_OF("AAAANHBzc2gBAAAA7e+LqXnWSs6jyCfc1R0h7QAAAAEPj61b2ctG"
                                        "n6FlcIZ3KJUOAAAAAA=="))))));
    assert_int_equal(key.pssh_len, 52);
    assert_string_equal(
        look_at(SAMPLE_OF(
            PLAIN_KEY,
            SAMPLE_SYSTEMS(SAMPLE_FAIRPLAY SAMPLE_SYSTEM(
                WIDEVINE_ID, SAMPLE_PSSH_OF("AAAAJHBzc2gBAAAA7e+LqXnWSs6jyCfc1R0h7f//////////"))))),
        "PSSH is not base64 of one box of its system, or all are too long");
}

static void what_is_too_long_is_not_looked_at(void **state)
{
    static char text[CPIX_BYTES_MAX + 1];

    (void)state;
    memset(text, ' ', sizeof(text));
    const char *said = cpix_document_read(text, sizeof(text), kid, &key);
    assert_string_equal(said, "the document is too long");
}

static void a_wrong_document_leaves_no_secret(void **state)
{
    static const CpixKey none;

    (void)state;
    assert_non_null(look_at(SAMPLE_OF(PLAIN_KEY, "")));
    assert_memory_equal(&key, &none, sizeof(none));
}

static void tags_of_others_are_checked(void **state)
{
    static const char format[] = "com.apple.streamingkeydelivery";
    static const struct {
        const char *line;
        bool good;
    } rows[] = {
        {FAIRPLAY_LINE, true},
        {FAIRPLAY_LINE ",KEYFORMATVERSIONS=\"1\",X-OWN=a/b", true},
        {FAIRPLAY_LINE ",IV=0x0F8FAD5BD9CB469FA16570867728950E", true},
        {FAIRPLAY_LINE ",IV=0x00000000000000000000000000000000", false},
        {FAIRPLAY_LINE ",", false},
        {FAIRPLAY_LINE ",A", false},
        {FAIRPLAY_LINE ",A=", false},
        {FAIRPLAY_LINE ",A=\"b", false},
        {FAIRPLAY_LINE ",URI=\"data:\"", false},
        {FAIRPLAY_LINE "\n#EXT-X-ENDLIST", false},
        {FAIRPLAY_LINE "\r", false},
        {"#EXT-X-KEY:METHOD=NONE", false},
        {"#EXT-X-KEY:METHOD=AES-128,URI=\"a\",KEYFORMAT=\"com.apple.streamingkeydelivery\"", false},
        {"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"a\",KEYFORMAT=\"identity\"", false},
        {"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"a\"", false},
        {"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"\",KEYFORMAT=\"com.apple.streamingkeydelivery\"",
         false},
        {"#EXT-X-KEY:", false},
        {"#EXT-X-MAP:URI=\"a\"", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(key_tag_text_valid(rows[i].line, strlen(rows[i].line), format, kid) ==
                       rows[i].good,
                   rows[i].line, "%d", rows[i].good);
}

static void a_request_asks_for_one_key(void **state)
{
    CpixRequest request = {.stream = "shop", .period = 7, .systems = 1U << CPIX_FAIRPLAY};
    char text[CPIX_REQUEST_SIZE];

    (void)state;
    memcpy(request.id, kid, sizeof(kid));
    size_t len = cpix_request_write(&request, text);
    assert_int_equal(len, strlen(text));
    assert_non_null(strstr(text, "contentId=\"shop\""));
    assert_non_null(
        strstr(text, "<cpix:ContentKey kid=\"" SAMPLE_KID "\" commonEncryptionScheme=\"cbcs\"/>"));
    assert_non_null(strstr(text, "systemId=\"" FAIRPLAY_ID "\">"));
    assert_null(strstr(text, WIDEVINE_ID));
    assert_non_null(strstr(text, "index=\"7\""));
    assert_string_equal(look_at(text), "pskc:PlainValue is not base64 of 16 bytes");
    request.systems = 7;
    memset(request.id, 0xff, sizeof(request.id));
    request.stream = "0123456789012345678901234567890123456789012345678901234567890123";
    request.period = INT64_MAX;
    cpix_request_write(&request, text);
    assert_non_null(strstr(text, WIDEVINE_ID));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_key_and_its_systems_are_read),
    cmocka_unit_test(a_vector_may_be_given),
    cmocka_unit_test(what_is_wrong_is_said),
    cmocka_unit_test(boxes_may_name_keys),
    cmocka_unit_test(what_is_too_long_is_not_looked_at),
    cmocka_unit_test(a_wrong_document_leaves_no_secret),
    cmocka_unit_test(tags_of_others_are_checked),
    cmocka_unit_test(a_request_asks_for_one_key),
};

TEST_GROUP(cpix_document, tests, .setup = setup);
