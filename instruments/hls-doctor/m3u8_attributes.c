/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "m3u8_attributes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S    1000000
#define SECONDS_MAX 1e9 /* more is absurd */
#define MOST        100 /* attributes of a list; likewise */

static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

bool m3u8_attribute_next(const char **at, M3u8Attribute *out)
{
    const char *p = *at;

    out->name = p;
    out->name_len = strspn(p, name_characters);
    p += out->name_len;
    if (out->name_len == 0 || *p++ != '=')
        return false;
    out->quoted = *p == '"';
    p += out->quoted;
    out->value = p;
    out->len = strcspn(p, out->quoted ? "\"" : ",\" \t");
    p += out->len;
    if (out->quoted && *p++ != '"')
        return false;
    if ((!out->quoted && out->len == 0) || (*p != ',' && *p != '\0'))
        return false;
    if (*p == ',' && *++p == '\0')
        return false; /* nothing behind the last comma */
    *at = p;
    return true;
}

static bool is_named(const M3u8Attribute *a, const char *name)
{
    return a->name_len == strlen(name) && memcmp(a->name, name, a->name_len) == 0;
}

bool m3u8_attributes_sound(const char *list)
{
    M3u8Attribute a, other;
    const char *at = list;

    for (size_t n = 0; m3u8_attribute_next(&at, &a); n++) {
        const char *before = list;
        if (n == MOST)
            return false;
        while (before < a.name && m3u8_attribute_next(&before, &other) && other.name < a.name)
            if (other.name_len == a.name_len && memcmp(other.name, a.name, a.name_len) == 0)
                return false;
    }
    return *at == '\0';
}

bool m3u8_attribute(const char *list, const char *name, M3u8Attribute *out)
{
    while (m3u8_attribute_next(&list, out))
        if (is_named(out, name))
            return true;
    return false;
}

char *m3u8_attribute_copy(const char *list, const char *name)
{
    M3u8Attribute a;

    return m3u8_attribute(list, name, &a) ? strndup(a.value, a.len) : NULL;
}

void m3u8_attribute_text(const char *list, const char *name, char *out, size_t size)
{
    M3u8Attribute a;

    if (!m3u8_attribute(list, name, &a))
        a = (M3u8Attribute){.value = ""};
    snprintf(out, size, "%.*s", (int)(a.len < size ? a.len : size), a.value);
}

bool m3u8_attribute_yes(const char *list, const char *name)
{
    M3u8Attribute a;

    return m3u8_attribute(list, name, &a) && !a.quoted && a.len == 3 &&
           memcmp(a.value, "YES", 3) == 0;
}

int64_t m3u8_attribute_us(const char *list, const char *name)
{
    M3u8Attribute a;

    if (!m3u8_attribute(list, name, &a) || a.quoted || strspn(a.value, "0123456789.") != a.len)
        return -1;
    double seconds = strtod(a.value, NULL);
    return seconds <= SECONDS_MAX ? (int64_t)(seconds * US_PER_S + 0.5) : -1;
}

int64_t m3u8_attribute_integer(const char *list, const char *name)
{
    M3u8Attribute a;

    if (!m3u8_attribute(list, name, &a) || a.quoted || a.len > 18 ||
        strspn(a.value, "0123456789") < a.len)
        return -1;
    return strtoll(a.value, NULL, 10);
}
