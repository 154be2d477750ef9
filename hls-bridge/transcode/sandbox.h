/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SANDBOX_H
#define SANDBOX_H

/* Shuts this process in, for good: whatever bytes it is given from then on, all that it can do is
 * reckon, and read and write what is open already. A system call that is not in the list ends it.
 *
 * Thread-safety: of the first thread. Threads that are there already are shut in with it. */

#include <stdbool.h>
#include <stddef.h>

typedef struct SandboxParams {
    int memory_mib; /* of address space beyond what is used now; 0: any */
    bool threads;   /* it may start threads */
    bool devices;   /* it may open files and drive devices, as hardware encoders must */
} SandboxParams;

/* For one that may open files: it reads them, writes to devices of graphics alone, and neither sees
 * nor changes the memory of other processes. Call it before anything starts a thread. Returns 0, or
 * -1 with a sentence in `error` (`size` bytes). */
int sandbox_hold_files(char *error, size_t size);

/* Returns 0, or -1 with a sentence in `error` (`size` bytes): then some of it is in force. */
int sandbox_enter(const SandboxParams *params, char *error, size_t size);

#endif
