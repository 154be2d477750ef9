/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_playlists_inner.h"
#include "package/iframe_playlist.h"

#include <string.h>

/* Whether every playlist that the multivariant one names has something to begin with. */
static bool can_be_played(const CmafPlaylists *p)
{
    bool any = false;

    for (size_t i = 0; i < p->lists; i++) {
        const LlPlaylist *list = playlist_of(p, i);
        if (p->list[i].has && (list->window.count == 0 || list->window.ended || p->list[i].due))
            return false;
        any = any || p->list[i].has;
    }
    return any;
}

/* A rung that is made only while it is watched is listed as what it becomes. */
static void apply_promise(const CmafPlaylists *p, size_t which, Variant *v)
{
    const VideoFormat *best = cmaf_track_newest_format(p->params.track[0]);
    Promised is;

    if (!promise_read(cmaf_track_promise(p->params.track[which]), best->width, best->height, &is))
        return;
    v->width = is.width;
    v->height = is.height;
    v->bandwidth = is.peak;
    v->average_bandwidth = is.average;
}

/* What there is to say of one rendition by itself. */
static Variant describe(const CmafPlaylists *p, size_t which)
{
    const CmafTrack *track = p->params.track[which];
    CmafTrackStats stats = cmaf_track_stats(track);
    Variant v = {.uri = p->list[which].file,
                 .bandwidth = stats.peak_bitrate,
                 .average_bandwidth = stats.average_bitrate};

    if (cmaf_track_kind(track) == TRACK_VIDEO) {
        const VideoFormat *format = cmaf_track_newest_format(track);
        memcpy(v.codec, format->name, sizeof(v.codec));
        v.width = format->width;
        v.height = format->height;
        v.frame_rate_milli = ll_playlist_frames_milli(playlist_of(p, which));
        int64_t listed = iframe_playlist_peak(playlist_of(p, which)); /* by an earlier run, too */
        v.iframes_bandwidth = listed > stats.keys_peak_bitrate ? listed : stats.keys_peak_bitrate;
        v.iframes_average = iframe_playlist_average(playlist_of(p, which));
        if (p->list[which].iframes_next > 0)
            v.iframes = p->list[which].iframes;
        apply_promise(p, which, &v);
    }
    return v;
}

static bool has_whole_segments(const CmafPlaylists *p, size_t which)
{
    return cmaf_track_stats(p->params.track[which]).segments > 0;
}

/* The smallest picture, the last of several; `variants` if there is none. */
static size_t smallest_of(const Multivariant *m)
{
    size_t at = m->variants;
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < m->variants; i++) {
        int64_t area = (int64_t)m->variant[i].width * m->variant[i].height;
        if (area > 0 && area <= least) {
            least = area;
            at = i;
        }
    }
    return at;
}

/* Each variant once more, with Opus; or, without pictures, that alone. Behind all others, so that
 * players which take either stay with AAC by themselves. */
static void add_opus(Multivariant *m, const Variant *opus, size_t pictures)
{
    m->opus = opus->uri;
    for (size_t i = 0; i < pictures; i++) {
        Variant *v = &m->variant[m->variants++];
        *v = m->variant[i];
        v->iframes = NULL;
        v->bandwidth += opus->bandwidth;
        v->average_bandwidth += opus->average_bandwidth;
        v->opus = true;
    }
    if (pictures > 0)
        return;
    m->variant[m->variants] = *opus;
    m->variant[m->variants++].opus = true;
}

/* The sound belongs to each variant: that with fewer bits, if there is one, to the smallest. */
static void add_sound(Multivariant *m, const Variant *sound, const Variant *low,
                      const Variant *opus)
{
    size_t smallest = low->uri && m->variants > 1 ? smallest_of(m) : m->variants;

    m->audio = sound->uri;
    m->sound = sound->uri != NULL;
    m->low_audio = smallest < m->variants ? low->uri : NULL;
    size_t pictures = m->variants;
    if (opus->uri && pictures > 0)
        add_opus(m, opus, pictures); /* before it is told of the AAC */
    for (size_t i = 0; i < pictures; i++) {
        Variant *v = &m->variant[i];
        v->low = i == smallest;
        v->bandwidth += v->low ? low->bandwidth : sound->bandwidth;
        v->average_bandwidth += v->low ? low->average_bandwidth : sound->average_bandwidth;
    }
    if (pictures > 0 || !sound->uri)
        return;
    m->variant[m->variants++] = *sound;
    if (opus->uri)
        add_opus(m, opus, 0);
}

void cmaf_playlists_write_multivariant(CmafPlaylists *p)
{
    char text[MULTIVARIANT_TEXT_SIZE];
    Multivariant m = {.language = p->params.language};
    Variant sound = {0}, low = {0}, opus = {0}, blank = {0};

    for (size_t i = 0; i < p->lists; i++) {
        if (!p->list[i].has)
            continue;
        if (!has_whole_segments(p, i))
            return; /* when there is one */
        Variant v = describe(p, i);
        if (cmaf_track_is_opus(p->params.track[i]))
            opus = v;
        else if (cmaf_track_kind(p->params.track[i]) == TRACK_AUDIO)
            *(sound.uri ? &low : &sound) = v; /* in the order of tracks */
        else if (v.width > 0)                 /* there has been a picture */
            m.variant[m.variants++] = v;
        else if (!blank.uri)
            blank = v;
    }
    if (m.variants == 0 && !sound.uri && blank.uri)
        m.variant[m.variants++] = blank;
    add_sound(&m, &sound, &low, &opus);
    if (m.variants == 0 || !multivariant_is_new(&m, &p->listed))
        return;
    size_t len = multivariant_write(&m, text);
    p->multivariant_due = store_put(p->params.folder, MASTER_FILE, text, len, 0) < 0;
    if (!p->multivariant_due)
        p->listed = m;
}

void cmaf_playlists_tell_of_beginning(const CmafPlaylists *p)
{
    if (p->listed.variants > 0 && can_be_played(p))
        ll_board_set_live(p->params.board, true);
}

void cmaf_playlists_multivariant(CmafPlaylists *p)
{
    cmaf_playlists_write_multivariant(p);
    cmaf_playlists_tell_of_beginning(p);
}
