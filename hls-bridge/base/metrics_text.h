/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

/* Prometheus's text format, 0.0.4. A family is one block: its head, then its samples. Labels are
 * written as they stand, `a="b",c="d"`; an empty text is none.
 *
 * Thread-safety: that of the FILE. */

#include <stdio.h>

#include "base/histogram.h"

void metrics_family(FILE *out, const char *name, const char *type, const char *help);
void metrics_sample(FILE *out, const char *name, const char *labels, double value);

/* The samples of a histogram, in seconds; it must have labels. */
void metrics_histogram(FILE *out, const char *name, const char *labels, const Histogram *histogram);

/* A family that has one sample, without labels. */
void metrics_single(FILE *out, const char *name, const char *type, const char *help, double value);

#endif
