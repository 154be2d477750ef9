/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/jwt_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "settings_reader.h"

#define SECRET_MAX 512 /* bytes */
#define COORDINATE 32  /* bytes of one, of P-256; and of an Ed25519 key */
#define ES256_SIZE (2 * (size_t)COORDINATE)

typedef enum KeyKind { KIND_SECRET, KIND_EC, KIND_ED25519 } KeyKind;

static const char *const algorithms[] = {
    [KIND_SECRET] = "HS256", [KIND_EC] = "ES256", [KIND_ED25519] = "EdDSA"};

typedef struct JwtKey {
    KeyKind kind;
    EVP_PKEY *pkey; /* a public key, owned; NULL of a secret */
    unsigned char secret[SECRET_MAX];
    size_t secret_len;
    char id[JWT_KEY_ID_MAX + 1]; /* "": none */
} JwtKey;

struct JwtKeys {
    JwtKey key[JWT_KEYS_MAX];
    size_t count;
};

JwtKeys *jwt_keys_create(void)
{
    return calloc(1, sizeof(JwtKeys));
}

void jwt_keys_destroy(JwtKeys **keys)
{
    if (!*keys)
        return;
    for (size_t i = 0; i < (*keys)->count; i++)
        EVP_PKEY_free((*keys)->key[i].pkey);
    OPENSSL_cleanse(*keys, sizeof(**keys));
    free(*keys);
    *keys = NULL;
}

size_t jwt_keys_count(const JwtKeys *keys)
{
    return keys->count;
}

static int complain(char *error, const char *what)
{
    snprintf(error, SETTINGS_ERROR_SIZE, "%s", what);
    return -1;
}

/* Room for one more key. */
static JwtKey *next_key(JwtKeys *keys, char *error)
{
    if (keys->count < JWT_KEYS_MAX)
        return &keys->key[keys->count];
    complain(error, "makes more than 16 keys: leave out those that are no longer used");
    return NULL;
}

int jwt_keys_add_secret(JwtKeys *keys, const char *secret, size_t len, char *error)
{
    JwtKey *key = next_key(keys, error);

    if (!key)
        return -1;
    if (len < JWT_SECRET_MIN || len > SECRET_MAX)
        return complain(error,
                        "must have a secret of 32 to 512 bytes: openssl rand -hex 32 makes "
                        "one");
    *key = (JwtKey){.kind = KIND_SECRET, .secret_len = len};
    memcpy(key->secret, secret, len);
    keys->count++;
    return 0;
}

/* The kind of a public key. Returns false if it is none that is taken here. */
static bool kind_of(const EVP_PKEY *pkey, KeyKind *kind)
{
    char group[32];
    size_t len;

    *kind = KIND_ED25519;
    if (EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519)
        return true;
    *kind = KIND_EC;
    return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

/* Takes over `pkey`. */
static int add_public(JwtKeys *keys, EVP_PKEY *pkey, const char *id, char *error)
{
    JwtKey *key = next_key(keys, error);
    KeyKind kind;

    if (key && kind_of(pkey, &kind)) {
        *key = (JwtKey){.kind = kind, .pkey = pkey};
        snprintf(key->id, sizeof(key->id), "%s", id);
        keys->count++;
        return 0;
    }
    EVP_PKEY_free(pkey);
    return key ? complain(error, "has a key that is neither of P-256 (ES256) nor Ed25519 (EdDSA)")
               : -1;
}

int jwt_keys_add_pem(JwtKeys *keys, const char *text, char *error)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *pkey;
    size_t before = keys->count;
    int status = 0;

    while (status == 0 && (pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL)))
        status = add_public(keys, pkey, "", error);
    BIO_free(bio);
    if (status == 0 && keys->count == before)
        status = complain(error,
                          "has no public key in it (\"-----BEGIN PUBLIC KEY-----\"): "
                          "openssl pkey -pubout makes one of a private key");
    return status;
}

/* ---- JWK sets ---- */

/* Decodes a member of a key. Returns its length, or -1. */
static long member_of(const json_t *jwk, const char *name, unsigned char *out, size_t size)
{
    const json_t *value = json_object_get(jwk, name);

    return json_is_string(value)
               ? base64url_decode(json_string_value(value), json_string_length(value), out, size)
               : -1;
}

static bool says(const json_t *jwk, const char *name, const char *value)
{
    const char *is = json_string_value(json_object_get(jwk, name));

    return is && strcmp(is, value) == 0;
}

/* Whether a key may be used for signatures of this algorithm: RFC 7517 sections 4.2 and 4.4. */
static bool is_for(const json_t *jwk, KeyKind kind)
{
    return (!json_object_get(jwk, "use") || says(jwk, "use", "sig")) &&
           (!json_object_get(jwk, "alg") || says(jwk, "alg", algorithms[kind]));
}

static EVP_PKEY *read_ec(const json_t *jwk)
{
    unsigned char point[1 + ES256_SIZE] = {POINT_CONVERSION_UNCOMPRESSED};
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *context = NULL;
    EVP_PKEY *pkey = NULL;

    if (member_of(jwk, "x", point + 1, COORDINATE) != COORDINATE ||
        member_of(jwk, "y", point + 1 + COORDINATE, COORDINATE) != COORDINATE)
        return NULL;
    context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    return pkey;
}

