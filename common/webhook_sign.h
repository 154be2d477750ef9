/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WEBHOOK_SIGN_H
#define WEBHOOK_SIGN_H

/* Signatures of webhooks, by the Standard Webhooks convention (standardwebhooks.com): the fields
 * webhook-id, webhook-timestamp and webhook-signature of a POST. What is signed is
 * "ID.TIMESTAMP.BODY", by HMAC-SHA256 (RFC 2104).
 *
 * Thread-safety: none needed, there is no state. */

#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_SECRETS_MAX    2   /* the one that is in use, and one that takes its place */
#define WEBHOOK_SECRET_MIN     16  /* bytes; shorter ones can be guessed */
#define WEBHOOK_SECRET_MAX     256 /* bytes */
#define WEBHOOK_ID_SIZE        40  /* bytes that hold an ID of webhook_new_id() */
#define WEBHOOK_SIGNATURE_SIZE 128 /* bytes that hold any value of webhook-signature */
#define WEBHOOK_FIELD_SIZE     192 /* bytes that hold any of its fields, an ID of 128 bytes in one */
#define WEBHOOK_FIELDS         3

typedef struct WebhookSecret {
    unsigned char bytes[WEBHOOK_SECRET_MAX];
    size_t len;
} WebhookSecret;

/* Each request is signed by all of them, so that a receiver may know either. */
typedef struct WebhookSecrets {
    WebhookSecret secret[WEBHOOK_SECRETS_MAX];
    size_t count; /* 0: nothing can be signed */
} WebhookSecrets;

/* Reads one secret of `len` bytes of text: "whsec_" and base64 of 16 to 256 bytes, or 16 to 256
 * visible characters of ASCII, which are taken as they are. Returns 0, or -1 if it is neither. */
int webhook_secret_parse(const char *text, size_t len, WebhookSecret *out);

/* Reads the secrets that `file` holds, one on a line, one or two. A file that others than its owner
 * and its group may read or write is refused. Returns 0, or -1 with a sentence in `error`
 * (SETTINGS_ERROR_SIZE bytes). */
int webhook_secrets_read(const char *file, WebhookSecrets *out, char *error);

/* Makes an ID that no other webhook has: "msg_" and 32 digits. Returns 0, or -1 if the system has
 * no random numbers. The same webhook that is sent again keeps its ID. */
int webhook_new_id(char id[WEBHOOK_ID_SIZE]);

/* Writes the value of webhook-signature, "v1,BASE64" for each secret. `timestamp_s` is Unix time,
 * the value of webhook-timestamp. Returns 0, or -1 if there is no secret or no memory. */
int webhook_sign(const WebhookSecrets *secrets, const char *id, int64_t timestamp_s,
                 const char *body, size_t len, char signature[WEBHOOK_SIGNATURE_SIZE]);

/* The fields of a signed POST, each as "Name: value". */
typedef struct WebhookFields {
    char field[WEBHOOK_FIELDS][WEBHOOK_FIELD_SIZE];
} WebhookFields;

/* Signs a POST, and writes its fields. Returns 0, or -1 as webhook_sign() does. */
int webhook_sign_fields(const WebhookSecrets *secrets, const char *id, int64_t timestamp_s,
                        const char *body, size_t len, WebhookFields *out);

#endif
