/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/metrics_text.h"

#include <inttypes.h>

void metrics_family(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_sample(FILE *out, const char *name, const char *labels, double value)
{
    if (labels[0])
        fprintf(out, "%s{%s} %.15g\n", name, labels, value);
    else
        fprintf(out, "%s %.15g\n", name, value);
}

void metrics_histogram(FILE *out, const char *name, const char *labels, const Histogram *h)
{
    uint64_t n = 0;

    for (size_t i = 0; i < h->bounds->count; i++) {
        n += h->buckets[i];
        fprintf(out, "%s_bucket{%s,le=\"%.6g\"} %" PRIu64 "\n", name, labels,
                (double)h->bounds->at_us[i] / US_PER_S, n);
    }
    n += h->buckets[h->bounds->count];
    fprintf(out,
            "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n%s_sum{%s} %.15g\n%s_count{%s} %" PRIu64 "\n",
            name, labels, n, name, labels, (double)h->sum_us / US_PER_S, name, labels, n);
}

void metrics_single(FILE *out, const char *name, const char *type, const char *help, double value)
{
    metrics_family(out, name, type, help);
    metrics_sample(out, name, "", value);
}
