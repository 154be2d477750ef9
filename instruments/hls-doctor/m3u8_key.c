/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "m3u8_key.h"

#include <stdlib.h>
#include <string.h>

#include "m3u8_attributes.h"

static bool is_identity(const char *list)
{
    char format[64];

    m3u8_attribute_text(list, "KEYFORMAT", format, sizeof(format));
    return *format == '\0' || strcmp(format, "identity") == 0;
}

char *m3u8_key_after(char *now, const char *list)
{
    char method[16];

    m3u8_attribute_text(list, "METHOD", method, sizeof(method));
    bool none = strcmp(method, "NONE") == 0;
    if (now && *now && !none && is_identity(now) && !is_identity(list))
        return now;
    free(now);
    return strdup(none ? "" : list);
}

static M3u8Method method_of(const char *text)
{
    char method[16];

    m3u8_attribute_text(text, "METHOD", method, sizeof(method));
    if (strcmp(method, "AES-128") == 0)
        return M3U8_AES_128;
    return strcmp(method, "SAMPLE-AES") == 0 ? M3U8_SAMPLE_AES : M3U8_OTHER_METHOD;
}

M3u8Key m3u8_key_read(const char *text)
{
    M3u8Key key = {.method = M3U8_CLEAR};
    char hex[64];

    if (!text || *text == '\0')
        return key;
    key.method = method_of(text);
    key.is_identity = is_identity(text);
    m3u8_attribute_text(text, "URI", key.uri, sizeof(key.uri));
    m3u8_attribute_text(text, "IV", hex, sizeof(hex));
    key.has_vector = aes_reader_hex(hex, '\0', key.vector);
    m3u8_attribute_text(text, "KEYID", hex, sizeof(hex));
    key.has_kid = aes_reader_hex(hex, '\0', key.kid);
    return key;
}

void m3u8_key_vector(const M3u8Key *key, uint64_t sequence, uint8_t vector[AES_BYTES])
{
    memcpy(vector, key->vector, AES_BYTES);
    if (key->has_vector)
        return;
    memset(vector, 0, AES_BYTES);
    for (size_t i = 0; i < sizeof(sequence); i++)
        vector[AES_BYTES - 1 - i] = (uint8_t)(sequence >> 8 * i);
}
