/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_media_inner.h"

#include <stdlib.h>

CmafMedia *cmaf_media_create(const CmafMediaParams *params)
{
    CmafMedia *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->params = *params;
    m->lead = m->sound = m->best = RENDITION_NONE;
    for (size_t i = 0; i < CMAF_MORE_SOUNDS; i++)
        m->more_of[i] = m->more[i] = RENDITION_NONE;
    return m;
}

void cmaf_media_destroy(CmafMedia **media)
{
    if (!*media)
        return;
    cmaf_others_forget(*media);
    early_sound_destroy(&(*media)->early);
    free(*media);
    *media = NULL;
}

void cmaf_media_add(CmafMedia *m, CmafTrack *track)
{
    m->line[m->lines++] = (CmafLine){.track = track, .kind = cmaf_track_kind(track)};
}

/* The line of a picture; NULL: it goes to none. */
static CmafLine *line_of(CmafMedia *m, const AccessUnit *unit)
{
    size_t line = unit->track < m->sent.count ? m->line_of[unit->track] : RENDITION_NONE;

    return line < m->lines ? &m->line[line] : NULL;
}

/* ---- segments ---- */

/* Makes the parts of a line that can be made, if all samples before `known` are here. Returns 0,
 * or -1 with errno. */
int cmaf_media_advance(CmafMedia *m, CmafLine *line, int64_t known, int64_t now_us)
{
    const LlPlaylist *list = cmaf_track_playlist(line->track);
    int64_t msn = window_next_msn(&list->window);

    if (cmaf_track_cut(line->track, known, now_us) == 0)
        return 0;
    return m->params.publish(m->params.user, (size_t)(line - m->line),
                             window_next_msn(&list->window) != msn);
}

void cmaf_media_begin_segment(CmafMedia *m, CmafLine *line, int64_t start)
{
    const OutputSegment *s = &m->segment;
    bool video = line->kind == TRACK_VIDEO;
    int64_t offset_us = video ? 0 : samples_to_us(start) - ticks_to_us(s->start_90k);

    if (!video && cmaf_media_has_pictures(m))
        offset_us -= cmaf_sound_early_us(m);
    cmaf_track_begin(line->track, start, video ? s->limit_90k : cmaf_sound_samples(s->limit_90k),
                     s->starts_unix_us + offset_us, s->discontinuity);
}

/* ---- the pictures that segments are cut by ---- */

bool cmaf_media_needs_cut(const CmafMedia *m, const AccessUnit *unit)
{
    if (!m->running || m->lead == RENDITION_NONE || !unit->idr)
        return false;
    const CmafTrack *track = m->line[m->lead].track;
    return cmaf_track_format(track)->width > 0 && cmaf_track_has_other_sets(track, unit);
}

/* Whether a segment has parts, and would end with the last of them at `at_90k`. */
static bool ends_with_part(const CmafTrack *track, int64_t at_90k)
{
    const LlPlaylist *list = cmaf_track_playlist(track);
    int64_t position = cmaf_track_position(track);

    if (!list->window.open || list->segment[list->window.count].parts == 0)
        return false;
    return (cmaf_track_kind(track) == TRACK_VIDEO ? position : samples_to_90k(position)) == at_90k;
}

/* Where a segment can begin whose IDR picture came so late that it is put where parts end. One more
 * has been hinted at, and viewers wait for it: it comes, with the last picture again, and one frame
 * of sound. */
static int64_t behind_hinted(const CmafMedia *m, int64_t at_90k)
{
    int64_t next_90k = at_90k + samples_to_90k(AAC_FRAME_SAMPLES);
    bool hinted = m->lead != RENDITION_NONE && ends_with_part(m->line[m->lead].track, at_90k);

    if (m->sound != RENDITION_NONE)
        hinted = hinted || ends_with_part(m->line[m->sound].track, at_90k);
    for (size_t i = 0; i < CMAF_MORE_SOUNDS; i++)
        if (m->more[i] != RENDITION_NONE)
            hinted = hinted || ends_with_part(m->line[m->more[i]].track, at_90k);
    if (!hinted || next_90k > m->segment.limit_90k || cmaf_media_reach_90k(m, next_90k) < next_90k)
        return at_90k;
    return next_90k;
}

void cmaf_media_settle(const CmafMedia *m, const AccessUnit *unit, int64_t *pts_90k,
                       int64_t *dts_90k)
{
    const CmafLine *lead = m->lead != RENDITION_NONE ? &m->line[m->lead] : NULL;
    bool idr = unit->idr;
    int64_t least = INT64_MIN / 2; /* nothing is out yet */

    if (!m->running)
        return;
    if (lead)
        least = cmaf_track_position(lead->track);
    if (m->sound != RENDITION_NONE && cmaf_track_is_open(m->line[m->sound].track)) {
        int64_t audio = samples_to_90k(cmaf_track_position(m->line[m->sound].track));
        least = audio > least ? audio : least;
    }
    /* pictures that come after late ones still follow them */
    if (lead && lead->last_dts_90k >= least)
        least = lead->last_dts_90k + 1;
    /* an IDR picture is decoded when it is shown; with B-frames, what follows it is so a little
     * later than it would be, and shown in time all the same */
    if (idr && least > *pts_90k)
        least = behind_hinted(m, least);
    int64_t late = idr ? least - *pts_90k : least - *dts_90k;
    if (late > 0)
        *dts_90k += late;
    if (*pts_90k < (idr ? least : *dts_90k))
        *pts_90k = idr ? least : *dts_90k;
}

