/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESIDENT_BYTES_H
#define RESIDENT_BYTES_H

/* Thread-safety: any thread. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* The memory of this process that is resident; 0 if that cannot be had. */
static inline int64_t resident_bytes(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    int64_t pages = 0;

    if (!statm)
        return 0;
    if (fscanf(statm, "%*d %" SCNd64, &pages) != 1)
        pages = 0;
    fclose(statm);
    return pages * sysconf(_SC_PAGESIZE);
}

#endif
