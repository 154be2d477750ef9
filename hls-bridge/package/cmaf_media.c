/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_media_inner.h"

#include <stdlib.h>

/* hls.js places the sound by its dates beside those of the picture. If that is later than the
 * media says, if only by the rounding to a millisecond, it takes the segment that it has played for
 * the one that comes next, and stands still for three target durations. It compares the first that
 * is listed with the one in the middle, so what dates are put right by between them counts too. */
#define DATE_STEP_US 400
#define ROUNDING_US  1100

CmafMedia *cmaf_media_create(const CmafMediaParams *params)
{
    CmafMedia *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->params = *params;
    m->lead = m->sound = m->best = RENDITION_NONE;
    return m;
}

void cmaf_media_destroy(CmafMedia **media)
{
    if (!*media)
        return;
    cmaf_others_forget(*media);
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

/* Where on the clock of samples something of 1/90000 s is: the first sample at or after it. */
static int64_t to_samples(int64_t at_90k)
{
    return -floor_div(-at_90k * 8, 15);
}

/* How many segments lie between those that hls.js compares, if `listed` are listed: one list may be
 * newer than the other. */
static int64_t compared(size_t listed)
{
    return (int64_t)listed / 2 + 2;
}

/* By how much the sound is dated early. */
static int64_t sound_early_us(const CmafMedia *m)
{
    return ROUNDING_US + DATE_STEP_US * compared(m->params.window);
}

int64_t cmaf_media_date_step_us(const CmafMedia *m)
{
    size_t window = m->params.window, listed = 0;

    if (m->lead != RENDITION_NONE)
        listed = cmaf_track_playlist(m->line[m->lead].track)->window.count;
    return DATE_STEP_US * compared(window) / compared(listed > window ? listed : window);
}

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
        offset_us -= sound_early_us(m);
    cmaf_track_begin(line->track, start, video ? s->limit_90k : to_samples(s->limit_90k),
                     s->starts_unix_us + offset_us, s->discontinuity);
}

/* ---- the sound ---- */

static int advance_sound(CmafMedia *m, int64_t now_us)
{
    int64_t safe = cmaf_media_has_pictures(m) ? floor_div(m->safe_90k * 8, 15) : INT64_MAX;
    CmafLine *line = &m->line[m->sound];

    if (!cmaf_track_is_open(line->track))
        return 0;
    return cmaf_media_advance(m, line, m->audio_end < safe ? m->audio_end : safe, now_us);
}

/* The sound comes to the beginning of the newest segment at `start`. Returns 0, or -1 with errno.
 */
static int begin_sound(CmafMedia *m, int64_t start, int64_t now_us)
{
    const CmafMuxParams params = {
        .kind = TRACK_AUDIO,
        .config = m->params.aac_config,
        .config_len = m->params.aac_config_len,
    };
    CmafLine *line = &m->line[m->sound];
    bool first = !cmaf_track_is_open(line->track);
    int status = 0;

    if (!first) {
        cmaf_track_end(line->track, start);
        status = cmaf_media_advance(m, line, start, now_us);
    }
    cmaf_media_begin_segment(m, line, start);
    if (first && cmaf_track_configure(line->track, &params) < 0)
        status = -1;
    line->waits = false;
    return status;
}

/* A cut that was decided late lies before sound that is here: it belongs to the next segment. */
static int divide_sound(CmafMedia *m, int64_t now_us)
{
    int64_t beyond = m->audio_end - to_samples(m->segment.start_90k);

    if (beyond < 0 || !cmaf_track_is_open(m->line[m->sound].track))
        return 0;
    return begin_sound(m, m->audio_end - beyond / AAC_FRAME_SAMPLES * AAC_FRAME_SAMPLES, now_us);
}

int cmaf_media_sound(CmafMedia *m, const AacFrame *frame, int64_t now_us)
{
    int64_t pts = frame->pts_samples;
    int status = 0;

    if (!m->running) {
        early_sound_keep(&m->early, frame);
        return 0;
    }
    if (m->sound == RENDITION_NONE)
        return 0;
    CmafLine *line = &m->line[m->sound];
    if (line->waits && samples_to_90k(pts) >= m->segment.start_90k)
        status |= begin_sound(m, pts, now_us);
    if (!cmaf_track_is_open(line->track))
        return status; /* sound from before the first picture */
    cmaf_track_sound(line->track, frame);
    m->audio_end = pts + AAC_FRAME_SAMPLES;
    if (line->waits)
        status |= divide_sound(m, now_us);
    return status | advance_sound(m, now_us);
}

/* ---- the pictures that segments are cut by ---- */

bool cmaf_media_needs_cut(const CmafMedia *m, const AccessUnit *unit)
{
    if (!m->running || m->lead == RENDITION_NONE || !unit->idr)
        return false;
    const CmafTrack *track = m->line[m->lead].track;
    return cmaf_track_format(track)->width > 0 && cmaf_track_has_other_sets(track, unit);
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
    m->safe_90k = at > m->safe_90k ? at : m->safe_90k;
    return m->sound != RENDITION_NONE ? advance_sound(m, now_us) : 0;
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
    if (m->sound != RENDITION_NONE)
        status |= advance_sound(m, now_us);
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
    m->segment = *next;
    m->safe_90k = next->start_90k > m->safe_90k ? next->start_90k : m->safe_90k;
    if (m->lead != RENDITION_NONE) {
        CmafLine *lead = &m->line[m->lead];
        cmaf_track_end(lead->track, next->start_90k);
        status |= cmaf_media_advance(m, lead, next->start_90k, now_us);
        cmaf_media_begin_segment(m, lead, next->start_90k);
    }
    if (m->sound != RENDITION_NONE) {
        m->line[m->sound].waits = true;
        status |= divide_sound(m, now_us);
        status |= advance_sound(m, now_us);
    }
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
    if (m->sound != RENDITION_NONE && safe > samples_to_90k(m->audio_end))
        safe = samples_to_90k(m->audio_end);
    if (safe > m->safe_90k) {
        m->safe_90k = safe;
        if (m->lead != RENDITION_NONE)
            status |= cmaf_media_advance(m, &m->line[m->lead], safe, now_us);
        if (m->sound != RENDITION_NONE)
            status |= advance_sound(m, now_us);
    }
    for (CmafLine *line = NULL; (line = cmaf_others_next(m, line));)
        status |= cmaf_others_tick(m, line, known_90k, now_us);
    return status;
}
