/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PROCESS_METRICS_H
#define PROCESS_METRICS_H

/* What this process uses of the machine, under the names that Prometheus's own libraries give it,
 * and what it was built of.
 *
 * Thread-safety: any thread. */

#include <stdio.h>

/* What the kernel does not tell is left out. */
void process_metrics_write(FILE *out);

#endif
