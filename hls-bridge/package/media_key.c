/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/media_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stream_name.h"
#include "text_buffer.h"

static const char *const series_name[NUMBER_SERIES] = {"ts", "ll"};

void media_key_write_name(const MediaKey *k, char name[STORE_NAME_SIZE])
{
    char id[UUID_TEXT_SIZE];

    uuid_text_write(k->id, id);
    snprintf(name, STORE_NAME_SIZE, "key-%s-%" PRId64 "-%s%s", series_name[k->series], k->first_msn,
             id, k->is_document ? MEDIA_KEY_DOCUMENT : MEDIA_KEY_SUFFIX);
}

bool media_key_read_name(const char *name, MediaKey *k)
{
    char series[3], id[UUID_TEXT_SIZE], suffix[8], again[STORE_NAME_SIZE];

    *k = (MediaKey){0};
    if (sscanf(name, "key-%2[a-z]-%19" SCNd64 "-%36[0-9a-f-]%7[.a-z]", series, &k->first_msn, id,
               suffix) != 4)
        return false;
    k->is_document = strcmp(suffix, MEDIA_KEY_DOCUMENT) == 0;
    k->series = strcmp(series, series_name[NUMBERS_TS]) == 0 ? NUMBERS_TS : NUMBERS_LL;
    if (k->first_msn < 0 || !uuid_text_read(id, k->id))
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
    char id[UUID_TEXT_SIZE], stream[STREAM_NAME_MAX + 1] = "", uri[MEDIA_KEY_URI_SIZE];
    bool known = false;

    memset(stream, 's', STREAM_NAME_MAX);
    uuid_text_write(any, id);
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
    char name[STORE_NAME_SIZE], id[UUID_TEXT_SIZE];

    uuid_text_write(k->id, id);
    media_key_write_name(k, name);
    media_key_fill_in(format && *format ? format : name, id, stream, uri);
}
