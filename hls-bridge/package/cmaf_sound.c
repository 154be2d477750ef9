/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_media_inner.h"

#include "codec/opus_copy.h"

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

/* A line; NULL: there is none. */
static CmafLine *line_at(CmafMedia *m, size_t line)
{
    return line < m->lines ? &m->line[line] : NULL;
}

/* The next line of sound behind `line`; NULL: there is none. Begin with NULL. The one that comes
 * with every frame is the first. */
static CmafLine *next_sound(CmafMedia *m, const CmafLine *line)
{
    CmafLine *main = line_at(m, m->sound), *low = line_at(m, m->more[CMAF_SOUND_LOW]);
    CmafLine *opus = line_at(m, m->more[CMAF_SOUND_OPUS]);

    if (!line)
        return main;
    if (line == main && low)
        return low;
    return line == opus ? NULL : opus;
}

int cmaf_sound_advance(CmafMedia *m, int64_t now_us)
{
    int64_t safe = cmaf_media_has_pictures(m) ? floor_div(m->safe_90k * 8, 15) : INT64_MAX;
    int status = 0;

    for (CmafLine *line = NULL; (line = next_sound(m, line));)
        if (cmaf_track_is_open(line->track))
            status |= cmaf_media_advance(m, line, smaller(line->sound_end, safe), now_us);
    return status;
}

/* A line of sound comes to the beginning of the newest segment at `start`. Returns 0, or -1 with
 * errno. */
static int begin_line(CmafMedia *m, CmafLine *line, int64_t start, int64_t now_us)
{
    bool opus = cmaf_track_is_opus(line->track);
    const CmafMuxParams params = {
        .kind = TRACK_AUDIO,
        .opus = opus,
        .config = opus ? opus_copy_head : m->params.aac_config,
        .config_len = opus ? sizeof(opus_copy_head) : m->params.aac_config_len,
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

/* Where the first sample of a line is that begins at `start` or later. */
static int64_t sample_from(const CmafLine *line, int64_t start)
{
    int64_t beyond = line->sound_end - start;

    return cmaf_track_is_opus(line->track)
               ? cmaf_track_from(line->track, start, line->sound_end)
               : line->sound_end - beyond / AAC_FRAME_SAMPLES * AAC_FRAME_SAMPLES;
}

/* A cut that was decided late lies before sound that is here: it belongs to the next segment. */
static int divide_line(CmafMedia *m, CmafLine *line, int64_t now_us)
{
    int64_t start = cmaf_sound_samples(m->segment.start_90k);

    if (line->sound_end < start || !cmaf_track_is_open(line->track))
        return 0;
    return begin_line(m, line, sample_from(line, start), now_us);
}

/* What comes for a line: a frame of AAC, or a packet of Opus. Sound from before the first picture
 * is left out. */
typedef struct Sound {
    const AacFrame *frame;
    const OpusPacket *packet; /* NULL: it is AAC */
} Sound;

static int take(CmafMedia *m, CmafLine *line, const Sound *sound, int64_t now_us)
{
    const OpusPacket *packet = sound->packet;
    int64_t pts = packet ? packet->pts_samples : sound->frame->pts_samples;
    int status = 0;

    if (line->waits && samples_to_90k(pts) >= m->segment.start_90k)
        status |= begin_line(m, line, pts, now_us);
    if (!cmaf_track_is_open(line->track))
        return status;
    if (packet)
        cmaf_track_opus(line->track, packet);
    else if (sound->frame->len > 0)
        cmaf_track_sound(line->track, sound->frame);
    line->sound_end = pts + (packet ? packet->samples : AAC_FRAME_SAMPLES);
    return line->waits ? status | divide_line(m, line, now_us) : status;
}

int cmaf_media_sound(CmafMedia *m, const AacFrame *frame, int64_t now_us)
{
    const AacFrame low = aac_frame_low(frame);
    CmafLine *low_line = line_at(m, m->more[CMAF_SOUND_LOW]);
    CmafLine *opus = line_at(m, m->more[CMAF_SOUND_OPUS]);

    if (!m->running) {
        early_sound_keep(&m->early, frame);
        return 0;
    }
    if (m->sound == RENDITION_NONE)
        return 0;
    int status = take(m, &m->line[m->sound], &(Sound){frame, NULL}, now_us);
    if (low_line)
        status |= take(m, low_line, &(Sound){&low, NULL}, now_us);
    for (size_t i = 0; opus && i < frame->opus_count; i++)
        status |= take(m, opus, &(Sound){NULL, &frame->opus[i]}, now_us);
    return status | cmaf_sound_advance(m, now_us);
}

int cmaf_sound_reach(CmafMedia *m, int64_t now_us)
{
    int64_t start = cmaf_sound_samples(m->segment.start_90k);
    int status = 0;

    for (CmafLine *line = NULL; (line = next_sound(m, line));)
        if (line->waits)
            status |= begin_line(m, line, start, now_us);
    return status;
}

int cmaf_sound_cut(CmafMedia *m, int64_t now_us)
{
    int status = 0;

    for (CmafLine *line = NULL; (line = next_sound(m, line));) {
        line->waits = true;
        status |= divide_line(m, line, now_us);
    }
    return status | cmaf_sound_advance(m, now_us);
}
