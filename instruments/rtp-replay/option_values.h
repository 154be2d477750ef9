/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OPTION_VALUES_H
#define OPTION_VALUES_H

/* Reads the values of options. What returns text returns NULL if `text` is good, or what the option
 * takes.
 *
 * Pure. */

#include <stdbool.h>
#include <stdint.h>

#define US_PER_S  1000000.0
#define US_PER_MS 1000.0

/* `count` numbers with colons between. */
bool option_numbers(const char *text, double *out, int count);
bool option_number(const char *text, double min, double max, double *out);

/* 0 to 100 percent, as 0 to 1. */
const char *option_part(const char *text, double *part);

/* 0 to `max` of a unit, US_PER_S or US_PER_MS. */
const char *option_duration(const char *text, double unit_us, double max, int64_t *us);

/* A whole number, 0 to `max`: UINT16_MAX or UINT32_MAX. */
const char *option_whole(const char *text, double max, int64_t *out);

#endif
