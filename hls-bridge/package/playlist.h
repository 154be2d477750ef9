/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYLIST_H
#define PLAYLIST_H

/* The media playlist: the window of segments that viewers see, and its text (RFC 8216).
 *
 * Media sequence numbers and discontinuity sequence numbers only ever grow; a playlist that was
 * read back goes on where it stood.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "base/media.h"
#include "package/listing.h"

#define PLAYLIST_SEGMENTS_MAX  128
#define PLAYLIST_WINDOW_MAX    60 /* segments asked for; RFC 8216 may make a list longer */
#define PLAYLIST_NAME_SIZE     80
#define PLAYLIST_TEXT_SIZE     32768 /* bytes that hold the text of any playlist */
#define PLAYLIST_TIME_SIZE     40
#define PLAYLIST_DURATION_SIZE 32
#define PLAYLIST_LIVE_MIN      3 /* target durations in a live list, RFC 8216 section 6.2.2 */

typedef struct PlaylistSegment {
    char name[PLAYLIST_NAME_SIZE]; /* a file beside the playlist; unique for all time */
    int64_t duration_90k;
    int64_t starts_unix_us; /* EXT-X-PROGRAM-DATE-TIME */
    bool discontinuity;     /* stands between it and the one before */
} PlaylistSegment;

typedef struct Playlist {
    int64_t target_duration_s; /* never changes */
    size_t window;             /* segments that are kept */
    uint64_t media_sequence;   /* of segments[0] */
    uint64_t discontinuity_sequence;
    bool ended;
    size_t count;
    PlaylistSegment segments[PLAYLIST_SEGMENTS_MAX];
} Playlist;

void playlist_init(Playlist *playlist, int64_t target_duration_s, size_t window);

/* Adds a segment at the end. The list must not have ended and must have room: take what is due off
 * with playlist_drop() first. */
void playlist_append(Playlist *playlist, const PlaylistSegment *segment);

/* Takes the oldest segment off where there are more than the window asks for, and three target
 * durations remain. Returns false where none is due. */
bool playlist_drop(Playlist *playlist, PlaylistSegment *dropped);

/* The newest discontinuity number in the list. */
uint64_t playlist_newest_discontinuity(const Playlist *playlist);

/* Takes everything off, for a new beginning; the numbers go on. */
void playlist_restart(Playlist *playlist);

/* The sum of the durations. */
int64_t playlist_duration_90k(const Playlist *playlist);

Listing playlist_listing(const Playlist *playlist);

/* The number that the next segment gets. */
uint64_t playlist_next_sequence(const Playlist *playlist);

/* RFC 3339 with milliseconds, in UTC; PLAYLIST_TIME_SIZE bytes. */
void playlist_format_time(int64_t unix_us, char *out);

/* Seconds with five decimals, from whole ticks: 180000 is 2.00000; PLAYLIST_DURATION_SIZE bytes. */
void playlist_format_duration(int64_t duration_90k, char *out);

/* Writes the text, terminated, into `text` (PLAYLIST_TEXT_SIZE bytes). Returns its length. */
size_t playlist_write(const Playlist *playlist, char *text);

/* Reads a text that playlist_write() wrote; `window` is asked for from now on. Returns 0, or -1
 * where it is none. */
int playlist_read(Playlist *playlist, const char *text, size_t len, size_t window);

#endif
