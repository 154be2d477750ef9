/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/publish_tokens.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "access/publish_claims.h"
#include "secret_file.h"
#include "settings_reader.h"

#define KEY_FILE_MAX 65536 /* bytes */

struct PublishTokens {
    atomic_int references;
    JwtKeys *keys;
    char *issuer, *audience;
    int64_t leeway_s;
    bool ends_at_expiry;
};

/* Puts the setting and its file before what is wrong. Returns -1. */
static int complain(char *error, const char *setting, const char *file, const char *what)
{
    snprintf(error, SETTINGS_ERROR_SIZE, "tokens.%s: %.200s %.*s", setting, file,
             SETTINGS_ERROR_SIZE - 240, what);
    return -1;
}

static int add_secret(JwtKeys *keys, const char *file, char *error)
{
    char text[1024], what[SETTINGS_ERROR_SIZE];
    int len = secret_file_read(file, "secret", text, sizeof(text), what);

    if (len < 0) {
        snprintf(error, SETTINGS_ERROR_SIZE, "tokens.secret_file: %.*s", SETTINGS_ERROR_SIZE - 32,
                 what);
        return -1;
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    int status = jwt_keys_add_secret(keys, text, (size_t)len, what);
    OPENSSL_cleanse(text, sizeof(text));
    return status < 0 ? complain(error, "secret_file", file, what) : 0;
}

/* The text of a file, which the caller frees; NULL with a sentence. */
static char *read_file(const char *setting, const char *file, char *error)
{
    GError *wrong = NULL;
    char *text = NULL;
    gsize len;

    if (!g_file_get_contents(file, &text, &len, &wrong)) {
        snprintf(error, SETTINGS_ERROR_SIZE, "tokens.%s: %s", setting, wrong->message);
        g_error_free(wrong);
        return NULL;
    }
    if (len <= KEY_FILE_MAX)
        return text;
    complain(error, setting, file, "is longer than 64 KiB");
    g_free(text);
    return NULL;
}

static int add_pem(JwtKeys *keys, const char *file, char *error)
{
    char what[SETTINGS_ERROR_SIZE];
    char *text = read_file("public_key_file", file, error);

    if (!text)
        return -1;
    int status = jwt_keys_add_pem(keys, text, what);
    g_free(text);
    return status < 0 ? complain(error, "public_key_file", file, what) : 0;
}

static int add_set(JwtKeys *keys, const char *file, char *error)
{
    char what[SETTINGS_ERROR_SIZE], first[2];
    char *text = read_file("jwks_file", file, error);
    bool has_secret;

    if (!text)
        return -1;
    int status = jwt_keys_add_set(keys, text, &has_secret, what);
    OPENSSL_cleanse(text, strlen(text));
    g_free(text);
    if (status < 0)
        return complain(error, "jwks_file", file, what);
    if (!has_secret || secret_file_read(file, "secret", first, sizeof(first), what) >= 0)
        return 0;
    snprintf(error, SETTINGS_ERROR_SIZE, "tokens.jwks_file: %.*s", SETTINGS_ERROR_SIZE - 32, what);
    return -1;
}

PublishTokens *publish_tokens_create(const PublishTokensParams *params, char *error)
{
    PublishTokens *self = g_new0(PublishTokens, 1);

    *self = (PublishTokens){
        .keys = jwt_keys_create(),
        .issuer = g_strdup(params->issuer),
        .audience = g_strdup(params->audience),
        .leeway_s = params->leeway_s,
        .ends_at_expiry = params->ends_at_expiry,
    };
    atomic_init(&self->references, 1);
    if ((!params->secret_file[0] || add_secret(self->keys, params->secret_file, error) == 0) &&
        (!params->public_key_file[0] || add_pem(self->keys, params->public_key_file, error) == 0) &&
        (!params->jwks_file[0] || add_set(self->keys, params->jwks_file, error) == 0))
        return self;
    publish_tokens_unref(self);
    return NULL;
}

PublishTokens *publish_tokens_ref(PublishTokens *self)
{
    atomic_fetch_add(&self->references, 1);
    return self;
}

void publish_tokens_unref(PublishTokens *self)
{
    if (!self || atomic_fetch_sub(&self->references, 1) != 1)
        return;
    jwt_keys_destroy(&self->keys);
    g_free(self->issuer);
    g_free(self->audience);
    g_free(self);
}

TokenFault publish_tokens_judge(const PublishTokens *self, const char *token, const char *stream,
                                PermitRight right, Access access, int64_t now_s, Permit *permit)
{
    const ClaimRules rules = {
        .issuer = self->issuer,
        .audience = self->audience,
        .leeway_s = self->leeway_s,
        .ends_at_expiry = self->ends_at_expiry,
        .access = access,
    };
    json_t *claims;
    TokenFault fault = jwt_read(self->keys, token, strlen(token), &claims);

    if (fault == TOKEN_GOOD)
        fault = publish_claims_read(claims, &rules, stream, right, now_s, permit);
    json_decref(claims);
    if (fault == TOKEN_GOOD)
        permit_set_proof(permit, token);
    return fault;
}
