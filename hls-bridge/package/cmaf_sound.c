/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_media_inner.h"

/* hls.js places the sound by its dates beside those of the picture. If that is later than the
 * media says, if only by the rounding to a millisecond, it takes the segment that it has played for
 * the one that comes next, and stands still for three target durations. It compares the first that
 * is listed with the one in the middle, so what dates are put right by between them counts too. */
#define DATE_STEP_US 400
#define ROUNDING_US  1100

/* How many segments lie between those that hls.js compares, if `listed` are listed: one list may be
 * newer than the other. */
static int64_t compared(size_t listed)
{
    return (int64_t)listed / 2 + 2;
}

int64_t cmaf_sound_early_us(const CmafMedia *m)
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

int64_t cmaf_sound_samples(int64_t at_90k)
{
    return -floor_div(-at_90k * 8, 15);
}

/* The next line of sound behind `line`; NULL: there is none. Begin with NULL. The one that comes
 * with every frame is the first. */
static CmafLine *next_sound(CmafMedia *m, const CmafLine *line)
{
    size_t next = !line ? m->sound : line == &m->line[m->sound] ? m->low_sound : RENDITION_NONE;

    return next < m->lines ? &m->line[next] : NULL;
}

int cmaf_sound_advance(CmafMedia *m, int64_t now_us)
{
    int64_t safe = cmaf_media_has_pictures(m) ? floor_div(m->safe_90k * 8, 15) : INT64_MAX;
    int status = 0;

    for (CmafLine *line = NULL; (line = next_sound(m, line));)
        if (cmaf_track_is_open(line->track))
            status |= cmaf_media_advance(m, line, smaller(m->audio_end, safe), now_us);
    return status;
}

/* A line of sound comes to the beginning of the newest segment at `start`. Returns 0, or -1 with
 * errno. */
static int begin_line(CmafMedia *m, CmafLine *line, int64_t start, int64_t now_us)
{
    const CmafMuxParams params = {
        .kind = TRACK_AUDIO,
        .config = m->params.aac_config,
        .config_len = m->params.aac_config_len,
    };
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

/* The same of all lines of sound, which have the same segments, to the sample. */
static int begin_sound(CmafMedia *m, int64_t start, int64_t now_us)
{
    int status = 0;

    for (CmafLine *line = NULL; (line = next_sound(m, line));)
        status |= begin_line(m, line, start, now_us);
    return status;
}

/* A cut that was decided late lies before sound that is here: it belongs to the next segment. */
static int divide_sound(CmafMedia *m, int64_t now_us)
{
    int64_t beyond = m->audio_end - cmaf_sound_samples(m->segment.start_90k);

    if (beyond < 0 || !cmaf_track_is_open(m->line[m->sound].track))
        return 0;
    return begin_sound(m, m->audio_end - beyond / AAC_FRAME_SAMPLES * AAC_FRAME_SAMPLES, now_us);
}

static void put_frame(CmafMedia *m, const AacFrame *frame)
{
    const AacFrame low = aac_frame_low(frame);

    cmaf_track_sound(m->line[m->sound].track, frame);
    if (m->low_sound != RENDITION_NONE && low.len > 0)
        cmaf_track_sound(m->line[m->low_sound].track, &low);
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
    const CmafLine *line = &m->line[m->sound];
    if (line->waits && samples_to_90k(pts) >= m->segment.start_90k)
        status |= begin_sound(m, pts, now_us);
    if (!cmaf_track_is_open(line->track))
        return status; /* sound from before the first picture */
    put_frame(m, frame);
    m->audio_end = pts + AAC_FRAME_SAMPLES;
    if (line->waits)
        status |= divide_sound(m, now_us);
    return status | cmaf_sound_advance(m, now_us);
}

int cmaf_sound_reach(CmafMedia *m, int64_t now_us)
{
    if (m->sound == RENDITION_NONE || !m->line[m->sound].waits)
        return 0;
    return begin_sound(m, cmaf_sound_samples(m->segment.start_90k), now_us);
}

int cmaf_sound_cut(CmafMedia *m, int64_t now_us)
{
    for (CmafLine *line = NULL; (line = next_sound(m, line));)
        line->waits = true;
    if (m->sound == RENDITION_NONE)
        return 0;
    int status = divide_sound(m, now_us);
    return status | cmaf_sound_advance(m, now_us);
}
