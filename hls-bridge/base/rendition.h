/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RENDITION_H
#define RENDITION_H

/* What a publisher sends: one audio track at most, and up to eight of video, which show the same in
 * other sizes.
 *
 * They stand in the order of the publisher's description: audio first, if there is any, then video,
 * the best first. A rendition is known by its index here: AccessUnit.track is one.
 *
 * Plain values. Thread-safety: none needed. */

#include <string.h>

#include "base/media.h"

#define RENDITIONS_MAX      (STREAM_TRACKS_MAX + 2) /* with two more renditions of sound */
#define RENDITION_NAME_SIZE 33                      /* bytes: 32 of [A-Za-z0-9_-] */
#define RENDITION_NONE      RENDITIONS_MAX

#define RENDITION_SOUND_CODEC "mp4a.40.2" /* AAC-LC: what all sound is made of */
#define RENDITION_OPUS_CODEC  "opus"      /* but for what is copied */

typedef struct Rendition {
    TrackKind kind;
    char name[RENDITION_NAME_SIZE]; /* "": the best, or only, of its kind */
    Codec codec;                    /* of video; it does not change */
    int width, height;              /* pixels; 0: not known yet, or sound */
    int64_t bitrate;                /* bit/s that was announced; 0: not known */
    bool follows; /* its pictures are made of the best rendition's, and come later; such stand last
                   */
    int side;     /* of one that is made only while it is watched: the length of its shorter side in
                     pixels, with `bitrate`; 0: it is always made */
} Rendition;

typedef struct Renditions {
    size_t count;
    Rendition item[RENDITIONS_MAX];
} Renditions;

/* The index of the first of a kind, which is the best of video; RENDITION_NONE: there is none. */
static inline size_t renditions_first(const Renditions *renditions, TrackKind kind)
{
    for (size_t i = 0; i < renditions->count; i++)
        if (renditions->item[i].kind == kind)
            return i;
    return RENDITION_NONE;
}

static inline bool renditions_have(const Renditions *renditions, TrackKind kind)
{
    return renditions_first(renditions, kind) != RENDITION_NONE;
}

/* How many there are of a kind. */
static inline size_t renditions_count(const Renditions *renditions, TrackKind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < renditions->count; i++)
        n += renditions->item[i].kind == kind;
    return n;
}

/* Whether viewers may choose between sizes, and the smallest has a sound of its own. */
static inline bool renditions_are_ladder(const Renditions *renditions)
{
    return renditions_have(renditions, TRACK_AUDIO) &&
           renditions_count(renditions, TRACK_VIDEO) > 1;
}

/* Whether two are the same to viewers: of one kind, under one name. */
static inline bool rendition_is(const Rendition *a, const Rendition *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

/* Adds a video rendition of this name, unless it is there. If there is no room it is left out. */
static inline void renditions_add_video(Renditions *renditions, const char *name)
{
    Rendition r = {.kind = TRACK_VIDEO};

    strncpy(r.name, name, sizeof(r.name) - 1);
    for (size_t i = 0; i < renditions->count; i++)
        if (rendition_is(&renditions->item[i], &r))
            return;
    if (renditions_count(renditions, TRACK_VIDEO) < VIDEO_TRACKS_MAX)
        renditions->item[renditions->count++] = r;
}

/* What a publisher of one audio and one video track sends, or of one of these. */
static inline Renditions renditions_of(bool audio, bool video)
{
    Renditions r = {0};

    if (audio)
        r.item[r.count++].kind = TRACK_AUDIO;
    if (video)
        r.item[r.count++].kind = TRACK_VIDEO;
    return r;
}

#endif
