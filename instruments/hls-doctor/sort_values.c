/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sort_values.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void sort_values(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
}
