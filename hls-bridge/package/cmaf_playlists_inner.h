/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_PLAYLISTS_INNER_H
#define CMAF_PLAYLISTS_INNER_H

/* The playlists from inside, for cmaf_playlists.c and cmaf_multivariant.c alone.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/cmaf_playlists.h"
#include "package/multivariant.h"

/* A playlist that an earlier run has left, until there is one of this run in its place. */
typedef struct Former {
    bool there, ended;
    char *text; /* until its names are forgotten; owned */
} Former;

/* One rendition's. */
typedef struct List {
    char file[CMAF_TRACK_NAME_SIZE + sizeof(".m3u8")];
    bool has;                   /* the publisher sends it */
    bool due;                   /* the file could not be written, or that of its I-frames */
    char iframes[LL_NAME_SIZE]; /* the file of these; "": sound has none */
    int64_t iframes_next;       /* how far that lists segments; 0: it is not written yet */
    bool iframes_ended;
    Former former;
} List;

struct CmafPlaylists {
    CmafPlaylistsParams params;
    size_t lists;
    List list[RENDITIONS_MAX];
    Multivariant listed; /* as it was last written */
    bool multivariant_due;
    char text[LL_TEXT_SIZE], delta[LL_TEXT_SIZE];
};

static inline const LlPlaylist *playlist_of(const CmafPlaylists *p, size_t which)
{
    return cmaf_track_playlist(p->params.track[which]);
}

/* Writes the multivariant playlist, if it says something new; if that fails it is due. */
void cmaf_playlists_write_multivariant(CmafPlaylists *playlists);

/* Tells those who wait for the stream to begin, once it has. */
void cmaf_playlists_tell_of_beginning(const CmafPlaylists *playlists);

#endif
