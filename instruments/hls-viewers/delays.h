/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DELAYS_H
#define DELAYS_H

/* Collects any number of durations, to a tenth of a millisecond.
 *
 * Thread-safety: one thread. */

#include <stdint.h>

typedef struct Delays Delays;

Delays *delays_create(void);          /* NULL: there is no memory */
void delays_destroy(Delays **delays); /* accepts NULL, leaves NULL */

void delays_add(Delays *delays, int64_t delay_us);

int64_t delays_count(const Delays *delays);
int64_t delays_max_us(const Delays *delays);

/* The duration within which `part` (0 to 1) of them are; 0 if there are none. */
int64_t delays_quantile_us(const Delays *delays, double part);

#endif
