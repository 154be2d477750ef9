/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/jwt_sign.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"

#define SIGNATURE_MAX 128 /* bytes of any of these */
#define COORDINATE    32  /* bytes */

/* Header and claims, encoded, with room behind them for a signature. Returns the length, 0: no
 * memory. */
static size_t begin(const json_t *claims, const char *algorithm, const char *key_id, char **token)
{
    json_t *header = json_pack("{s:s, s:s, s:s*}", "alg", algorithm, "typ", "JWT", "kid", key_id);
    char *head = json_dumps(header, JSON_COMPACT), *body = json_dumps(claims, JSON_COMPACT);
    size_t len = 0;

    json_decref(header);
    *token = head && body ? malloc(BASE64URL_SIZE(strlen(head)) + BASE64URL_SIZE(strlen(body)) +
                                   BASE64URL_SIZE(SIGNATURE_MAX))
                          : NULL;
    if (*token) {
        len = base64url_encode((unsigned char *)head, strlen(head), *token);
        (*token)[len++] = '.';
        len += base64url_encode((unsigned char *)body, strlen(body), *token + len);
    }
    free(head);
    free(body);
    return len;
}

static char *end(char *token, size_t len, const unsigned char *signature, size_t signature_len)
{
    if (signature_len == 0) {
        free(token);
        return NULL;
    }
    token[len] = '.';
    base64url_encode(signature, signature_len, token + len + 1);
    return token;
}

char *jwt_sign_secret(const json_t *claims, const char *key_id, const void *secret, size_t len)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    char *token;
    size_t signed_len = begin(claims, "HS256", key_id, &token);

    if (signed_len == 0 ||
        !HMAC(EVP_sha256(), secret, (int)len, (unsigned char *)token, signed_len, mac, &mac_len))
        mac_len = 0;
    return end(token, signed_len, mac, mac_len);
}

/* Two numbers of a fixed length in place of DER. Returns the length, or 0. */
static size_t raw_of(unsigned char *signature, size_t len)
{
    const unsigned char *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    unsigned char raw[2 * COORDINATE];
    int good = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, COORDINATE) == COORDINATE &&
               BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + COORDINATE, COORDINATE) == COORDINATE;

    ECDSA_SIG_free(pair);
    memcpy(signature, raw, good ? sizeof(raw) : 0);
    return good ? sizeof(raw) : 0;
}

char *jwt_sign_private(const json_t *claims, const char *key_id, EVP_PKEY *private)
{
    int is_ec = EVP_PKEY_get_base_id(private) == EVP_PKEY_EC;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[SIGNATURE_MAX];
    size_t signature_len = sizeof(signature);
    char *token;
    size_t len = begin(claims, is_ec ? "ES256" : "EdDSA", key_id, &token);

    if (!context || len == 0 ||
        EVP_DigestSignInit(context, NULL, is_ec ? EVP_sha256() : NULL, NULL, private) != 1 ||
        EVP_DigestSign(context, signature, &signature_len, (unsigned char *)token, len) != 1)
        signature_len = 0;
    else if (is_ec)
        signature_len = raw_of(signature, signature_len);
    EVP_MD_CTX_free(context);
    return end(token, len, signature, signature_len);
}
