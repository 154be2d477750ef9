/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef THREAD_NAME_H
#define THREAD_NAME_H

/* What `top -H`, a debugger and a core dump call a thread. */

#include <stdio.h>
#include <sys/prctl.h>

#define THREAD_NAME_SIZE 16 /* what Linux keeps, with the 0 */

/* Gives the calling thread its name, of which the first 15 bytes are kept. */
static inline void thread_name_set(const char *name)
{
    char kept[THREAD_NAME_SIZE];

    snprintf(kept, sizeof(kept), "%s", name);
    prctl(PR_SET_NAME, kept);
}

#endif
