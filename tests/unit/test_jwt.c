/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Signatures: the examples of the RFCs, and what must not be taken for one. */

#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "token_maker.h"

#include "janus-plugin/access/jwt.h"
#include "settings_reader.h"

#define CLAIMS "{\"stream\":\"shop\",\"exp\":1}"

/* The payload of RFC 7515, appendix A. */
#define RFC_CLAIMS                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define RFC_SET                                                                                    \
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"},"                                  \
    "{\"kty\":\"oct\",\"kid\":\"a1\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH" \
    "75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"},"                                                       \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","     \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"                                      \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]" \
    "}"

static JwtKeys *keys_of_set(const char *set)
{
    char error[SETTINGS_ERROR_SIZE] = "";
    JwtKeys *keys = jwt_keys_create();
    bool has_secret;

    assert_row(jwt_keys_add_set(keys, set, &has_secret, error) == 0, set, "%s", error);
    return keys;
}

static TokenFault fault_of(const JwtKeys *keys, const char *token)
{
    json_t *claims;
    TokenFault fault = jwt_read(keys, token, strlen(token), &claims);

    assert_int_equal(fault == TOKEN_GOOD, claims != NULL);
    json_decref(claims);
    return fault;
}

static void takes_the_examples_of_the_rfcs(void **state)
{
    static const struct {
        const char *name, *token;
    } rows[] = {
        {"RFC 7515 A.1", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS
                         ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
        {"RFC 7515 A.3", "eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS
                         ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxf"
                         "KTUJqPP3-Kg6NU1Q"},
    };
    static const char text[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    static const char signature[] =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg"
        "5BhVsPt9g7sVvpAr_MuM0KAg"; /* RFC 8037 A.4: it is no JSON */
    JwtKeys *keys = keys_of_set(RFC_SET);
    unsigned char bytes[64];

    (void)state;
    assert_int_equal(jwt_keys_count(keys), 3); /* RSA is left out */
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(fault_of(keys, rows[i].token) == TOKEN_GOOD, rows[i].name, "%s",
                   token_fault_name(fault_of(keys, rows[i].token)));
    assert_int_equal(base64url_decode(signature, strlen(signature), bytes, sizeof(bytes)), 64);
    assert_int_equal(jwt_keys_match(keys, "EdDSA", NULL, text, strlen(text), bytes, sizeof(bytes)),
                     JWT_SIGNED);
    jwt_keys_destroy(&keys);
}

/* PEM of a public key; the caller frees it. */
static char *pem_of(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;

    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    long len = BIO_get_mem_data(bio, &bytes);
    char *text = strndup(bytes, (size_t)len);
    BIO_free(bio);
    return text;
}

static JwtKeys *keys_of(const TokenMaker *maker, bool secret, bool ec, bool ed25519)
{
    char error[SETTINGS_ERROR_SIZE] = "";
    JwtKeys *keys = jwt_keys_create();

    if (secret)
        assert_int_equal(jwt_keys_add_secret(keys, TOKEN_SECRET, strlen(TOKEN_SECRET), error), 0);
    for (int i = 0; i < 2; i++)
        if (i ? ed25519 : ec) {
            char *pem = pem_of(i ? maker->ed25519 : maker->ec);
            assert_int_equal(jwt_keys_add_pem(keys, pem, error), 0);
            free(pem);
        }
    return keys;
}

static void takes_what_one_of_its_keys_has_signed(void **state)
{
    TokenMaker maker = token_maker(), other = token_maker();
    JwtKeys *keys = keys_of(&maker, true, true, true);

    (void)state;
    for (TokenSigner signer = BY_SECRET; signer <= BY_ED25519; signer++) {
        char *token = token_of(&maker, signer, CLAIMS);
        assert_int_equal(fault_of(keys, token), TOKEN_GOOD);
        free(token);
        token = token_of(&other, signer, CLAIMS);
        if (signer != BY_SECRET)
            assert_int_equal(fault_of(keys, token), TOKEN_SIGNATURE);
        free(token);
    }
    jwt_keys_destroy(&keys);
    token_maker_free(&maker);
    token_maker_free(&other);
}

/* The header does not choose the algorithm: the key does. */
static void a_public_key_is_no_secret(void **state)
{
    TokenMaker maker = token_maker();
    JwtKeys *keys = keys_of(&maker, false, true, true);
    char *pem = pem_of(maker.ec);
    json_t *claims = json_loads(CLAIMS, 0, NULL);
    char *token = jwt_sign_secret(claims, NULL, pem, strlen(pem));

    (void)state;
    assert_int_equal(fault_of(keys, token), TOKEN_NO_KEY);
    free(token);
    token = token_of(&maker, BY_SECRET, CLAIMS);
    assert_int_equal(fault_of(keys, token), TOKEN_NO_KEY);
    free(token);
    json_decref(claims);
    free(pem);
    jwt_keys_destroy(&keys);
    token_maker_free(&maker);
}

static void no_other_algorithm_is_taken(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",  "{\"alg\":\"None\"}",  "{\"alg\":\"NONE\"}",
        "{\"alg\":\"\"}",      "{\"alg\":\"HS384\"}", "{\"alg\":\"hs256\"}",
        "{\"alg\":\"RS256\"}", "{\"alg\":\"ES384\"}", "{\"alg\":\"HS256 \"}",
    };
    static const char zeroes[64];
    TokenMaker maker = token_maker();
    JwtKeys *keys = keys_of(&maker, true, true, true);

    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++)
        for (size_t len = 0; len <= sizeof(zeroes); len += 32) {
            char *token = token_by_hand(headers[i], CLAIMS, zeroes, len);
            assert_row(fault_of(keys, token) == TOKEN_NO_KEY, headers[i], "%s",
                       token_fault_name(fault_of(keys, token)));
            free(token);
        }
    jwt_keys_destroy(&keys);
    token_maker_free(&maker);
}

/* The two numbers of an ECDSA signature may not be 0 (CVE-2022-21449), nor be left out. */
static void an_empty_signature_is_none(void **state)
{
    static const char *const headers[] = {"{\"alg\":\"HS256\"}", "{\"alg\":\"ES256\"}",
                                          "{\"alg\":\"EdDSA\"}"};
    static const char zeroes[128];
    static const size_t sizes[] = {0, 1, 31, 32, 63, 64, 65, 128};
    TokenMaker maker = token_maker();
    JwtKeys *keys = keys_of(&maker, true, true, true);

    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++)
        for (size_t k = 0; k < COUNT(sizes); k++) {
            char *token = token_by_hand(headers[i], CLAIMS, zeroes, sizes[k]);
            assert_row(fault_of(keys, token) == TOKEN_SIGNATURE, headers[i], "%zu", sizes[k]);
            free(token);
        }
    jwt_keys_destroy(&keys);
    token_maker_free(&maker);
}

