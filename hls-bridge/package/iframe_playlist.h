/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef IFRAME_PLAYLIST_H
#define IFRAME_PLAYLIST_H

/* The I-frame playlist of a rendition (rfc8216bis, section 4.4.3.6), for players that show pictures
 * while they are wound: the IDR picture that begins each whole segment, as a range of bytes of its
 * file. It stands until the next segment begins, so that durations, numbers and dates are those of
 * the media playlist. A segment that does not begin with one is a gap.
 *
 * A range holds all of the first fragment's head, which tells of more pictures than follow in it.
 * It is one of the bytes before METHOD=AES-128: players take whole blocks, and decrypt them
 * (section 6.3.6).
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: none needed, there is no state. */

#include "package/ll_playlist.h"

/* The name of its file, by that of the media playlist's rendition: "iframes.m3u8" of "video",
 * "iframes-low.m3u8" of "video-low". LL_NAME_SIZE bytes. */
void iframe_playlist_name(const char *rendition, char *name);

/* Writes the text, terminated, into `text` (LL_TEXT_SIZE bytes). Returns its length. */
size_t iframe_playlist_write(const LlPlaylist *playlist, char *text);

/* bit/s of the largest that is listed and of all; 0: there is none. */
int64_t iframe_playlist_peak(const LlPlaylist *playlist);
int64_t iframe_playlist_average(const LlPlaylist *playlist);

#endif
