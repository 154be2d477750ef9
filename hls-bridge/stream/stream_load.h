/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_LOAD_H
#define STREAM_LOAD_H

/* How much of the limits all streams together use, as plain values.
 *
 * Thread-safety: none needed, values are copied. */

#include <stdint.h>

typedef struct StreamLoad {
    int64_t streams, max_streams;
    int64_t bitrate;                   /* bit/s; a new publisher counts for `source_bitrate` */
    int64_t bandwidth, source_bitrate; /* bit/s, as configured; no bandwidth: 0 */
    uint64_t refused_streams, refused_bandwidth; /* publishers that each limit has kept out */
    uint64_t refused_crowded;                    /* by PUBLISH_CROWDED */
    uint64_t silent;          /* let in, and dropped because they never sent anything */
    int64_t held, max_held;   /* streams that are open and have no publisher */
    int64_t ended, max_ended; /* streams that may still be watched */
    uint64_t ended_early;     /* held ones that were ended because there were too many */
    uint64_t removed_early;   /* ended ones that were removed, likewise */
    int64_t names, max_names; /* of streams that were removed, whose numbers are kept */
    uint64_t forgotten;       /* names that were dropped because there were too many */
    uint64_t lost_reads;      /* times that the kernel has dropped what viewers read */
} StreamLoad;

#endif