static void what_was_changed_is_not_signed(void **state)
{
    TokenMaker maker = token_maker();
    JwtKeys *keys = keys_of(&maker, true, true, true);

    (void)state;
    for (TokenSigner signer = BY_SECRET; signer <= BY_ED25519; signer++) {
        char *token = token_of(&maker, signer, CLAIMS);
        size_t len = strlen(token), tries = 0;
        json_t *claims;
        for (size_t cut = 0; cut < len; cut++) { /* truncated */
            assert_int_not_equal(jwt_read(keys, token, cut, &claims), TOKEN_GOOD);
            assert_null(claims);
        }
        for (size_t i = 0; i + 1 < len; i++) { /* the last character has bits that do not count */
            char was = token[i];
            token[i] = was == 'A' ? 'B' : 'A';
            tries += fault_of(keys, token) != TOKEN_GOOD;
            token[i] = was;
        }
        assert_int_equal(tries, len - 1);
        assert_int_equal(fault_of(keys, token), TOKEN_GOOD);
        free(token);
    }
    jwt_keys_destroy(&keys);
    token_maker_free(&maker);
}

/* Signed well, with a header or claims that are not read here. */
static void what_is_signed_must_be_a_token(void **state)
{
    static const struct {
        const char *header, *claims;
    } rows[] = {
        {"{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", CLAIMS},
        {"{\"alg\":\"none\",\"alg\":\"HS256\"}", CLAIMS},
        {"{\"alg\":[\"HS256\"]}", CLAIMS},
        {"{}", CLAIMS},
        {"[]", CLAIMS},
        {"", CLAIMS},
        {"{\"alg\":\"HS256\"}", "[]"},
        {"{\"alg\":\"HS256\"}", ""},
        {"{\"alg\":\"HS256\"}", "{\"stream\":\"shop\",\"stream\":\"till\"}"},
        {"{\"alg\":\"HS256\"}", "{\"stream\":\"sh\\u0000op\"}"},
    };
    TokenMaker maker = token_maker();
    JwtKeys *keys = keys_of(&maker, true, true, true);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned len;
        char *draft = token_by_hand(rows[i].header, rows[i].claims, "", 0);
        HMAC(EVP_sha256(), TOKEN_SECRET, (int)strlen(TOKEN_SECRET), (unsigned char *)draft,
             strlen(draft) - 1, mac, &len);
        char *token = token_by_hand(rows[i].header, rows[i].claims, mac, len);
        assert_row(fault_of(keys, token) == TOKEN_MALFORMED, rows[i].header, "%s",
                   token_fault_name(fault_of(keys, token)));
        free(draft);
        free(token);
    }
    jwt_keys_destroy(&keys);
    token_maker_free(&maker);
}

