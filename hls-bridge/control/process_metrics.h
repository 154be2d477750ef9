/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PROCESS_METRICS_H
#define PROCESS_METRICS_H

/* What this process uses of the machine, and what it was built of.
 *
 * Thread-safety: any thread. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct ProcessUse {
    double cpu_s, up_s; /* CPU time, user and system; time since the start */
    int64_t resident_bytes;
    int cpus; /* on which it may run */
} ProcessUse;

/* Returns false if the kernel does not tell. */
bool process_use_read(ProcessUse *use);

/* Prometheus text, under the names that Prometheus's own libraries give it. What the kernel does
 * not tell is left out. */
void process_metrics_write(FILE *out);

#endif
