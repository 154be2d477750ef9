/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "m3u8_values.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S 1000000

const char *m3u8_after(const char *line, const char *tag)
{
    size_t n = strlen(tag);

    return strncmp(line, tag, n) == 0 ? line + n : NULL;
}

bool m3u8_time_read(const char *text, int64_t *unix_us)
{
    struct tm t = {0};
    int64_t fraction_us = 0;
    const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);

    if (p && *p == '.') {
        int64_t unit = US_PER_S / 10;
        for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
            fraction_us += (*p - '0') * unit;
    }
    int zone_s = 0;
    if (p && (*p == '+' || *p == '-')) {
        int hours = 0, minutes = 0;
        if (sscanf(p + 1, "%2d:%2d", &hours, &minutes) == 1) /* ISO 8601 knows it without, too */
            sscanf(p + 1, "%2d%2d", &hours, &minutes);
        zone_s = (*p == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    } else if (!p || *p != 'Z') {
        return false;
    }
    *unix_us = ((int64_t)timegm(&t) - zone_s) * US_PER_S + fraction_us;
    return true;
}

bool m3u8_range_read(const char *text, M3u8Range *range)
{
    long long len = -1, offset = -1;
    int end = 0;

    /* numbers, and no signs: sscanf would take them */
    if (text[0] < '0' || text[0] > '9')
        return false;
    if (sscanf(text, "%15lld@%15lld%n", &len, &offset, &end) < 2)
        sscanf(text, "%15lld%n", &len, &end);
    if (end == 0 || text[end] != '\0' || (offset < 0 && strchr(text, '@')))
        return false;
    *range = (M3u8Range){offset, len};
    return true;
}
