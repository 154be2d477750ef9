/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FOLLOW_H
#define FOLLOW_H

/* Follows all renditions of a multivariant playlist, or one media playlist with parts, at once, as
 * low-latency players do: by blocking requests, preload hints and delta updates.
 *
 * Thread-safety: one thread. */

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Follow Follow;

typedef struct FollowOptions {
    const char *url; /* borrowed, as the rest */
    const struct GivenKeys *keys;
    double time_s;  /* how long it is watched, */
    int64_t memory; /* or until so many bytes are taken: a server may list new things without end */
    bool quiet;     /* no line for each segment */
    bool apple;     /* Apple's authoring rules too */
    bool aligned;   /* renditions must be cut at the same places: else it is a remark */
    const volatile sig_atomic_t *over; /* set: it has been watched for long enough */
} FollowOptions;

/* Returns NULL if there is no memory. */
Follow *follow_create(const FollowOptions *options);
void follow_destroy(Follow **follow); /* accepts NULL, leaves NULL */

/* Watches. Returns 0, or -1 if it is not there. */
int follow_run(Follow *follow);

/* What was found: for programs, and for people on stdout. Returns the number of faults. */
size_t follow_faults(const Follow *follow);
json_t *follow_json(const Follow *follow);
void follow_print(const Follow *follow);

#endif
