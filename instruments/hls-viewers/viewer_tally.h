/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VIEWER_TALLY_H
#define VIEWER_TALLY_H

/* Counts what all viewers of hls-viewers got, and what was wrong.
 *
 * Thread-safety: one thread. */

#include <stdbool.h>
#include <stdint.h>

#include "delays.h"

typedef enum Trouble {
    TROUBLE_CONNECT,
    TROUBLE_BROKEN,
    TROUBLE_MALFORMED,
    TROUBLE_NO_ANSWER,
    TROUBLE_REFUSED,     /* 4xx */
    TROUBLE_UNAVAILABLE, /* 503 */
    TROUBLE_FAILED,      /* other than 200 and those above */
    TROUBLE_LIST,        /* a playlist that cannot be read */
    TROUBLE_BACKWARD,    /* a playlist that ends before one that the viewer had been given */
    TROUBLE_EARLY,       /* an answer without the part that was waited for */
    TROUBLE_SIZE,        /* media that is not as long as its file, or as others were given it */
    TROUBLE_BEHIND,      /* media that had left the playlist before the viewer came to it */
    TROUBLES,
} Trouble;

typedef enum Wait {
    WAIT_LIST,  /* a playlist that was to have a part that the one before had not */
    WAIT_PART,  /* a hinted part */
    WAIT_OTHER, /* whatever is there when it is asked for */
    WAITS,
} Wait;

typedef struct ViewerTally {
    int64_t requests, bytes, lists, media;
    int64_t list_bytes;         /* of the playlists, as they came */
    int64_t compressed, deltas; /* playlists: by gzip; without old segments */
    int64_t withdrawn;          /* hinted parts that never came: the segment ended before them */
    int64_t whole;              /* segments fetched in place of parts that had left the playlist */
    int64_t unborn;             /* held answers to parts whose birth is not known: not measured */
    int64_t trouble[TROUBLES];
    Delays *wait[WAITS];
} ViewerTally;

/* What is in the report beside it. */
typedef struct ViewerSummary {
    const char *url;
    bool by_files;
    int64_t viewers, joined, connections;
    int64_t fewest, most; /* of media a viewer was given in a rendition */
    double seconds, cpu_s;
} ViewerSummary;

/* Returns -1 if there is no memory. */
int viewer_tally_init(ViewerTally *tally);
void viewer_tally_clear(ViewerTally *tally); /* frees what is in it */

int64_t viewer_tally_troubles(const ViewerTally *tally);

void viewer_tally_print(const ViewerTally *tally, const ViewerSummary *summary);
void viewer_tally_print_json(const ViewerTally *tally, const ViewerSummary *summary);

#endif
