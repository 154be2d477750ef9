/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_MEDIA_INNER_H
#define CMAF_MEDIA_INNER_H

/* The media from inside, for cmaf_media.c, which has the best pictures, for cmaf_sound.c, which has
 * the sound, for cmaf_others.c, which has all other pictures, and for cmaf_media_life.c, where a
 * publisher begins and ends.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/cmaf_media.h"
#include "package/early_sound.h"
#include "package/held_pictures.h"

typedef struct CmafLine {
    CmafTrack *track;
    TrackKind kind;
    bool has;             /* of the publisher that has started */
    bool follows;         /* likewise, but it is made by media of its own */
    bool waits;           /* it has not come to the beginning of the newest segment */
    bool fresh;           /* no picture of it has come since the start */
    bool lost;            /* its pictures, until a segment begins with one: it has other sets */
    int64_t last_dts_90k; /* of its newest picture */
    int64_t known_90k;    /* no picture before this is to come any more; not of the lead */
    HeldPictures held;    /* not of the lead */
    int64_t sound_end;    /* of its newest sample, samples */
} CmafLine;

struct CmafMedia {
    CmafMediaParams params;
    CmafLine line[RENDITIONS_MAX];
    size_t lines;
    Renditions sent; /* by the publisher that is about to start, or has */
    size_t line_of[RENDITIONS_MAX];
    size_t lead; /* line of the best video, that segments are cut by; RENDITION_NONE: sound alone */
    size_t more_of[CMAF_MORE_SOUNDS];     /* line of each, likewise */
    size_t sound, more[CMAF_MORE_SOUNDS]; /* the same, of the publisher that has started */
    size_t best; /* the rendition that segments are cut by, though there may be no line of it */
    int64_t passed_90k; /* its newest picture, if there is no line of it */
    bool running;
    OutputSegment segment; /* the newest one */
    int64_t safe_90k;      /* no segment ends before this any more */
    EarlySound *early;     /* what came before a publisher's first segment; owned */
};

/* Where the publisher's sound ends, samples; it has some. */
static inline int64_t cmaf_media_sound_end(const CmafMedia *media)
{
    return media->line[media->sound].sound_end;
}

/* Whether segments are cut by pictures. */
static inline bool cmaf_media_has_pictures(const CmafMedia *media)
{
    return media->best != RENDITION_NONE;
}

/* Makes the parts of a line that can be made, if all samples before `known` are here. Returns 0, or
 * -1 with errno; so do all that follow. */
int cmaf_media_advance(CmafMedia *media, CmafLine *line, int64_t known, int64_t now_us);

/* A segment of a line begins at `start`, in its own unit. */
void cmaf_media_begin_segment(CmafMedia *media, CmafLine *line, int64_t start);

/* Whether the newest segment has no picture yet, nor a part that was made without one. */
bool cmaf_media_lacks_pictures(const CmafMedia *media, const CmafLine *line);

/* Makes the parts of sound that can be made. */
int cmaf_sound_advance(CmafMedia *media, int64_t now_us);

/* The newest segment ends, and the sound may not have come to its beginning: it begins there all
 * the same. Without a segment of that number all that follow would have other numbers than those of
 * the pictures. If none of its sound comes, it is a gap. */
int cmaf_sound_reach(CmafMedia *media, int64_t now_us);

/* A segment of sound ends where the newest one begins. */
int cmaf_sound_cut(CmafMedia *media, int64_t now_us);

/* By how much the sound is dated early. */
int64_t cmaf_sound_early_us(const CmafMedia *media);

/* Where on the clock of samples something of 1/90000 s is: the first sample at or after it. */
int64_t cmaf_sound_samples(int64_t at_90k);

/* The next line of another video rendition than the lead, behind `line`; NULL: there is none. Begin
 * with NULL. */
CmafLine *cmaf_others_next(CmafMedia *media, CmafLine *line);

/* A picture of such a line has come, or before the lead has begun: then the newest IDR picture is
 * kept, and what follows it. */
int cmaf_others_picture(CmafMedia *media, CmafLine *line, const AccessUnit *unit, int64_t pts_90k,
                        int64_t dts_90k, int64_t now_us);
int cmaf_others_keep_early(CmafLine *line, const AccessUnit *unit, int64_t pts_90k,
                           int64_t dts_90k);

/* Forgets the pictures of all lines that wait. */
void cmaf_others_forget(CmafMedia *media);

/* Lets those pictures go on that need not wait, or `all`. */
int cmaf_others_release(CmafMedia *media, CmafLine *line, bool all, int64_t now_us);

/* Makes what can be made: no segment ends but where one of the lead's does. */
int cmaf_others_advance(CmafMedia *media, CmafLine *line, int64_t now_us);

/* The line comes to the beginning of the newest segment. */
int cmaf_others_begin(CmafMedia *media, CmafLine *line, int64_t now_us);

/* Its segment ends where the newest one begins. */
int cmaf_others_cut(CmafMedia *media, CmafLine *line, int64_t now_us);

/* No picture of it before `known_90k` is to come. */
int cmaf_others_tick(CmafMedia *media, CmafLine *line, int64_t known_90k, int64_t now_us);

/* Ends what there is of it, so that it has the segments of the lead. */
int cmaf_others_finish(CmafMedia *media, CmafLine *line, int64_t now_us);

#endif
