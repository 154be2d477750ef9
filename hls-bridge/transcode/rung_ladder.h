/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNG_LADDER_H
#define RUNG_LADDER_H

/* What a stream is to be transcoded to: the text of `transcode.ladder`, and the sizes that follow
 * from it for a source.
 *
 *   720p:2500k, 480p:900k, 180p:120k/2, audio:48k
 *
 * A rung is the length of the picture's shorter side, and its bit rate, in k (1000) or M (1000000)
 * bit/s. "/2" takes every second picture alone; it is for rungs below 240p. Rungs stand the largest
 * first. "audio" is a second, lower rate of the sound, which the smallest picture has beside it.
 *
 * Pure. Thread-safety: none needed, these are plain values. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNGS_MAX              6
#define RUNG_LADDER_ERROR_SIZE 256 /* bytes that hold any error */

#define RUNG_SIDE_MIN        90   /* pixels */
#define RUNG_SIDE_MAX        2160 /* pixels */
#define RUNG_HALVED_BELOW    240  /* pixels */
#define RUNG_BITRATE_MIN     50000
#define RUNG_BITRATE_MAX     50000000
#define RUNG_AUDIO_MIN       24000 /* with less, AAC-LC sounds like a telephone */
#define RUNG_AUDIO_MAX       128000
#define RUNG_SOURCE_SIDE_MAX 8192 /* pixels: what no decoder here gives more than */

typedef struct Rung {
    int side;        /* pixels of the shorter side */
    int64_t bitrate; /* bit/s */
    bool halved;     /* every second picture alone */
} Rung;

typedef struct RungLadder {
    size_t count; /* 0: there is none */
    Rung rung[RUNGS_MAX];
    int64_t audio_bitrate; /* bit/s; 0: no second sound */
} RungLadder;

/* How large a rung is of a certain source. */
typedef struct RungSize {
    int width, height; /* pixels, even; 0: it is left out, since the source is smaller */
} RungSize;

/* Reads the text of a ladder. An empty one has no rung. Returns 0, or -1 with a sentence in `error`
 * (RUNG_LADDER_ERROR_SIZE bytes) that names the entry, what is wrong with it, and what to do; then
 * `ladder` is empty. */
int rung_ladder_read(const char *text, RungLadder *ladder, char *error);

/* The same, but without a second sound: a stream has one from its beginning on, or none. */
int rung_ladder_read_pictures(const char *text, RungLadder *ladder, char *error);

/* Makes the sizes of all rungs for a source of `width` by `height` pixels: its aspect is kept as
 * far as even sizes allow, and nothing is scaled up: a rung above the source is left out. If all
 * are, the lowest has the size of the source, so that every source has one. A source of no size, or
 * of more than RUNG_SOURCE_SIDE_MAX, has none. `size` has RUNGS_MAX entries. Returns how many rungs
 * there are. */
size_t rung_ladder_sizes(const RungLadder *ladder, int width, int height, RungSize *size);

/* The same for a source that viewers do not get as it is: a rung above it has its size, so that no
 * rung is left out. */
size_t rung_ladder_all_sizes(const RungLadder *ladder, int width, int height, RungSize *size);

/* The bit rate of a rung that is made in this size: less than what the ladder says, if it has fewer
 * pixels than a rung of its name. */
int64_t rung_ladder_bitrate(const Rung *rung, const RungSize *size);

#endif
