/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/key_proof.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "secret_file.h"
#include "settings_reader.h"
#include "webhook_sign.h"

/* Reads "Name: value" from its file. Returns false with a sentence. */
static bool read_header(const char *file, char header[KEY_PROOF_FIELD_SIZE], char *why)
{
    char error[SETTINGS_ERROR_SIZE];
    int len = secret_file_read(file, "header", header, KEY_PROOF_FIELD_SIZE, error);

    while (len > 0 && (header[len - 1] == '\n' || header[len - 1] == '\r'))
        header[--len] = '\0';
    bool good = len > 0 && len < KEY_PROOF_FIELD_SIZE - 2 && *header != ':' && strchr(header, ':');
    for (int i = 0; i < len; i++)
        good = good && header[i] >= ' ' && header[i] <= '~';
    if (!good && len >= 0)
        secret_file_complain(error, file, "it must be one line \"Name: value\"");
    if (!good)
        snprintf(why, KEY_PROOF_WHY_SIZE, "%.*s", KEY_PROOF_WHY_SIZE - 1, error);
    return good;
}

/* Adds the fields of a signature. Returns false with a sentence. */
static bool sign(const char *file, const char *id, int64_t now_s, const char *text, size_t len,
                 KeyProof *out, char *why)
{
    char error[SETTINGS_ERROR_SIZE];
    WebhookFields fields;
    WebhookSecrets secrets;

    if (webhook_secrets_read(file, &secrets, error) < 0) {
        snprintf(why, KEY_PROOF_WHY_SIZE, "%.*s", KEY_PROOF_WHY_SIZE - 1, error);
        return false;
    }
    bool good = webhook_sign_fields(&secrets, id, now_s, text, len, &fields) == 0;
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    if (!good) {
        snprintf(why, KEY_PROOF_WHY_SIZE, "the request cannot be signed");
        return false;
    }
    for (size_t i = 0; i < WEBHOOK_FIELDS; i++)
        snprintf(out->field[out->count++], KEY_PROOF_FIELD_SIZE, "%s", fields.field[i]);
    return true;
}

bool key_proof_make(const char *header_file, const char *secret_file, const uint8_t id[UUID_BYTES],
                    int64_t now_s, const char *text, size_t len, KeyProof *out, char *why)
{
    char id_text[UUID_TEXT_SIZE];

    out->count = 0;
    uuid_text_write(id, id_text);
    if (*header_file && !read_header(header_file, out->field[out->count++], why))
        return false;
    return !*secret_file || sign(secret_file, id_text, now_s, text, len, out, why);
}
