/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SORT_VALUES_H
#define SORT_VALUES_H

/* Figures in order, for medians and the like.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stddef.h>

/* Sorts `count` of them, the least first. */
void sort_values(double *values, size_t count);

#endif
