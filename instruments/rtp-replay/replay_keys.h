/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPLAY_KEYS_H
#define REPLAY_KEYS_H

#include <stdbool.h>
#include <stdint.h>

/* How a replay is encrypted, and where its keys go. */
typedef struct ReplayKeys {
    const char *directory; /* exists; NULL: it is clear */
    int64_t rotate;        /* segments for each key; 0: one for all */
    bool cbcs;             /* samples of low latency, not whole files */
} ReplayKeys;

#endif
