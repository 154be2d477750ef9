/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

/* Writes Prometheus's text format, 0.0.4. A family is one block: its head, then its samples. Labels
 * are written as given, `a="b",c="d"`; "" means no labels.
 *
 * Thread-safety: that of the FILE. */

#include <stdio.h>

#include "base/histogram.h"

void metrics_family(FILE *out, const char *name, const char *type, const char *help);
void metrics_sample(FILE *out, const char *name, const char *labels, double value);

/* The samples of a histogram, in seconds; `labels` must not be "". */
void metrics_histogram(FILE *out, const char *name, const char *labels, const Histogram *histogram);

/* A family with one sample and no labels. */
void metrics_single(FILE *out, const char *name, const char *type, const char *help, double value);

#endif
