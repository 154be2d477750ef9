/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_PLAYLISTS_H
#define CMAF_PLAYLISTS_H

/* The playlists of a stream's renditions, as files and for those who wait: video.m3u8, audio.m3u8,
 * video-NAME.m3u8, their I-frame playlists iframes.m3u8 and iframes-NAME.m3u8, and master.m3u8
 * which names them. A rendition is known by the index of its track.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "package/cmaf_track.h"
#include "serve/ll_hub.h"
#include "store/number_log.h"

#define MASTER_FILE "master.m3u8"

typedef struct CmafPlaylists CmafPlaylists;

typedef struct CmafPlaylistsParams {
    const char *stream; /* for log lines */
    Store *folder;      /* all of these are borrowed */
    LlBoard *board;
    NumberLog *numbers;      /* NULL: none is kept */
    CmafTrack *const *track; /* their numbers go on where files stand */
    size_t tracks;           /* that there are at first; RENDITIONS_MAX at the most, ever */
    const Clock *clock;
    const char *language;  /* of the sound, as multivariant.h has it; borrowed */
    const MediaKeys *keys; /* that lists name; NULL: they name none */
} CmafPlaylistsParams;

/* Returns NULL with errno: there is no memory, or what an earlier run has left cannot be read. */
CmafPlaylists *cmaf_playlists_create(const CmafPlaylistsParams *params);

/* Accepts NULL, leaves NULL. */
void cmaf_playlists_destroy(CmafPlaylists **playlists);

/* There is one more track behind the others, of which an earlier run has left nothing. */
void cmaf_playlists_add(CmafPlaylists *playlists);

/* A publisher begins; `has` tells for each rendition whether it is sent. Numbers of segments and
 * of discontinuities are the same in both: a list that has missed something begins again, with what
 * it lists removed when nobody can want it; one that is not sent any more ends. */
void cmaf_playlists_begin(CmafPlaylists *playlists, const bool *has, int64_t now_us);

/* What is listed of a rendition, by an earlier run perhaps. */
Listing cmaf_playlists_listing(const CmafPlaylists *playlists, size_t which);

/* Whether that is the file of an earlier run, which this one has not replaced. */
bool cmaf_playlists_is_former(const CmafPlaylists *playlists, size_t which);

/* What an earlier run has left is to be replaced, though it has ended. */
void cmaf_playlists_forget_former(CmafPlaylists *playlists);

/* Whether a playlist that an earlier run has left names this file. To be asked until all that it
 * names is forgotten. */
bool cmaf_playlists_former_name(const CmafPlaylists *playlists, const char *file);
void cmaf_playlists_forget_names(CmafPlaylists *playlists);

/* Writes a rendition's playlist, if it has a segment or an end, and tells those who wait for it.
 * Returns 0, or -1 with errno: then it is due. */
int cmaf_playlists_publish(CmafPlaylists *playlists, size_t which);

/* The same for another part of a rendition that has what the best one has, since nobody watches it.
 * If nobody has asked for its list lately, it is written with the next whole segment, or when
 * somebody asks: cmaf_playlists_write_awaited(). */
int cmaf_playlists_publish_later(CmafPlaylists *playlists, size_t which);
void cmaf_playlists_write_awaited(CmafPlaylists *playlists);

/* Writes the multivariant playlist if it says something new, and tells those who wait for the
 * stream to begin once it has. If writing fails it is due. */
void cmaf_playlists_multivariant(CmafPlaylists *playlists);

/* Whether a file is older than what it is to say, since it could not be written. */
bool cmaf_playlists_are_due(const CmafPlaylists *playlists);

/* Writes again what is due. */
void cmaf_playlists_write_due(CmafPlaylists *playlists);

#endif
