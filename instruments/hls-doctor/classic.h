/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLASSIC_H
#define CLASSIC_H

/* Watches a classic playlist as a player does: looks at it again and again, at each segment alone
 * and in sequence, and at what has left the list for as long as it must be there.
 *
 * Thread-safety: one thread. */

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "fetch.h"

typedef struct Classic Classic;

typedef struct ClassicOptions {
    const char *where;            /* the playlist, as the user has named it; borrowed */
    double time_s, wait_s;        /* how long to watch, and to wait for the playlist to appear */
    bool quiet;                   /* print no line for each segment */
    const struct GivenKeys *keys; /* that decrypt what the playlist gives no key for; borrowed */
    const volatile sig_atomic_t
        *over; /* becomes true when it has been watched for long enough; borrowed */
} ClassicOptions;

/* `fetch`, of the same playlist, is borrowed until it is destroyed. Returns NULL if there is no
 * memory. */
Classic *classic_create(const ClassicOptions *options, Fetch *fetch);
void classic_destroy(Classic **classic); /* accepts NULL, leaves NULL */

/* Watches. Returns -1 if the playlist did not appear, or is none. */
int classic_run(Classic *classic);

/* What was found: how many faults; everything as JSON, which the caller owns; and for people, to
 * stdout. The last two sort what was measured. */
size_t classic_faults(const Classic *classic);
json_t *classic_json(const Classic *classic);
void classic_print(const Classic *classic);

#endif
