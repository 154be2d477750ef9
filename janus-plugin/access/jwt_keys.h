/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JWT_KEYS_H
#define JWT_KEYS_H

/* The keys that signatures of tokens are checked with: secrets for HS256 (RFC 7518), public keys
 * for ES256 and for EdDSA with Ed25519 (RFC 8037), from PEM and from JWK sets (RFC 7517).
 *
 * A key is good for one algorithm, which it has from its kind. A token cannot choose another: that
 * is what keeps a public key from being taken for a secret.
 *
 * OpenSSL does the cryptography. Thread-safety: read-only once it is filled. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define JWT_KEYS_MAX   16 /* so many signatures may a token cost */
#define JWT_SECRET_MIN 32 /* bytes: as long as the digest, RFC 7518 section 3.2 */
#define JWT_KEY_ID_MAX 128

typedef struct JwtKeys JwtKeys;

JwtKeys *jwt_keys_create(void);

/* Accepts NULL, leaves NULL. Wipes the secrets. */
void jwt_keys_destroy(JwtKeys **keys);

/* Each adds keys, and returns 0, or -1 with a sentence without a subject in `error`
 * (SETTINGS_ERROR_SIZE bytes): "has no public key in it".
 * secret: of `len` bytes, for HS256.
 * pem: all public keys of a text that ends with a zero.
 * set: the keys of a JWK set that can be used here; others are left out. `has_secret` takes whether
 * there is a secret among them. */
int jwt_keys_add_secret(JwtKeys *keys, const char *secret, size_t len, char *error);
int jwt_keys_add_pem(JwtKeys *keys, const char *text, char *error);
int jwt_keys_add_set(JwtKeys *keys, const char *text, bool *has_secret, char *error);

size_t jwt_keys_count(const JwtKeys *keys);

/* What was found of a signature. */
typedef enum JwtMatch {
    JWT_SIGNED,
    JWT_NO_KEY,    /* there is no key of this algorithm, with this ID */
    JWT_NOT_SIGNED /* by none of those that there are */
} JwtMatch;

/* Whether `signature` is one of `text` by a key for `algorithm`, as "ES256"; by the one with this
 * `key_id`, if neither is NULL. Secrets are compared in a time that does not tell of them. */
JwtMatch jwt_keys_match(const JwtKeys *keys, const char *algorithm, const char *key_id,
                        const char *text, size_t len, const unsigned char *signature,
                        size_t signature_len);

#endif
