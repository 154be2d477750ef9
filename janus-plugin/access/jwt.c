/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/jwt.h"

#include <string.h>

#include "base64url.h"

/* The three parts of a token, encoded. */
typedef struct Parts {
    const char *header, *claims, *signature;
    size_t header_len, claims_len, signature_len;
} Parts;

const char *token_fault_name(TokenFault fault)
{
    static const char *const names[] = {
        [TOKEN_GOOD] = "good",           [TOKEN_MALFORMED] = "malformed", [TOKEN_NO_KEY] = "no-key",
        [TOKEN_SIGNATURE] = "signature", [TOKEN_EXPIRED] = "expired",     [TOKEN_EARLY] = "early",
        [TOKEN_ISSUER] = "issuer",       [TOKEN_STREAM] = "stream",       [TOKEN_RIGHTS] = "rights",
        [TOKEN_REVOKED] = "revoked"};

    return names[fault];
}

static bool split(const char *token, size_t len, Parts *parts)
{
    const char *end = token + len, *first = memchr(token, '.', len);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return false;
    *parts = (Parts){token,
                     first + 1,
                     second + 1,
                     (size_t)(first - token),
                     (size_t)(second - first - 1),
                     (size_t)(end - second - 1)};
    return true;
}

/* A part that is JSON: the object, which the caller owns, or NULL. */
static json_t *object_of(const char *text, size_t len)
{
    unsigned char bytes[JWT_SIZE_MAX];
    long n = base64url_decode(text, len, bytes, sizeof(bytes));
    json_t *object =
        n < 0 ? NULL : json_loadb((const char *)bytes, (size_t)n, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* Checks the signature by what the header says, which nobody has vouched for as yet. */
static TokenFault check(const JwtKeys *keys, const json_t *header, const char *token,
                        const Parts *parts)
{
    const char *algorithm = json_string_value(json_object_get(header, "alg"));
    const char *key_id = json_string_value(json_object_get(header, "kid"));
    unsigned char signature[JWT_SIZE_MAX];
    long n = base64url_decode(parts->signature, parts->signature_len, signature, sizeof(signature));

    if (!algorithm || n < 0 || json_object_get(header, "crit"))
        return TOKEN_MALFORMED;
    switch (jwt_keys_match(keys, algorithm, key_id, token,
                           parts->header_len + 1 + parts->claims_len, signature, (size_t)n)) {
    case JWT_SIGNED:
        return TOKEN_GOOD;
    case JWT_NO_KEY:
        return TOKEN_NO_KEY;
    case JWT_NOT_SIGNED:
        break;
    }
    return TOKEN_SIGNATURE;
}

TokenFault jwt_read(const JwtKeys *keys, const char *token, size_t len, json_t **claims)
{
    Parts parts;

    *claims = NULL;
    if (len > JWT_SIZE_MAX || !split(token, len, &parts))
        return TOKEN_MALFORMED;
    json_t *header = object_of(parts.header, parts.header_len);
    TokenFault fault = header ? check(keys, header, token, &parts) : TOKEN_MALFORMED;
    json_decref(header);
    if (fault != TOKEN_GOOD)
        return fault;
    *claims = object_of(parts.claims, parts.claims_len);
    return *claims ? TOKEN_GOOD : TOKEN_MALFORMED;
}
