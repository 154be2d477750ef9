/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_TOKEN_MAKER_H
#define TEST_TOKEN_MAKER_H

/* Tokens for tests: signed by one of these keys, or by none. */

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include "common/base64url.h"
#include "janus-plugin/access/jwt_sign.h"

#define TOKEN_SECRET "0123456789abcdef0123456789abcdef"

typedef enum TokenSigner { BY_SECRET, BY_EC, BY_ED25519 } TokenSigner;

/* Keys that are made for each run. */
typedef struct TokenMaker {
    EVP_PKEY *ec, *ed25519;
} TokenMaker;

static inline TokenMaker token_maker(void)
{
    TokenMaker maker = {EVP_EC_gen("P-256"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

    assert_non_null(maker.ec);
    assert_non_null(maker.ed25519);
    return maker;
}

static inline void token_maker_free(TokenMaker *maker)
{
    EVP_PKEY_free(maker->ec);
    EVP_PKEY_free(maker->ed25519);
}

/* A token with these claims, JSON. The caller frees it. */
static inline char *token_of(const TokenMaker *maker, TokenSigner signer, const char *claims)
{
    json_t *object = json_loads(claims, 0, NULL);
    char *token;

    assert_non_null(object);
    if (signer == BY_SECRET)
        token = jwt_sign_secret(object, NULL, TOKEN_SECRET, strlen(TOKEN_SECRET));
    else
        token = jwt_sign_private(object, NULL, signer == BY_EC ? maker->ec : maker->ed25519);
    json_decref(object);
    assert_non_null(token);
    return token;
}

/* A token with this header and these claims, and a signature of these bytes. */
static inline char *token_by_hand(const char *header, const char *claims, const void *signature,
                                  size_t len)
{
    char *token = malloc(BASE64URL_SIZE(strlen(header)) + BASE64URL_SIZE(strlen(claims)) +
                         BASE64URL_SIZE(len));
    size_t n = base64url_encode((const unsigned char *)header, strlen(header), token);

    token[n++] = '.';
    n += base64url_encode((const unsigned char *)claims, strlen(claims), token + n);
    token[n++] = '.';
    base64url_encode(signature, len, token + n);
    return token;
}

#endif