bool cmaf_media_lacks_pictures(const CmafMedia *m, const CmafLine *line)
{
    return cmaf_track_position(line->track) == m->segment.start_90k &&
           line->last_dts_90k < m->segment.start_90k;
}

static int put_lead(CmafMedia *m, CmafLine *lead, const AccessUnit *unit, int64_t pts_90k,
                    int64_t dts_90k, int64_t now_us)
{
    int64_t at = unit->idr ? pts_90k : dts_90k;

    /* its segment has begun at the limit, before it: it is shown early, so that the segment has
     * what it needs to be decoded */
    if (unit->idr && cmaf_media_lacks_pictures(m, lead))
        at = pts_90k = m->segment.start_90k;
    /* what lies before it is complete; if it lacks a picture, the one before is repeated */
    m->safe_90k = at > m->safe_90k ? at : m->safe_90k;
    int status = cmaf_media_advance(m, lead, m->safe_90k, now_us);
    cmaf_track_picture(lead->track, unit, pts_90k, at,
                       unit->idr && pts_90k == m->segment.start_90k);
    lead->last_dts_90k = at;
    return status;
}

/* ---- pictures and cuts ---- */

/* A picture of the best rendition, of which there is no line: others are made of it. */
static int pass_best(CmafMedia *m, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                     int64_t now_us)
{
    int64_t at = unit->idr ? pts_90k : dts_90k;

    if (!m->running || unit->track != m->best)
        return 0;
    m->passed_90k = at;
    m->safe_90k = at > m->safe_90k ? at : m->safe_90k;
    return cmaf_sound_advance(m, now_us);
}

int cmaf_media_picture(CmafMedia *m, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                       int64_t now_us)
{
    CmafLine *line = line_of(m, unit);
    int status = 0;

    if (!line)
        return pass_best(m, unit, pts_90k, dts_90k, now_us);
    if (!m->running)
        return cmaf_others_keep_early(line, unit, pts_90k, dts_90k);
    if (!line->has)
        return 0;
    if (line != &m->line[m->lead])
        return cmaf_others_picture(m, line, unit, pts_90k, dts_90k, now_us);
    status = put_lead(m, line, unit, pts_90k, dts_90k, now_us);
    status |= cmaf_sound_advance(m, now_us);
    for (CmafLine *other = NULL; (other = cmaf_others_next(m, other));)
        status |=
            cmaf_others_release(m, other, false, now_us) | cmaf_others_advance(m, other, now_us);
    return status;
}

int cmaf_media_cut(CmafMedia *m, const OutputSegment *next, int64_t now_us)
{
    int status = 0;

    if (!m->running)
        return 0;
    for (CmafLine *line = NULL; (line = cmaf_others_next(m, line));)
        if (line->waits)
            status |= cmaf_others_begin(m, line, now_us); /* it has waited for a whole segment */
    status |= cmaf_sound_reach(m, now_us);
    m->segment = *next;
    m->safe_90k = next->start_90k > m->safe_90k ? next->start_90k : m->safe_90k;
    if (m->lead != RENDITION_NONE) {
        CmafLine *lead = &m->line[m->lead];
        cmaf_track_end(lead->track, next->start_90k);
        status |= cmaf_media_advance(m, lead, next->start_90k, now_us);
        cmaf_media_begin_segment(m, lead, next->start_90k);
    }
    status |= cmaf_sound_cut(m, now_us);
    for (CmafLine *line = NULL; (line = cmaf_others_next(m, line));)
        status |= cmaf_others_cut(m, line, now_us);
    return status;
}

/* ---- time ---- */

int cmaf_media_tick(CmafMedia *m, int64_t known_90k, int64_t now_us)
{
    int64_t safe = known_90k;
    int status = 0;

    if (!m->running || !cmaf_media_has_pictures(m))
        return 0;
    if (safe > m->segment.limit_90k)
        safe = m->segment.limit_90k;
    /* repeated pictures go no further than the sound: if the publisher has vanished, they would be
     * in a segment that the sound never comes to */
    if (m->sound != RENDITION_NONE)
        safe = smaller(safe, samples_to_90k(cmaf_media_sound_end(m)));
    if (safe > m->safe_90k) {
        m->safe_90k = safe;
        if (m->lead != RENDITION_NONE)
            status |= cmaf_media_advance(m, &m->line[m->lead], safe, now_us);
        status |= cmaf_sound_advance(m, now_us);
    }
    for (CmafLine *line = NULL; (line = cmaf_others_next(m, line));)
        status |= cmaf_others_tick(m, line, known_90k, now_us);
    return status;
}
