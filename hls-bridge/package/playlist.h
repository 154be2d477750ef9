/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYLIST_H
#define PLAYLIST_H

/* The media playlist: the window of segments that viewers see, and its text (RFC 8216).
 *
 * Media sequence numbers and discontinuity sequence numbers only ever grow; a playlist that was
 * read back goes on where it stood.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "base/rendition.h"
#include "package/media_keys.h"
#include "package/window.h"
#include "text_buffer.h"

#define PLAYLIST_SEGMENTS_MAX 128
#define PLAYLIST_WINDOW_MAX   60 /* segments asked for; RFC 8216 may make a list longer */
#define PLAYLIST_NAME_SIZE    80
#define PLAYLIST_TEXT_SIZE    65536 /* bytes that hold the text of any playlist */

#define PLAYLIST_TIME_DECIMALS 3 /* of a second, in each list */

typedef struct PlaylistSegment {
    WindowSegment common;
    char name[PLAYLIST_NAME_SIZE]; /* a file beside the playlist; unique for all time */
    const MediaKey *key;           /* that it is encrypted with; borrowed; NULL: it is clear */
} PlaylistSegment;

typedef struct Playlist {
    Window window;
    PlaylistSegment segments[PLAYLIST_SEGMENTS_MAX];
} Playlist;

/* Another rendition's list: it has the same segments under names of its own, from one on. */
typedef struct PlaylistRendition {
    const char *name;  /* "low"; "": the best */
    int64_t first_msn; /* the first that it has */
} PlaylistRendition;

void playlist_init(Playlist *playlist, int64_t target_duration_s, size_t keep);

/* For what the window does; it changes a playlist only through functions that say so. */
WindowView playlist_view(const Playlist *playlist);

/* Adds a segment at the end. The list must not have ended and must have room: take what is due off
 * with window_drop() first. */
void playlist_append(Playlist *playlist, const PlaylistSegment *segment);

/* Seconds with five decimals, from whole ticks: 180000 is 2.00000. */
void playlist_add_duration(TextBuffer *out, int64_t duration_90k);

/* The lines EXT-X-PROGRAM-DATE-TIME and EXTINF of a segment. */
void playlist_add_segment(TextBuffer *out, const WindowSegment *segment);

/* The file of a rendition's list, "index-low.m3u8". PLAYLIST_NAME_SIZE bytes, here and below. */
void playlist_rendition_list(const char *rendition, char *name);

/* The file of a rendition's segment, "seg-low-…", by that of the best, "seg-…"; and back: returns
 * false if `name` is none of that rendition's. */
void playlist_rendition_segment(const char *segment, const char *rendition, char *name);
bool playlist_best_segment(const char *name, const char *rendition, char *segment);

/* Writes the text of a rendition's list, NULL: the best, terminated, into `text`
 * (PLAYLIST_TEXT_SIZE bytes). Returns its length. */
size_t playlist_write(const Playlist *playlist, const PlaylistRendition *rendition, char *text);

/* Reads a text that playlist_write() wrote; `window` is asked for from now on, and `keys` has the
 * keys that it names, NULL: it may name none. There is room for one more segment behind it. Returns
 * 0, or -1 if it is none, or a key is not there. */
int playlist_read(Playlist *playlist, const char *text, size_t len, size_t window,
                  const MediaKeys *keys);

#endif
