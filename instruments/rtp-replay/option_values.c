/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "option_values.h"

#include <math.h>
#include <stdlib.h>

bool option_numbers(const char *text, double *out, int count)
{
    for (int i = 0; i < count; i++) {
        char *end;
        out[i] = strtod(text, &end);
        if (end == text || *end != (i + 1 < count ? ':' : '\0') || !isfinite(out[i]))
            return false;
        text = end + 1;
    }
    return true;
}

bool option_number(const char *text, double min, double max, double *out)
{
    return option_numbers(text, out, 1) && *out >= min && *out <= max;
}

const char *option_part(const char *text, double *part)
{
    double percent;

    if (!option_number(text, 0, 100, &percent))
        return "a percentage, 0 to 100";
    *part = percent / 100;
    return NULL;
}

const char *option_duration(const char *text, double unit_us, double max, int64_t *us)
{
    double value;

    if (!option_number(text, 0, max, &value))
        return unit_us == US_PER_S ? "a number of seconds" : "milliseconds, 0 to 10000";
    *us = (int64_t)(value * unit_us);
    return NULL;
}

const char *option_whole(const char *text, double max, int64_t *out)
{
    double value;

    if (!option_number(text, 0, max, &value) || value != (double)(int64_t)value)
        return max <= UINT16_MAX ? "a whole number up to 65535" : "a whole number up to 4294967295";
    *out = (int64_t)value;
    return NULL;
}
