/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/key_tag_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "hex_text.h"

#define TAG    "#EXT-X-KEY:"
#define IV_HEX "0x"

typedef struct Span {
    const char *at;
    size_t len;
} Span;

static bool is(Span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

static bool is_quoted(Span span, const char *text)
{
    return span.len == strlen(text) + 2 && *span.at == '"' &&
           memcmp(span.at + 1, text, span.len - 2) == 0;
}

/* Takes "NAME=VALUE" and a comma off the front. Returns false if there is none. */
static bool take_attribute(Span *rest, Span *name, Span *value)
{
    size_t n = 0;

    while (n < rest->len && (isupper((unsigned char)rest->at[n]) ||
                             isdigit((unsigned char)rest->at[n]) || rest->at[n] == '-'))
        n++;
    if (n == 0 || n == rest->len || rest->at[n] != '=')
        return false;
    *name = (Span){rest->at, n};
    *rest = (Span){rest->at + n + 1, rest->len - n - 1};
    bool quoted = rest->len > 0 && *rest->at == '"';
    for (n = quoted; n < rest->len && rest->at[n] != '"' && (quoted || rest->at[n] != ',');)
        n++;
    if (quoted && n++ == rest->len)
        return false;
    *value = (Span){rest->at, n};
    *rest = (Span){rest->at + n, rest->len - n};
    if (n == 0 || (rest->len > 0 && *rest->at != ','))
        return false;
    if (rest->len > 0)
        *rest = (Span){rest->at + 1, rest->len - 1};
    return true;
}

static bool is_vector(Span value, const uint8_t iv[KEY_TAG_IV_SIZE])
{
    char text[sizeof(IV_HEX) + 2 * KEY_TAG_IV_SIZE] = IV_HEX;

    hex_write(text + strlen(IV_HEX), iv, KEY_TAG_IV_SIZE);
    return value.len == strlen(text) && strncasecmp(value.at, text, value.len) == 0;
}

/* What the attributes of a tag must have, and have had. */
typedef struct Seen {
    bool method, uri, format;
} Seen;

/* Returns false if an attribute is not as it must be, or there twice. */
static bool look(Span name, Span value, const char *format, const uint8_t *iv, Seen *seen)
{
    bool *once = is(name, "METHOD")      ? &seen->method
                 : is(name, "URI")       ? &seen->uri
                 : is(name, "KEYFORMAT") ? &seen->format
                                         : NULL;

    if (is(name, "IV"))
        return is_vector(value, iv);
    if (!once)
        return true;
    if (*once)
        return false;
    *once = true;
    if (once == &seen->method)
        return is(value, "SAMPLE-AES");
    return once == &seen->uri ? value.len > 2 && *value.at == '"' : is_quoted(value, format);
}

bool key_tag_text_valid(const char *line, size_t len, const char *format,
                        const uint8_t iv[KEY_TAG_IV_SIZE])
{
    Span rest = {line + strlen(TAG), len - strlen(TAG)}, name, value;
    Seen seen = {0};

    if (len <= strlen(TAG) || memcmp(line, TAG, strlen(TAG)) != 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if (line[i] < ' ' || line[i] > '~')
            return false;
    while (rest.len > 0)
        if (!take_attribute(&rest, &name, &value) || !look(name, value, format, iv, &seen))
            return false;
    return line[len - 1] != ',' && seen.method && seen.uri && seen.format;
}
