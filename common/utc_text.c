/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "utc_text.h"

#include <assert.h>

#define US_DECIMALS     6
#define US_PER_SECOND   1000000ll
#define SECONDS_PER_DAY 86400ll

/* Rounds down: before 1970 too. */
static int64_t whole(int64_t number, int64_t unit)
{
    return number / unit - (number % unit < 0);
}

/* A day of the Gregorian calendar, by days since 1970. Years are counted from March, so that the
 * day that some have more is the last. */
static void add_date(TextBuffer *out, int64_t days)
{
    const int64_t per_era = 146097, march_0000 = -719468; /* 400 years; and where they begin */
    int64_t era = whole(days - march_0000, per_era);
    int64_t day = days - march_0000 - era * per_era; /* of it */
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    bool next = month >= 10;                     /* January, February */

    text_add_digits(out, year + era * 400 + next, 4);
    text_add_string(out, "-");
    text_add_digits(out, next ? month - 9 : month + 3, 2);
    text_add_string(out, "-");
    text_add_digits(out, day_of_year - (153 * month + 2) / 5 + 1, 2);
}

void utc_text_add(TextBuffer *out, int64_t unix_us, int decimals)
{
    int64_t seconds = whole(unix_us, US_PER_SECOND), days = whole(seconds, SECONDS_PER_DAY);
    int64_t of_day = seconds - days * SECONDS_PER_DAY;
    int64_t fraction = (unix_us % US_PER_SECOND + US_PER_SECOND) % US_PER_SECOND;

    assert(decimals >= 0 && decimals <= US_DECIMALS);
    add_date(out, days);
    text_add_string(out, "T");
    text_add_digits(out, of_day / 3600, 2);
    text_add_string(out, ":");
    text_add_digits(out, of_day / 60 % 60, 2);
    text_add_string(out, ":");
    text_add_digits(out, of_day % 60, 2);
    for (int i = decimals; i < US_DECIMALS; i++)
        fraction /= 10;
    if (decimals > 0) {
        text_add_string(out, ".");
        text_add_digits(out, fraction, decimals);
    }
    text_add_string(out, "Z");
}