static EVP_PKEY *read_ed25519(const json_t *jwk)
{
    unsigned char x[COORDINATE];

    return member_of(jwk, "x", x, sizeof(x)) == COORDINATE
               ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof(x))
               : NULL;
}

/* Adds one key, or leaves it out. */
static int add_jwk(JwtKeys *keys, const json_t *jwk, bool *has_secret, char *error)
{
    const char *id = json_string_value(json_object_get(jwk, "kid"));
    unsigned char secret[SECRET_MAX];
    EVP_PKEY *pkey = NULL;

    id = id ? id : "";
    if (strlen(id) > JWT_KEY_ID_MAX)
        return complain(error, "has a kid of more than 128 bytes");
    if (says(jwk, "kty", "oct") && is_for(jwk, KIND_SECRET)) {
        long len = member_of(jwk, "k", secret, sizeof(secret));
        int status =
            jwt_keys_add_secret(keys, (const char *)secret, len < 0 ? 0 : (size_t)len, error);
        OPENSSL_cleanse(secret, sizeof(secret));
        if (status == 0)
            snprintf(keys->key[keys->count - 1].id, JWT_KEY_ID_MAX + 1, "%s", id);
        *has_secret = true;
        return status;
    }
    if (json_object_get(jwk, "d"))
        return complain(error, "has a private key in it (\"d\"): put only the public part here");
    if (says(jwk, "kty", "EC") && says(jwk, "crv", "P-256") && is_for(jwk, KIND_EC))
        pkey = read_ec(jwk);
    else if (says(jwk, "kty", "OKP") && says(jwk, "crv", "Ed25519") && is_for(jwk, KIND_ED25519))
        pkey = read_ed25519(jwk);
    else
        return 0;
    return pkey ? add_public(keys, pkey, id, error)
                : complain(error, "has a key whose \"x\" or \"y\" is no point of its curve");
}

int jwt_keys_add_set(JwtKeys *keys, const char *text, bool *has_secret, char *error)
{
    json_t *set = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *jwk;
    const json_t *list = json_object_get(set, "keys");
    size_t before = keys->count, i;
    int status = 0;

    *has_secret = false;
    if (!json_is_array(list))
        status = complain(error, "is no JWK set: {\"keys\": […]} is one");
    json_array_foreach(list, i, jwk)
    {
        if (status == 0)
            status = add_jwk(keys, jwk, has_secret, error);
    }
    if (status == 0 && keys->count == before)
        status = complain(error, "has no key for HS256, ES256 or EdDSA in it");
    json_decref(set);
    return status;
}

/* ---- signatures ---- */

static bool is_mac(const JwtKey *key, const char *text, size_t len, const unsigned char *signature,
                   size_t signature_len)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;

    return HMAC(EVP_sha256(), key->secret, (int)key->secret_len, (const unsigned char *)text, len,
                mac, &mac_len) &&
           signature_len == mac_len && CRYPTO_memcmp(mac, signature, mac_len) == 0;
}

/* The two numbers of an ES256 signature (RFC 7518 section 3.4) as OpenSSL has them, in DER. Returns
 * the length, or 0; the caller frees `der`. */
static size_t der_of(const unsigned char *signature, size_t len, unsigned char **der)
{
    ECDSA_SIG *pair = len == ES256_SIZE ? ECDSA_SIG_new() : NULL;
    BIGNUM *r = pair ? BN_bin2bn(signature, COORDINATE, NULL) : NULL;
    BIGNUM *s = pair ? BN_bin2bn(signature + COORDINATE, COORDINATE, NULL) : NULL;
    int der_len = 0;

    *der = NULL;
    if (r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair has them */
        der_len = i2d_ECDSA_SIG(pair, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return der_len > 0 ? (size_t)der_len : 0;
}

static bool is_public_signature(const JwtKey *key, const char *text, size_t len,
                                const unsigned char *signature, size_t signature_len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = key->kind == KIND_EC ? EVP_sha256() : NULL; /* Ed25519 has its own */
    unsigned char *der = NULL;

    if (key->kind == KIND_EC) {
        signature_len = der_of(signature, signature_len, &der);
        signature = der;
    }
    bool good =
        context && signature && signature_len > 0 &&
        EVP_DigestVerifyInit(context, NULL, digest, NULL, key->pkey) == 1 &&
        EVP_DigestVerify(context, signature, signature_len, (const unsigned char *)text, len) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    return good;
}

JwtMatch jwt_keys_match(const JwtKeys *keys, const char *algorithm, const char *key_id,
                        const char *text, size_t len, const unsigned char *signature,
                        size_t signature_len)
{
    JwtMatch match = JWT_NO_KEY;

    for (size_t i = 0; i < keys->count; i++) {
        const JwtKey *key = &keys->key[i];
        if (strcmp(algorithms[key->kind], algorithm) != 0 ||
            (key_id && key->id[0] && strcmp(key->id, key_id) != 0))
            continue;
        if (key->kind == KIND_SECRET
                ? is_mac(key, text, len, signature, signature_len)
                : is_public_signature(key, text, len, signature, signature_len))
            return JWT_SIGNED;
        match = JWT_NOT_SIGNED;
    }
    return match;
}