static void a_megabyte_is_not_looked_at(void **state)
{
    const size_t len = 1 << 20;
    TokenMaker maker = token_maker();
    JwtKeys *keys = keys_of(&maker, true, true, true);
    char *text = malloc(len + 1);
    static const char fills[] = "A.\xff";

    (void)state;
    for (size_t i = 0; i < strlen(fills); i++) {
        memset(text, fills[i], len);
        text[len] = '\0';
        assert_int_equal(fault_of(keys, text), TOKEN_MALFORMED);
        text[JWT_SIZE_MAX] = '\0'; /* the longest that is */
        assert_int_equal(fault_of(keys, text), TOKEN_MALFORMED);
    }
    free(text);
    jwt_keys_destroy(&keys);
    token_maker_free(&maker);
}

static void a_key_id_names_one_key(void **state)
{
    JwtKeys *keys = keys_of_set(
        "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"old\",\"k\":"
        "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZ"
        "WY\"},{\"kty\":\"oct\",\"kid\":\"new\",\"k\":"
        "\"bmV3M3Y0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm"
        "ISE\"}]}");
    json_t *claims = json_loads(CLAIMS, 0, NULL);
    static const struct {
        const char *id;
        TokenFault fault;
    } rows[] = {
        {"old", TOKEN_GOOD}, {NULL, TOKEN_GOOD}, {"new", TOKEN_SIGNATURE}, {"other", TOKEN_NO_KEY}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *token = jwt_sign_secret(claims, rows[i].id, TOKEN_SECRET, strlen(TOKEN_SECRET));
        assert_row(fault_of(keys, token) == rows[i].fault, rows[i].id ? rows[i].id : "(none)", "%s",
                   token_fault_name(fault_of(keys, token)));
        free(token);
    }
    json_decref(claims);
    jwt_keys_destroy(&keys);
}

static void refuses_keys_with_a_sentence(void **state)
{
    static const struct {
        const char *set, *error;
    } rows[] = {
        {"", "is no JWK set"},
        {"{\"keys\":{}}", "is no JWK set"},
        {"{\"keys\":[]}", "has no key for"},
        {"{\"keys\":[{\"kty\":\"RSA\"}]}", "has no key for"},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\"}]}", "has no key for"},
        {"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\"}]}", "has no key for"},
        {"{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS512\"}]}", "has no key for"},
        {"{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}]}", "must have a secret of 32"},
        {"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}]}", "no point"},
        {"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"AA\"}]}", "a private key"},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9u"
         "PHvRVEU\",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}]}",
         "no point"},
    };
    char error[SETTINGS_ERROR_SIZE];
    bool has_secret;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        JwtKeys *keys = jwt_keys_create();
        assert_row(jwt_keys_add_set(keys, rows[i].set, &has_secret, error) < 0, rows[i].set,
                   "taken");
        assert_row(strstr(error, rows[i].error), rows[i].set, "%s", error);
        jwt_keys_destroy(&keys);
    }
}

static void takes_public_keys_in_pem_alone(void **state)
{
    static const char *const rows[] = {"", "not a key", "-----BEGIN PUBLIC KEY-----\n"};
    char error[SETTINGS_ERROR_SIZE];
    EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    JwtKeys *keys = jwt_keys_create();
    char *pem = pem_of(rsa);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(jwt_keys_add_pem(keys, rows[i], error) < 0, rows[i], "taken");
    assert_int_equal(jwt_keys_add_pem(keys, pem, error), -1);
    assert_non_null(strstr(error, "neither of P-256"));
    assert_int_equal(jwt_keys_count(keys), 0);
    free(pem);
    EVP_PKEY_free(rsa);
    jwt_keys_destroy(&keys);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(takes_the_examples_of_the_rfcs),
    cmocka_unit_test(takes_what_one_of_its_keys_has_signed),
    cmocka_unit_test(a_public_key_is_no_secret),
    cmocka_unit_test(no_other_algorithm_is_taken),
    cmocka_unit_test(an_empty_signature_is_none),
    cmocka_unit_test(what_was_changed_is_not_signed),
    cmocka_unit_test(what_is_signed_must_be_a_token),
    cmocka_unit_test(a_megabyte_is_not_looked_at),
    cmocka_unit_test(a_key_id_names_one_key),
    cmocka_unit_test(refuses_keys_with_a_sentence),
    cmocka_unit_test(takes_public_keys_in_pem_alone),
};

TEST_GROUP(jwt, tests);
