/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISH_TOKENS_H
#define PUBLISH_TOKENS_H

/* Publish tokens as the settings have them: whose signatures are good, and what is asked besides.
 *
 * Ownership: counted, so that a token can be checked while the settings are read again.
 * Thread-safety: any thread; read-only once it is created. */

#include "access/jwt.h"
#include "access/permit.h"

typedef struct PublishTokens PublishTokens;

/* All strings are copied; "": none. */
typedef struct PublishTokensParams {
    const char *secret_file;     /* with a secret for HS256 */
    const char *public_key_file; /* PEM, for ES256 and EdDSA */
    const char *jwks_file;       /* a JWK set */
    const char *issuer, *audience;
    int64_t leeway_s;
    bool ends_at_expiry;
} PublishTokensParams;

/* Reads the keys. Returns NULL with a sentence in `error` (SETTINGS_ERROR_SIZE bytes), which names
 * the setting. Without any file it is one that takes no token. */
PublishTokens *publish_tokens_create(const PublishTokensParams *params, char *error);
PublishTokens *publish_tokens_ref(PublishTokens *self);
void publish_tokens_unref(PublishTokens *self); /* accepts NULL */

/* Whether `token` gives `right` for `stream` at `now_s` (seconds since 1970). TOKEN_GOOD: `permit`
 * is filled; its access is `access` if the token does not say. Revocations are not asked. */
TokenFault publish_tokens_judge(const PublishTokens *self, const char *token, const char *stream,
                                PermitRight right, Access access, int64_t now_s, Permit *permit);

#endif
