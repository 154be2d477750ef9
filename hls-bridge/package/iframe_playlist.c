/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/iframe_playlist.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "package/key_tags.h"
#include "text_buffer.h"

#define IFRAMES_VERSION 5 /* no more than is needed: EXT-X-MAP in such a list, section 8 */

void iframe_playlist_name(const char *rendition, char *name)
{
    const char *kind = "video";
    size_t len = strlen(kind);

    snprintf(name, LL_NAME_SIZE, "iframes%s.m3u8",
             strncmp(rendition, kind, len) == 0 ? rendition + len : "");
}

static bool has_picture(const LlSegment *s)
{
    return s->key_len > 0 && !s->gap && !s->lacks_init && s->common.duration_90k > 0;
}

static void write_head(const LlPlaylist *p, TextBuffer *out)
{
    const WindowView view = ll_playlist_view(p);
    const Window *w = &p->window;

    text_add(out, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%" PRId64 "\n",
             IFRAMES_VERSION, w->target_duration_s);
    text_add(out, "#EXT-X-MEDIA-SEQUENCE:%" PRId64 "\n", w->media_sequence);
    if (w->discontinuity_sequence > 0 || window_has_discontinuity(&view))
        text_add(out, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRId64 "\n", w->discontinuity_sequence);
    text_add(out, "#EXT-X-I-FRAMES-ONLY\n");
}

/* Where the picture is, behind EXTINF. */
static void write_range(const LlSegment *s, TextBuffer *out)
{
    if (!has_picture(s)) {
        text_add_string(out, "#EXT-X-GAP\n");
        return;
    }
    text_add_string(out, "#EXT-X-BYTERANGE:");
    text_add_number(out, s->key_len);
    text_add_string(out, "@0\n");
}

size_t iframe_playlist_write(const LlPlaylist *p, char *text)
{
    TextBuffer out = text_buffer(text, LL_TEXT_SIZE);
    int64_t init_msn = -1;
    KeyTags keys = {0};

    write_head(p, &out);
    for (size_t i = 0; i < p->window.count; i++) {
        const LlSegment *s = &p->segment[i];
        char name[LL_NAME_SIZE];
        if (s->common.discontinuity)
            text_add_string(&out, "#EXT-X-DISCONTINUITY\n");
        if (!s->lacks_init && s->init_msn != init_msn) {
            ll_init_name(p, s->init_msn, name);
            key_tags_map(&keys, s->key, &out);
            text_add(&out, "#EXT-X-MAP:URI=\"%s\"\n", name);
            init_msn = s->init_msn;
        }
        key_tags_segment(&keys, s->key, p->window.media_sequence + (int64_t)i, &out);
        playlist_add_segment(&out, &s->common);
        write_range(s, &out);
        ll_segment_name(p, p->window.media_sequence + (int64_t)i, name);
        text_add_string(&out, name);
        text_add_string(&out, "\n");
    }
    if (p->window.ended)
        text_add_string(&out, "#EXT-X-ENDLIST\n");
    assert(!out.overflow);
    return out.len;
}

int64_t iframe_playlist_peak(const LlPlaylist *p)
{
    int64_t peak = 0;

    for (size_t i = 0; i < p->window.count; i++) {
        const LlSegment *s = &p->segment[i];
        int64_t duration = s->common.duration_90k;
        int64_t bitrate =
            has_picture(s) ? ((int64_t)s->key_len * 8 * TICKS_PER_S + duration - 1) / duration : 0;
        peak = bitrate > peak ? bitrate : peak;
    }
    return peak;
}

int64_t iframe_playlist_average(const LlPlaylist *p)
{
    int64_t bytes = 0, duration = 0;

    for (size_t i = 0; i < p->window.count; i++)
        if (has_picture(&p->segment[i])) {
            bytes += p->segment[i].key_len;
            duration += p->segment[i].common.duration_90k;
        }
    return duration > 0 ? bytes * 8 * TICKS_PER_S / duration : 0;
}
