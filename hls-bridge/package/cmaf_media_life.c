/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_media_inner.h"

/* How a publisher begins and ends. */

void cmaf_media_assign(CmafMedia *m, const size_t *line_of, const Renditions *renditions,
                       const size_t *more)
{
    m->sent = *renditions;
    for (size_t i = 0; i < CMAF_MORE_SOUNDS; i++)
        m->more_of[i] = more ? more[i] : RENDITION_NONE;
    for (size_t i = 0; i < renditions->count; i++)
        m->line_of[i] = line_of[i];
}

void cmaf_media_sent(const CmafMedia *m, bool *has)
{
    for (size_t i = 0; i < RENDITIONS_MAX; i++)
        has[i] = false;
    for (size_t i = 0; i < m->sent.count; i++)
        if (m->line_of[i] < m->lines)
            has[m->line_of[i]] = true;
    for (size_t i = 0; i < CMAF_MORE_SOUNDS; i++)
        if (m->more_of[i] < m->lines)
            has[m->more_of[i]] = true;
}

bool cmaf_media_is_running(const CmafMedia *m, bool *has)
{
    for (size_t i = 0; i < RENDITIONS_MAX; i++)
        has[i] = i < m->lines && (m->line[i].has || m->line[i].follows);
    return m->running;
}

/* Which line a rendition goes to. */
static size_t line_of(const CmafMedia *m, size_t rendition)
{
    return rendition == RENDITION_NONE ? RENDITION_NONE : m->line_of[rendition];
}

/* Tells of each line what the publisher sends of it. */
static void note_sent(CmafMedia *m)
{
    for (size_t i = 0; i < m->lines; i++)
        m->line[i].has = m->line[i].follows = false;
    for (size_t i = 0; i < m->sent.count; i++) {
        if (m->line_of[i] >= m->lines)
            continue;
        m->line[m->line_of[i]].has = !m->sent.item[i].follows;
        m->line[m->line_of[i]].follows = m->sent.item[i].follows;
    }
    for (size_t i = 0; i < CMAF_MORE_SOUNDS; i++)
        if (m->more_of[i] < m->lines)
            m->line[m->more_of[i]].has = true;
}

int cmaf_media_start(CmafMedia *m, const OutputSegment *first, int64_t now_us)
{
    AacFrame frame;
    int status = 0;

    m->best = renditions_first(&m->sent, TRACK_VIDEO);
    m->lead = line_of(m, m->best);
    m->sound = line_of(m, renditions_first(&m->sent, TRACK_AUDIO));
    for (size_t i = 0; i < CMAF_MORE_SOUNDS; i++)
        m->more[i] = m->sound != RENDITION_NONE ? m->more_of[i] : RENDITION_NONE;
    note_sent(m);
    m->running = true;
    m->segment = *first;
    m->safe_90k = first->start_90k;
    m->passed_90k = first->start_90k - 1;
    for (CmafLine *line = m->line; line < m->line + m->lines; line++) {
        line->waits = line->kind == TRACK_AUDIO;
        line->fresh = true;
        line->lost = false;
        line->last_dts_90k = first->start_90k - 1;
        line->known_90k = first->start_90k;
        if (line->kind == TRACK_VIDEO)
            cmaf_track_forget_sets(line->track);
        if (line->has && line->kind == TRACK_VIDEO)
            cmaf_media_begin_segment(m, line, first->start_90k);
    }
    while (early_sound_take(m->early, &frame))
        status |= cmaf_media_sound(m, &frame, now_us);
    early_sound_destroy(&m->early);
    for (CmafLine *line = NULL; (line = cmaf_others_next(m, line));)
        status |= cmaf_others_release(m, line, false, now_us);
    return status;
}

/* Where a line of sound ends, samples: it does not go on without pictures. */
static int64_t sound_end(const CmafMedia *m, const CmafLine *line, int64_t video_end)
{
    int64_t limit = cmaf_sound_samples(video_end), beyond = line->sound_end - limit;

    if (!cmaf_media_has_pictures(m) || beyond <= 0)
        return line->sound_end;
    if (cmaf_track_is_opus(line->track))
        return cmaf_track_up_to(line->track, limit, line->sound_end);
    return line->sound_end -
           (beyond + AAC_FRAME_SAMPLES - 1) / AAC_FRAME_SAMPLES * AAC_FRAME_SAMPLES;
}

