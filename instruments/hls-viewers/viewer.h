/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VIEWER_H
#define VIEWER_H

/* One viewer of the audience, for its own files alone: audience.c has all of them, viewer_lists.c
 * asks for playlists, viewer_media.c for what they list, and viewer.c counts the answers to both.
 *
 * Thread-safety: one thread. */

#include "audience.h"
#include "births.h"
#include "shared_list.h"

#define RENDITIONS 2
#define URI_SIZE   256

#define VIEWER_PATH_SIZE (HTTP_PATH_SIZE + 96) /* with what a request for a part adds */

static const PlayerPlace viewer_nowhere = {-1, 0};

typedef struct Rendition {
    char path[HTTP_PATH_SIZE]; /* of its playlist; empty: there is none */
    SharedList *list;
    Births *births;
} Rendition;

/* One rendition as one viewer plays it. */
typedef struct Track {
    struct Viewer *viewer;
    Rendition *rendition;
    HttpConnection *list, *media;
    bool started, over;
    bool by_parts;       /* low latency; otherwise by segments */
    int64_t list_at_us;  /* when to ask for the playlist; 0: that is under way, or not yet due */
    PlayerPlace asked;   /* that the playlist request waits for */
    bool skips;          /* and asks for without old segments */
    PlayerPlace told;    /* the end of the last playlist */
    PlayerPlace next;    /* media that comes next */
    PlayerPlace refused; /* a hinted part that there is not */
    bool hinted, is_map;
    bool whole;         /* the segment of `next` is being fetched, since its parts are gone */
    char uri[URI_SIZE]; /* that is being fetched */
    char map[URI_SIZE]; /* the last one that was */
    int64_t got;
} Track;

typedef struct Viewer {
    Audience *audience;
    bool opened;       /* has been given what the URL names */
    const char *token; /* that its paths carry; NULL: none */
    Track track[RENDITIONS];
} Viewer;

struct Audience {
    const ViewerOptions *options;
    HttpLoop *loop;
    ViewerTally *tally;
    bool measuring;
    SharedList *master;
    Rendition rendition[RENDITIONS];
    size_t admitted;
    Viewer viewer[];
};

/* Asks for a path, with the viewer's token. */
void viewer_get(const Track *track, HttpConnection *connection, const char *path, bool keep_body);

/* Counts something wrong. */
void viewer_trouble(Track *track, Trouble kind);

/* `uri` beside the playlist that the URL names; `path` has room for HTTP_PATH_SIZE bytes. Returns
 * false if it is elsewhere, or too long. */
bool viewer_resolve(const Audience *audience, const char *uri, char *path);

/* Counts an answer. Returns whether it is the expected one. */
bool viewer_count(Track *track, const HttpReply *answer);

/* A part that was waited for is measured from its birth, even if the viewer asked later: a viewer
 * is late only because the answer before was. */
void viewer_measure(Audience *audience, Wait wait, int64_t from_us, const HttpReply *answer);

/* Where a player begins to play a list. */
PlayerPlace viewer_beginning(const PlayerList *list, bool by_parts);

/* Fetches what comes next of the media, if it is there and nothing is being fetched. */
void viewer_fetch_next(Track *track);

/* Asks for the playlist, or for what the URL names. */
void viewer_ask_for_list(Track *track);

/* Answers, to a track. */
void viewer_on_list(void *track, const HttpReply *answer);
void viewer_on_media(void *track, const HttpReply *answer);

#endif
