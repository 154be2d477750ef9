/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/uuid_text.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "hex_text.h"

static bool has_dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void uuid_text_write(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_SIZE])
{
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (has_dash_before(i))
            *text++ = '-';
        text = hex_write(text, &uuid[i], 1);
    }
}

bool uuid_text_read(const char *text, uint8_t uuid[UUID_BYTES])
{
    char lower[UUID_TEXT_SIZE], *at = lower;

    if (strlen(text) != UUID_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < UUID_TEXT_SIZE; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (has_dash_before(i) && *at++ != '-')
            return false;
        if (!hex_read(at, &uuid[i], 1))
            return false;
        at += 2;
    }
    return true;
}
