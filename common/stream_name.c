/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream_name.h"

#include <string.h>

bool stream_name_valid(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    if (!name)
        return false;
    size_t len = strlen(name);
    return len >= 1 && len <= STREAM_NAME_MAX && strspn(name, allowed) == len;
}
