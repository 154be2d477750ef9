/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_media_inner.h"

/* Pictures of one moment are placed so much apart in two renditions, since each is placed by its
 * own sender reports: at the most. */
#define APART_90K (TICKS_PER_S * 20 / 1000)

/* The next line of another video rendition than the lead, behind `line`; NULL: there is none. Begin
 * with NULL. */
CmafLine *cmaf_others_next(CmafMedia *m, CmafLine *line)
{
    for (line = line ? line + 1 : m->line; line < m->line + m->lines; line++)
        if (line->has && line->kind == TRACK_VIDEO && line != &m->line[m->lead])
            return line;
    return NULL;
}

/* Makes what can be made of another line: no segment of it ends but where one of the lead's does.
 */
int cmaf_others_advance(CmafMedia *m, CmafLine *line, int64_t now_us)
{
    int64_t safe = m->safe_90k - APART_90K;

    return cmaf_media_advance(
        m, line, line->waits ? line->known_90k : smaller(line->known_90k, safe), now_us);
}

/* Another line comes to the beginning of the newest segment. */
int cmaf_others_begin(CmafMedia *m, CmafLine *line, int64_t now_us)
{
    int status = cmaf_media_advance(m, line, m->segment.start_90k, now_us);

    cmaf_media_begin_segment(m, line, m->segment.start_90k);
    line->waits = false;
    return status;
}

/* Whether there may be a part without a picture before one at `at_90k`. It is made before that one
 * is taken: it repeats what was shown by then. */
static bool follows_hole(const CmafLine *line, int64_t at_90k)
{
    return at_90k - line->last_dts_90k > cmaf_track_playlist(line->track)->part_target_90k / 2;
}

/* A segment begins with an IDR picture that is shown at its start or behind it, and has been placed
 * there with the cut. One just before is the older segment's: the next may begin with another. */
static int put_other(CmafMedia *m, CmafLine *line, const HeldPicture *picture, int64_t now_us)
{
    const AccessUnit *unit = &picture->unit;
    int64_t start = m->segment.start_90k, pts = picture->pts_90k;
    int64_t at = unit->idr ? pts : picture->dts_90k;
    bool begins = unit->idr && (line->fresh || at >= start);
    int status = 0;

    if (line->waits && (at >= start || begins))
        status |= cmaf_others_begin(m, line, now_us);
    begins = begins && cmaf_media_lacks_pictures(m, line);
    if (begins)
        at = pts = start;
    if (unit->idr)
        line->lost = !begins && (line->fresh || cmaf_track_has_other_sets(line->track, unit));
    if (line->lost)
        return status;
    line->fresh = false;
    int64_t position = cmaf_track_position(line->track);
    int64_t least = line->last_dts_90k >= position ? line->last_dts_90k + 1 : position;
    at = at > least ? at : least;
    pts = pts > at ? pts : at;
    line->known_90k = at > line->known_90k ? at : line->known_90k;
    status |= cmaf_others_advance(m, line, now_us);
    if (!line->waits && follows_hole(line, at))
        status |= cmaf_media_advance(m, line, smaller(at, m->safe_90k), now_us);
    cmaf_track_picture(line->track, unit, pts, at, begins);
    line->last_dts_90k = at;
    return status;
}

/* Whether it is known if a segment begins with a picture, and what is before it. */
static bool is_decided(const CmafMedia *m, const CmafLine *line, const HeldPicture *picture)
{
    int64_t at = picture->pts_90k;

    if (!line->waits && picture->dts_90k > m->safe_90k && follows_hole(line, picture->dts_90k))
        return false;
    return !picture->unit.idr || at < m->segment.start_90k || line->waits ||
           cmaf_media_lacks_pictures(m, line) || at + APART_90K < m->safe_90k;
}

/* Lets those pictures go on that need not wait, or `all`. */
int cmaf_others_release(CmafMedia *m, CmafLine *line, bool all, int64_t now_us)
{
    int status = 0;

    while (!held_pictures_are_empty(&line->held)) {
        const HeldPicture *oldest = held_pictures_oldest(&line->held);
        if (!all && !is_decided(m, line, oldest))
            break;
        status |= put_other(m, line, oldest, now_us);
        held_pictures_drop(&line->held);
    }
    return status;
}

int cmaf_others_picture(CmafMedia *m, CmafLine *line, const AccessUnit *unit, int64_t pts_90k,
                        int64_t dts_90k, int64_t now_us)
{
    const HeldPicture picture = {*unit, pts_90k, dts_90k};
    int status = 0;

    if (held_pictures_are_empty(&line->held) && !unit->idr && is_decided(m, line, &picture))
        return put_other(m, line, &picture, now_us);
    if (held_pictures_add(&line->held, unit, pts_90k, dts_90k) == 0)
        return cmaf_others_release(m, line, false, now_us);
    status = cmaf_others_release(m, line, true,
                                 now_us); /* it has waited for too long, or there is no memory */
    return status | put_other(m, line, &picture, now_us);
}

/* What comes before the lead's first picture: the newest IDR picture, and what follows it. */
int cmaf_others_keep_early(CmafLine *line, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    if (unit->idr)
        held_pictures_clear(&line->held);
    else if (held_pictures_are_empty(&line->held))
        return 0;
    if (held_pictures_add(&line->held, unit, pts_90k, dts_90k) == 0)
        return 0;
    held_pictures_clear(&line->held);
    return -1;
}

/* Forgets the pictures that wait: their publisher has gone, perhaps before it has started. */
void cmaf_others_forget(CmafMedia *m)
{
    for (size_t i = 0; i < m->lines; i++)
        held_pictures_clear(&m->line[i].held);
}

/* The segment of another line ends where the newest one begins. */
int cmaf_others_cut(CmafMedia *m, CmafLine *line, int64_t now_us)
{
    int status = 0;

    cmaf_track_end(line->track, m->segment.start_90k);
    line->waits = true;
    status |= cmaf_others_release(m, line, false, now_us);
    if (line->waits && line->known_90k >= m->segment.start_90k)
        status |= cmaf_others_begin(m, line, now_us);
    return status;
}

/* No picture of another line before `known_90k` is to come. */
int cmaf_others_tick(CmafMedia *m, CmafLine *line, int64_t known_90k, int64_t now_us)
{
    int64_t known = smaller(known_90k, m->segment.limit_90k);
    int status = cmaf_others_release(m, line, false, now_us);

    line->known_90k = known > line->known_90k ? known : line->known_90k;
    if (line->waits && line->known_90k >= m->segment.start_90k)
        status |= cmaf_others_begin(m, line, now_us);
    return status | cmaf_others_advance(m, line, now_us);
}

/* Ends what there is of another line, so that it has the segments of the lead. */
int cmaf_others_finish(CmafMedia *m, CmafLine *line, int64_t now_us)
{
    int status = cmaf_others_release(m, line, true, now_us);

    return line->waits ? status | cmaf_others_begin(m, line, now_us) : status;
}
