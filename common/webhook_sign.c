/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "webhook_sign.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hex_text.h"
#include "secret_file.h"

#define PREFIX    "whsec_"
#define ID_PREFIX "msg_"
#define ID_BYTES  16

#define BASE64_MAX ((WEBHOOK_SECRET_MAX + 2) / 3 * 4)
#define FILE_SIZE  (WEBHOOK_SECRETS_MAX * (sizeof(PREFIX) + BASE64_MAX + 2) + 2)

static int decode(const char *text, size_t len, WebhookSecret *out)
{
    unsigned char bytes[BASE64_MAX]; /* of which the padding makes up to two that are none */
    size_t padding = 0;

    if (len == 0 || len > BASE64_MAX || len % 4 != 0)
        return -1;
    while (padding < 2 && text[len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < len - padding; i++) /* EVP_DecodeBlock() skips spaces */
        if (!memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", text[i],
                    64))
            return -1;
    int n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);
    if (n < 0 || (size_t)n - padding < WEBHOOK_SECRET_MIN ||
        (size_t)n - padding > sizeof(out->bytes))
        return -1;
    out->len = (size_t)n - padding;
    memcpy(out->bytes, bytes, out->len);
    return 0;
}

int webhook_secret_parse(const char *text, size_t len, WebhookSecret *out)
{
    size_t prefix = strlen(PREFIX);

    if (len >= prefix && memcmp(text, PREFIX, prefix) == 0)
        return decode(text + prefix, len - prefix, out);
    if (len < WEBHOOK_SECRET_MIN || len > WEBHOOK_SECRET_MAX)
        return -1;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return -1;
    memcpy(out->bytes, text, len);
    out->len = len;
    return 0;
}

int webhook_secrets_read(const char *file, WebhookSecrets *out, char *error)
{
    char text[FILE_SIZE];
    int len = secret_file_read(file, "webhook secret", text, sizeof(text), error);

    if (len < 0)
        return -1;
    *out = (WebhookSecrets){0};
    bool good = (size_t)len < sizeof(text) - 1 && strlen(text) == (size_t)len;
    for (const char *line = text; good && *line;) {
        size_t size = strcspn(line, "\r\n");
        good = out->count < WEBHOOK_SECRETS_MAX &&
               webhook_secret_parse(line, size, &out->secret[out->count]) == 0;
        out->count += good;
        line += size;
        line += strspn(line, "\r\n");
    }
    if (good && out->count > 0)
        return 0;
    return secret_file_complain(error, file,
                                "it must hold one or two webhook secrets, a line for each: "
                                "\"whsec_\" and base64, or 16 to 256 visible characters, as of "
                                "\"openssl rand -hex 32\"");
}

int webhook_new_id(char id[WEBHOOK_ID_SIZE])
{
    unsigned char bytes[ID_BYTES];
    size_t at = strlen(ID_PREFIX);

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return -1;
    memcpy(id, ID_PREFIX, at);
    hex_write(id + at, bytes, sizeof(bytes));
    return 0;
}

int webhook_sign(const WebhookSecrets *secrets, const char *id, int64_t timestamp_s,
                 const char *body, size_t len, char signature[WEBHOOK_SIGNATURE_SIZE])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len;
    char *text = NULL;
    int head = asprintf(&text, "%s.%" PRId64 ".", id, timestamp_s);
    char *whole = head < 0 ? NULL : realloc(text, (size_t)head + len + 1);
    size_t at = 0;
    bool good = whole && secrets->count > 0;

    if (!whole) {
        free(head < 0 ? NULL : text);
        return -1;
    }
    memcpy(whole + head, body, len);
    for (size_t i = 0; good && i < secrets->count; i++) {
        const WebhookSecret *secret = &secrets->secret[i];
        good = HMAC(EVP_sha256(), secret->bytes, (int)secret->len, (unsigned char *)whole,
                    (size_t)head + len, mac, &mac_len);
        at += (size_t)snprintf(signature + at, WEBHOOK_SIGNATURE_SIZE - at, "%sv1,", i ? " " : "");
        if (good)
            at += (size_t)EVP_EncodeBlock((unsigned char *)signature + at, mac, (int)mac_len);
    }
    free(whole);
    return good ? 0 : -1;
}

int webhook_sign_fields(const WebhookSecrets *secrets, const char *id, int64_t timestamp_s,
                        const char *body, size_t len, WebhookFields *out)
{
    char signature[WEBHOOK_SIGNATURE_SIZE];

    if (webhook_sign(secrets, id, timestamp_s, body, len, signature) < 0)
        return -1;
    snprintf(out->field[0], WEBHOOK_FIELD_SIZE, "webhook-id: %s", id);
    snprintf(out->field[1], WEBHOOK_FIELD_SIZE, "webhook-timestamp: %" PRId64, timestamp_s);
    snprintf(out->field[2], WEBHOOK_FIELD_SIZE, "webhook-signature: %s", signature);
    return 0;
}
