/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/file_stamp.h"

#include <stddef.h>
#include <sys/stat.h>

/* FNV-1a */
#define BASIS UINT64_C(0xcbf29ce484222325)
#define PRIME UINT64_C(0x100000001b3)

uint64_t file_stamp(uint64_t before, const char *file)
{
    struct stat is;
    uint64_t stamp = before ? before : BASIS;

    if (stat(file, &is) != 0)
        return 0;
    const uint64_t facts[] = {(uint64_t)is.st_dev,          (uint64_t)is.st_ino,
                              (uint64_t)is.st_size,         (uint64_t)is.st_mtim.tv_sec,
                              (uint64_t)is.st_mtim.tv_nsec, (uint64_t)is.st_ctim.tv_sec,
                              (uint64_t)is.st_ctim.tv_nsec};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        for (int shift = 0; shift < 64; shift += 8)
            stamp = (stamp ^ (facts[i] >> shift & 0xff)) * PRIME;
    return stamp ? stamp : 1;
}

bool stamp_watch_due(StampWatch *watch, uint64_t stamp)
{
    if (stamp == 0)
        return false;
    bool settled = stamp == watch->seen;
    watch->seen = stamp;
    return settled && stamp != watch->read;
}

void stamp_watch_read(StampWatch *watch, uint64_t stamp)
{
    *watch = (StampWatch){stamp, stamp};
}
