/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_LOAD_H
#define STREAM_LOAD_H

/* What all streams together take of what they may, as plain values.
 *
 * Thread-safety: none needed, values are copied. */

#include <stdint.h>

typedef struct StreamLoad {
    int64_t streams, max_streams;
    int64_t bitrate; /* bit/s; who has come just now counts for `source_bitrate` */
    int64_t bandwidth, source_bitrate;           /* bit/s, as configured; no bandwidth: 0 */
    uint64_t refused_streams, refused_bandwidth; /* publishers that each limit has kept out */
    uint64_t refused_crowded;                    /* by PUBLISH_CROWDED */
    uint64_t silent;          /* let in, and let go since nothing ever came from them */
    int64_t held, max_held;   /* streams that are open, and nobody publishes */
    int64_t ended, max_ended; /* streams that may still be watched */
    uint64_t ended_early;     /* of the held ones, since there were too many */
    uint64_t removed_early;   /* of the ended ones, likewise */
    int64_t names, max_names; /* of streams that were removed, whose numbers are kept */
    uint64_t forgotten;       /* of them, since there were too many */
} StreamLoad;

#endif
