/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JWT_SIGN_H
#define JWT_SIGN_H

/* Makes JSON Web Tokens, for the command janus-hls-token and for tests. The plugin makes none.
 *
 * Thread-safety: none needed, there is no state. */

#include <jansson.h>
#include <openssl/evp.h>
#include <stddef.h>

/* Each signs `claims`, and returns the token, which the caller frees; NULL: it cannot be signed.
 * `key_id` names the key in the header; NULL: nothing does.
 * secret: HS256. private: ES256 with a key of P-256, EdDSA with one of Ed25519. */
char *jwt_sign_secret(const json_t *claims, const char *key_id, const void *secret, size_t len);
char *jwt_sign_private(const json_t *claims, const char *key_id, EVP_PKEY *private);

#endif
