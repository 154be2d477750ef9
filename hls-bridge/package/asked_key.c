/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/asked_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>

struct AskedKey {
    const KeySource *source;
    const char *stream;
    KeyTicket *ticket; /* NULL: nothing is asked for */
    uint8_t id[CPIX_KEY_SIZE];
    ByteBuffer document;
    CpixKey *key; /* NULL: it has not come */
};

AskedKey *asked_key_create(const KeySource *source, const char *stream)
{
    AskedKey *a = calloc(1, sizeof(*a));

    if (a)
        *a = (AskedKey){.source = source, .stream = stream};
    return a;
}

static void wipe_document(AskedKey *a)
{
    if (a->document.data)
        OPENSSL_cleanse(a->document.data, a->document.len);
    byte_buffer_free(&a->document);
}

void asked_key_free(CpixKey *key)
{
    if (key)
        OPENSSL_cleanse(key, sizeof(*key));
    free(key);
}

void asked_key_destroy(AskedKey **asked)
{
    AskedKey *a = *asked;

    if (!a)
        return;
    a->source->drop(&a->ticket);
    wipe_document(a);
    asked_key_free(a->key);
    free(a);
    *asked = NULL;
}

void asked_key_ask(AskedKey *a)
{
    if (a->ticket || a->key || RAND_bytes(a->id, sizeof(a->id)) != 1)
        return;
    a->id[6] = (uint8_t)((a->id[6] & 0x0f) | 0x40); /* a UUID of random bits: RFC 9562, 5.4 */
    a->id[8] = (uint8_t)((a->id[8] & 0x3f) | 0x80);
    a->ticket = a->source->ask(a->source->user, a->stream, a->id);
}

const CpixKey *asked_key_there(AskedKey *a, const ByteBuffer **document)
{
    *document = &a->document;
    if (a->key || !a->ticket || !a->source->take(a->ticket, &a->document))
        return a->key;
    a->source->drop(&a->ticket);
    a->key = malloc(sizeof(*a->key));
    if (a->key &&
        cpix_document_read((const char *)a->document.data, a->document.len, a->id, a->key) == NULL)
        return a->key;
    free(a->key); /* there is no memory: the source has read it before */
    a->key = NULL;
    wipe_document(a);
    return NULL;
}

CpixKey *asked_key_done(AskedKey *a)
{
    CpixKey *key = a->key;

    wipe_document(a);
    a->key = NULL;
    return key;
}
