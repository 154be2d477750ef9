/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/media_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hex_text.h"
#include "stream_name.h"
#include "text_buffer.h"

static const char *const series_name[NUMBER_SERIES] = {"ts", "ll"};

void media_key_id_text(const uint8_t id[MEDIA_KEY_ID_SIZE], char text[MEDIA_KEY_ID_TEXT])
{
    for (size_t i = 0; i < MEDIA_KEY_ID_SIZE; i++) {
        text = hex_write(text, &id[i], 1);
        if (i == 3 || i == 5 || i == 7 || i == 9)
            *text++ = '-';
    }
    *text = '\0';
}

void media_key_write_name(const MediaKey *k, char name[STORE_NAME_SIZE])
{
    char id[MEDIA_KEY_ID_TEXT];

    media_key_id_text(k->id, id);
    snprintf(name, STORE_NAME_SIZE, "key-%s-%" PRId64 "-%s" MEDIA_KEY_SUFFIX,
             series_name[k->series], k->first_msn, id);
}

/* Reads an ID as it was written. */
static bool read_id(const char *text, uint8_t id[MEDIA_KEY_ID_SIZE])
{
    for (size_t i = 0; i < MEDIA_KEY_ID_SIZE; i++) {
        text += *text == '-' && (i == 4 || i == 6 || i == 8 || i == 10);
        if (!hex_read(text, &id[i], 1))
            return false;
        text += 2;
    }
    return true;
}

bool media_key_read_name(const char *name, MediaKey *k)
{
    char series[3], id[MEDIA_KEY_ID_TEXT], again[STORE_NAME_SIZE];

    *k = (MediaKey){0};
    if (sscanf(name, "key-%2[a-z]-%19" SCNd64 "-%36[0-9a-f-]" MEDIA_KEY_SUFFIX, series,
               &k->first_msn, id) != 3)
        return false;
    k->series = strcmp(series, series_name[NUMBERS_TS]) == 0 ? NUMBERS_TS : NUMBERS_LL;
    if (k->first_msn < 0 || !read_id(id, k->id))
        return false;
    media_key_write_name(k, again);
    return strcmp(name, again) == 0;
}

/* ---- where it is ---- */

/* Takes `name` off the front of the text. */
static bool take(const char **text, const char *name)
{
    size_t len = strlen(name);

    if (strncmp(*text, name, len) != 0)
        return false;
    *text += len;
    return true;
}

bool media_key_fill_in(const char *format, const char *id, const char *stream,
                       char uri[MEDIA_KEY_URI_SIZE])
{
    TextBuffer out = text_buffer(uri, MEDIA_KEY_URI_SIZE);

    while (*format) {
        if (take(&format, "{id}"))
            text_add_string(&out, id);
        else if (take(&format, "{stream}"))
            text_add_string(&out, stream);
        else
            text_add_bytes(&out, format++, 1);
    }
    return !out.overflow;
}

bool media_key_uri_valid(const char *text)
{
    static const char *const schemes[] = {"https://", "http://", "skd://"};
    const uint8_t any[MEDIA_KEY_ID_SIZE] = {0};
    char id[MEDIA_KEY_ID_TEXT], stream[STREAM_NAME_MAX + 1] = "", uri[MEDIA_KEY_URI_SIZE];
    bool known = false;

    memset(stream, 's', STREAM_NAME_MAX);
    media_key_id_text(any, id);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        known = known || strncmp(text, schemes[i], strlen(schemes[i])) == 0;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c == '"' || *c == 0x7f)
            return false;
    return known && strstr(text, "{id}") && media_key_fill_in(text, id, stream, uri);
}

void media_key_write_uri(const MediaKey *k, const char *format, const char *stream,
                         char uri[MEDIA_KEY_URI_SIZE])
{
    char name[STORE_NAME_SIZE], id[MEDIA_KEY_ID_TEXT];

    media_key_id_text(k->id, id);
    media_key_write_name(k, name);
    media_key_fill_in(format && *format ? format : name, id, stream, uri);
}
