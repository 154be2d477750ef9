/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/boot_id.h"

#include <stdio.h>

void boot_id(char *id)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    id[0] = '\0';
    if (!file)
        return;
    if (fscanf(file, "%39s", id) != 1)
        id[0] = '\0';
    fclose(file);
}
