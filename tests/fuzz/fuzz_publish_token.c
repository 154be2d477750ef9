/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "common/base64url.h"
#include "janus-plugin/access/jwt_sign.h"
#include "janus-plugin/access/publish_claims.h"
#include "settings_reader.h"

/* What a publisher shows (a token of any bytes), what an operator's program signs (any claims), and
 * what an operator puts into a JWK set. The first byte says which it is. */

#define SECRET "0123456789abcdef0123456789abcdef"
#define NOW    1700000000

static const char set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
    "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVE"
    "U\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},{\"kty\":\"OKP\",\"crv\":"
    "\"Ed25519\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static const JwtKeys *keys_here(void)
{
    static JwtKeys *keys;
    char error[SETTINGS_ERROR_SIZE];
    bool has_secret;

    if (!keys) {
        keys = jwt_keys_create();
        REQUIRE(jwt_keys_add_set(keys, set, &has_secret, error) == 0 && !has_secret);
        REQUIRE(jwt_keys_add_secret(keys, SECRET, strlen(SECRET), error) == 0);
    }
    return keys;
}

static void check_claims(const json_t *claims)
{
    const ClaimRules rules = {.issuer = "", .audience = "", .leeway_s = 30, .ends_at_expiry = true};
    Permit permit;

    if (publish_claims_read(claims, &rules, "shop", PERMIT_PUBLISH, NOW, &permit) != TOKEN_GOOD)
        return;
    REQUIRE(strcmp(permit.name, "shop") == 0);
    REQUIRE(permit.rights & PERMIT_PUBLISH);
    REQUIRE(permit.end > NOW);
    REQUIRE(permit.bitrate == 0 ||
            (permit.bitrate >= REQUEST_BITRATE_MIN && permit.bitrate <= REQUEST_BITRATE_MAX));
    REQUIRE(permit.codecs.count <= CODECS_MAX);
    REQUIRE(permit.access <= ACCESS_PROTECTED);
    REQUIRE(strlen(permit.title) <= REQUEST_TITLE_MAX && strlen(permit.id) <= REQUEST_ID_MAX);
}

/* Nobody has signed it but by chance. */
static void try_token(const char *token, size_t len)
{
    json_t *claims;
    TokenFault fault = jwt_read(keys_here(), token, len, &claims);

    REQUIRE((fault == TOKEN_GOOD) == (claims != NULL));
    json_decref(claims);
}

static void try_claims(const char *text, size_t len)
{
    json_t *claims = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *again;

    if (!json_is_object(claims)) {
        json_decref(claims);
        return;
    }
    check_claims(claims);
    char *token = jwt_sign_secret(claims, NULL, SECRET, strlen(SECRET));
    REQUIRE(token);
    TokenFault fault = jwt_read(keys_here(), token, strlen(token), &again);
    REQUIRE(strlen(token) > JWT_SIZE_MAX ? fault == TOKEN_MALFORMED
                                         : fault == TOKEN_GOOD && json_equal(claims, again));
    json_decref(again);
    json_decref(claims);
    free(token);
}

static void try_set(const char *text, size_t len)
{
    JwtKeys *keys = jwt_keys_create();
    char error[SETTINGS_ERROR_SIZE] = "", *copy = strndup(text, len);
    bool has_secret;

    if (jwt_keys_add_set(keys, copy, &has_secret, error) == 0)
        REQUIRE(jwt_keys_count(keys) > 0 && jwt_keys_count(keys) <= JWT_KEYS_MAX);
    else
        REQUIRE(error[0]);
    free(copy);
    jwt_keys_destroy(&keys);
}

static int try_input(const uint8_t *data, size_t size)
{
    static void (*const tries[])(const char *, size_t) = {try_token, try_claims, try_set};

    if (size > 0)
        tries[data[0] % 3]((const char *)data + 1, size - 1);
    return 0;
}

FUZZ_TARGET(publish_token, try_input);
