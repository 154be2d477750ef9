/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_MEDIA_H
#define CMAF_MEDIA_H

/* Puts the media of all renditions into parts, on the same clock and with the same segments.
 *
 * The segmenter says where segments begin and end. A part may be made only when no segment can end
 * within it any more: that is as far as the pictures of the best video rendition have come, which
 * segments are cut by, and if none come, as far as they may be late. A picture that is later than
 * that is put where publishing stands.
 *
 * Other video renditions are cut at the same place. Their pictures come a little before or after
 * those of the best, so an IDR picture of theirs waits until it is known whether a segment begins
 * with it; one that is captured with the picture that begins a segment is put at its beginning, to
 * the tick. A rendition that has no IDR picture there begins its segment as it can, and one whose
 * pictures stay away goes on with repeated ones.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/cmaf_track.h"
#include "package/output.h"

typedef struct CmafMedia CmafMedia;

/* What sound there may be beside the AAC that comes with every frame. */
typedef enum CmafMoreSound {
    CMAF_SOUND_LOW,  /* that with fewer bits (aac_frame_low()): the same parts and segments */
    CMAF_SOUND_OPUS, /* what the publisher sent (AacFrame.opus): segments end with the packet */
    CMAF_MORE_SOUNDS
} CmafMoreSound;

typedef struct CmafMediaParams {
    size_t window;             /* segments in a playlist */
    const uint8_t *aac_config; /* AudioSpecificConfig; borrowed */
    size_t aac_config_len;
    /* There are other parts of a line than before, and other whole segments if `whole`. Returns 0,
     * or -1 with errno. */
    int (*publish)(void *user, size_t line, bool whole);
    /* A line has come to its end. Returns likewise. */
    int (*finished)(void *user, size_t line);
    void *user;
} CmafMediaParams;

/* Returns NULL if there is no memory. */
CmafMedia *cmaf_media_create(const CmafMediaParams *params);

/* Accepts NULL, leaves NULL. */
void cmaf_media_destroy(CmafMedia **media);

/* A line is what has been or is made of one rendition, in the order in which they are added; the
 * track is borrowed. */
void cmaf_media_add(CmafMedia *media, CmafTrack *track);

/* Which line each rendition of the publisher goes to, from the next start on; `more`: that of each
 * CmafMoreSound; RENDITION_NONE: there is none, and NULL: of none. */
void cmaf_media_assign(CmafMedia *media, const size_t *line_of, const Renditions *renditions,
                       const size_t *more);

/* Of each line, whether the publisher that is about to start sends what goes to it, though it may
 * follow: then media of its own makes it. `has` takes RENDITIONS_MAX of them. */
void cmaf_media_sent(const CmafMedia *media, bool *has);

/* Whether a publisher has started; `has` takes the same of it then. */
bool cmaf_media_is_running(const CmafMedia *media, bool *has);

/* As output.h has these. */
int cmaf_media_start(CmafMedia *media, const OutputSegment *first, int64_t now_us);
bool cmaf_media_needs_cut(const CmafMedia *media, const AccessUnit *unit);
void cmaf_media_settle(const CmafMedia *media, const AccessUnit *unit, int64_t *pts_90k,
                       int64_t *dts_90k);
int64_t cmaf_media_date_step_us(const CmafMedia *media);
int cmaf_media_picture(CmafMedia *media, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                       int64_t now_us);
int cmaf_media_sound(CmafMedia *media, const AacFrame *frame, int64_t now_us);
int cmaf_media_cut(CmafMedia *media, const OutputSegment *next, int64_t now_us);
int cmaf_media_tick(CmafMedia *media, int64_t known_90k, int64_t now_us);

/* The track of the best rendition's pictures, of the publisher that has started; NULL: there is
 * none. */
const CmafTrack *cmaf_media_lead(const CmafMedia *media);

/* ---- the end of a publisher: that of all media of a stream, step by step ---- */

/* What waits goes on. */
int cmaf_media_come_to_end(CmafMedia *media, int64_t now_us);

/* Where what has come ends. */
int64_t cmaf_media_last_90k(const CmafMedia *media);

/* How far parts of pictures are made; INT64_MIN: there are none. No last segment ends before. */
int64_t cmaf_media_made_90k(const CmafMedia *media);

/* Where all renditions can end, `end_90k` at the latest (cmaf_track_reach()). */
int64_t cmaf_media_reach_90k(const CmafMedia *media, int64_t end_90k);

/* All pictures end there, and the sound does no later. */
int cmaf_media_finish(CmafMedia *media, int64_t end_90k, int64_t now_us);

/* For the media of a line that follows: up to where parts may have been made of the others. */
int64_t cmaf_media_safe_90k(const CmafMedia *media);

#endif