/* The same of a line. A last segment that none of its sound has come for is a gap as long as the
 * pictures: if it were left out, the next publisher's would have other numbers than theirs. */
static int64_t line_end(const CmafMedia *m, const CmafLine *line, int64_t end_90k)
{
    if (line->kind == TRACK_VIDEO)
        return end_90k;
    const LlPlaylist *list = cmaf_track_playlist(line->track);
    int64_t end = sound_end(m, line, end_90k), start = cmaf_track_position(line->track);
    if (!cmaf_media_has_pictures(m) || end_90k <= m->segment.start_90k || end > start ||
        list->segment[list->window.count].parts > 0)
        return end;
    int64_t frames = (cmaf_sound_samples(end_90k) - start) / AAC_FRAME_SAMPLES;
    return start + larger(frames, 1) * AAC_FRAME_SAMPLES;
}

int cmaf_media_finish(CmafMedia *m, int64_t end_90k, int64_t now_us)
{
    int status = 0;

    cmaf_others_forget(m);
    early_sound_destroy(&m->early);
    if (!m->running)
        return 0;
    if (end_90k > m->segment.start_90k)
        status |= cmaf_sound_reach(m, now_us);
    m->running = false;
    for (CmafLine *line = m->line; line < m->line + m->lines; line++) {
        if (!line->has)
            continue;
        cmaf_track_finish(line->track, line_end(m, line, end_90k), now_us);
        status |= m->params.finished(m->params.user, (size_t)(line - m->line));
    }
    return status;
}

/* The best rendition's newest picture; INT64_MIN: there are none. */
static int64_t newest_picture(const CmafMedia *m)
{
    if (m->best == RENDITION_NONE)
        return INT64_MIN;
    return m->lead != RENDITION_NONE ? m->line[m->lead].last_dts_90k : m->passed_90k;
}

int cmaf_media_come_to_end(CmafMedia *m, int64_t now_us)
{
    int status = 0;

    for (CmafLine *line = NULL; m->running && (line = cmaf_others_next(m, line));)
        status |= cmaf_others_finish(m, line, now_us);
    return status;
}

int64_t cmaf_media_last_90k(const CmafMedia *m)
{
    int64_t newest = newest_picture(m), end = newest + LAST_FRAME_90K;

    if (m->sound == RENDITION_NONE)
        return end;
    int64_t sound = samples_to_90k(cmaf_media_sound_end(m));
    /* no picture has come behind the last cut, and no frame of sound fits there: its segment would
     * be a gap of the sound */
    if (newest < m->segment.start_90k &&
        sound < m->segment.start_90k + samples_to_90k(AAC_FRAME_SAMPLES))
        return smaller(larger(end, sound), m->segment.start_90k);
    /* the picture stands until the sound has ended: players mind if a rendition is shorter */
    return larger(end, sound);
}

int64_t cmaf_media_made_90k(const CmafMedia *m)
{
    int64_t end = INT64_MIN;

    for (const CmafLine *line = m->line; m->running && line < m->line + m->lines; line++)
        if (line->has && line->kind == TRACK_VIDEO)
            end = larger(end, cmaf_track_position(line->track));
    return end;
}

int64_t cmaf_media_reach_90k(const CmafMedia *m, int64_t end_90k)
{
    for (const CmafLine *line = m->line; m->running && line < m->line + m->lines; line++)
        if (line->has && line->kind == TRACK_VIDEO)
            end_90k = smaller(end_90k, cmaf_track_reach(line->track, end_90k));
    return end_90k;
}

const CmafTrack *cmaf_media_lead(const CmafMedia *m)
{
    return m->running && m->lead != RENDITION_NONE ? m->line[m->lead].track : NULL;
}

int64_t cmaf_media_safe_90k(const CmafMedia *m)
{
    return m->safe_90k;
}
