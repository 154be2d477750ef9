/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UTF8_TRIM_H
#define UTF8_TRIM_H

#include <glib.h>

/* Ends a text before what is no UTF-8, as half of a character that was cut: jansson makes nothing
 * of that. */
static inline void utf8_trim(char *text)
{
    const char *end;

    g_utf8_validate(text, -1, &end);
    text[end - text] = '\0';
}

#endif
