/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_names.h"

#include <string.h>

#define VIDEO       "video-"
#define LOW_SOUND   "audio-low"
#define OPUS        "audio-opus"
#define LIST_SUFFIX ".m3u8"
#define PART_SUFFIX ".m4s"
#define DIGITS_MAX  15 /* more than any meaningful number has */

static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

static bool is_list(const char *text, size_t len)
{
    size_t prefix = strlen(VIDEO);

    if (len == 5)
        return memcmp(text, "video", len) == 0 || memcmp(text, "audio", len) == 0;
    if (len == strlen(LOW_SOUND) && memcmp(text, LOW_SOUND, len) == 0)
        return true;
    if (len == strlen(OPUS) && memcmp(text, OPUS, len) == 0)
        return true;
    return len > prefix && len < LL_LIST_NAME_SIZE && memcmp(text, VIDEO, prefix) == 0 &&
           strspn(text + prefix, name_characters) >= len - prefix;
}

static bool take_list(const char *text, size_t len, char list[LL_LIST_NAME_SIZE])
{
    if (!is_list(text, len))
        return false;
    memcpy(list, text, len);
    list[len] = '\0';
    return true;
}

/* Takes `suffix` off the end of the text. Returns false if it does not end so. */
static bool take_suffix(const char *text, size_t *len, const char *suffix)
{
    size_t n = strlen(suffix);

    if (*len < n || memcmp(text + *len - n, suffix, n) != 0)
        return false;
    *len -= n;
    return true;
}

/* Takes a decimal number off the end of the text, and the character before it, which must be
 * `before`. */
static bool take_number(const char *text, size_t *len, char before, int64_t *out)
{
    size_t n = *len;

    while (n > 0 && text[n - 1] >= '0' && text[n - 1] <= '9')
        n--;
    if (n == 0 || n == *len || *len - n > DIGITS_MAX || text[n - 1] != before)
        return false;
    *out = 0;
    for (size_t i = n; i < *len; i++)
        *out = *out * 10 + (text[i] - '0');
    *len = n - 1;
    return true;
}

bool ll_names_list(const char *file, char list[LL_LIST_NAME_SIZE])
{
    size_t len = strlen(file);

    return take_suffix(file, &len, LIST_SUFFIX) && take_list(file, len, list);
}

bool ll_names_part(const char *file, LlPartName *out)
{
    size_t len = strlen(file);

    return take_suffix(file, &len, PART_SUFFIX) && take_number(file, &len, '.', &out->part) &&
           take_number(file, &len, '-', &out->msn) && take_number(file, &len, '-', &out->epoch) &&
           take_list(file, len, out->list);
}
