/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/ll_playlist.h"

/* The names of files, and the text of a list. */

#include <assert.h>

#include "package/key_tags.h"
#include "utc_text.h"

#define HOLD_BACK_PARTS 3 /* PART-HOLD-BACK; rfc8216bis recommends at least 3 */
/* EXT-X-VERSION: no more than is needed; sections 6.2.1 and 8. */
#define VERSION_WITH_MAP  6
#define VERSION_WITH_SKIP 9

/* ---- names ---- */

/* What all names of a list begin with. */
static void add_stem(const LlPlaylist *p, TextBuffer *out)
{
    text_add_string(out, p->kind);
    text_add_string(out, "-");
    text_add_number(out, p->epoch);
    text_add_string(out, "-");
}

static TextBuffer begin_name(const LlPlaylist *p, char *name)
{
    TextBuffer out = text_buffer(name, LL_NAME_SIZE);

    add_stem(p, &out);
    return out;
}

void ll_segment_name(const LlPlaylist *p, int64_t msn, char *name)
{
    TextBuffer out = begin_name(p, name);

    text_add_number(&out, msn);
    text_add_string(&out, ".m4s");
}

void ll_segment_template(const LlPlaylist *p, const char *for_msn, char *name)
{
    TextBuffer out = begin_name(p, name);

    text_add_string(&out, for_msn);
    text_add_string(&out, ".m4s");
}

/* What stands behind the stem in the name of a part. */
static void add_part(int64_t msn, size_t part, TextBuffer *out)
{
    text_add_number(out, msn);
    text_add_string(out, ".");
    text_add_number(out, (int64_t)part);
    text_add_string(out, ".m4s");
}

void ll_part_name(const LlPlaylist *p, int64_t msn, size_t part, char *name)
{
    TextBuffer out = begin_name(p, name);

    add_part(msn, part, &out);
}

void ll_init_name(const LlPlaylist *p, int64_t msn, char *name)
{
    TextBuffer out = begin_name(p, name);

    text_add_number(&out, msn);
    text_add_string(&out, ".mp4");
}

/* ---- text ---- */

/* A list that is written. It is written with each part, and printf would be most of what that
 * costs. */
typedef struct Writing {
    const LlPlaylist *list;
    TextBuffer out;
    TextBuffer stem; /* of the names in it */
    KeyTags keys;
    char array[LL_NAME_SIZE];
} Writing;

static void begin_writing(Writing *w, const LlPlaylist *p, char *text)
{
    w->list = p;
    w->out = text_buffer(text, LL_TEXT_SIZE);
    w->keys = (KeyTags){0};
    w->stem = begin_name(p, w->array);
}

static void put_string(Writing *w, const char *text)
{
    text_add_string(&w->out, text);
}

/* A tag that ends with a number. */
static void put_line(Writing *w, const char *tag, int64_t number)
{
    text_add_string(&w->out, tag);
    text_add_number(&w->out, number);
    text_add_string(&w->out, "\n");
}

static void put_stem(Writing *w)
{
    text_add_bytes(&w->out, w->stem.text, w->stem.len);
}

static void write_head(Writing *w, int version)
{
    const LlPlaylist *p = w->list;
    const WindowView view = ll_playlist_view(p);

    put_line(w, "#EXTM3U\n#EXT-X-VERSION:", version);
    put_line(w, "#EXT-X-TARGETDURATION:", p->window.target_duration_s);
    put_string(w, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=");
    playlist_add_duration(&w->out, HOLD_BACK_PARTS * p->part_target_90k);
    put_string(w, ",CAN-SKIP-UNTIL=");
    text_add_number(&w->out, LL_CAN_SKIP_UNTIL * p->window.target_duration_s);
    put_string(w, ".0\n#EXT-X-PART-INF:PART-TARGET=");
    playlist_add_duration(&w->out, p->part_target_90k);
    put_line(w, "\n#EXT-X-MEDIA-SEQUENCE:", p->window.media_sequence);
    if (p->window.discontinuity_sequence > 0 || window_has_discontinuity(&view))
        put_line(w, "#EXT-X-DISCONTINUITY-SEQUENCE:", p->window.discontinuity_sequence);
}

/* What stands before the media of segment `i`. */
static void write_tags(Writing *w, size_t i, bool map)
{
    const LlSegment *s = &w->list->segment[i];

    if (s->common.discontinuity)
        put_string(w, "#EXT-X-DISCONTINUITY\n");
    if (map) {
        key_tags_map(&w->keys, s->key, &w->out);
        put_string(w, "#EXT-X-MAP:URI=\"");
        put_stem(w);
        text_add_number(&w->out, s->init_msn);
        put_string(w, ".mp4\"\n");
    }
    key_tags_segment(&w->keys, s->key, w->list->window.media_sequence + (int64_t)i, &w->out);
    put_string(w, "#EXT-X-PROGRAM-DATE-TIME:");
    utc_text_add(&w->out, s->common.starts_unix_us, PLAYLIST_TIME_DECIMALS);
    put_string(w, "\n");
}

static void write_parts(Writing *w, size_t i)
{
    const LlPlaylist *p = w->list;
    const LlSegment *s = &p->segment[i];

    for (size_t n = 0; n < s->parts; n++) {
        const LlPart *part = ll_playlist_part(p, s, n);
        if (!part)
            continue;
        put_string(w, "#EXT-X-PART:DURATION=");
        playlist_add_duration(&w->out, part->duration_90k);
        put_string(w, ",URI=\"");
        put_stem(w);
        add_part(p->window.media_sequence + (int64_t)i, n, &w->out);
        put_string(w, part->independent ? "\",INDEPENDENT=YES" : "\"");
        put_string(w, part->gap ? ",GAP=YES\n" : "\n");
    }
}

static void write_hint(Writing *w)
{
    const LlPlaylist *p = w->list;

    put_string(w, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"");
    put_stem(w);
    add_part(window_next_msn(&p->window), p->window.open ? p->segment[p->window.count].parts : 0,
             &w->out);
    put_string(w, "\"\n");
}

static void write_segment(Writing *w, size_t i)
{
    const LlSegment *s = &w->list->segment[i];

    put_string(w, s->gap ? "#EXT-X-GAP\n#EXTINF:" : "#EXTINF:");
    playlist_add_duration(&w->out, s->common.duration_90k);
    put_string(w, ",\n");
    put_stem(w);
    text_add_number(&w->out, w->list->window.media_sequence + (int64_t)i);
    put_string(w, ".m4s\n");
}

static void write_report(Writing *w, const LlReport *report)
{
    put_string(w, "#EXT-X-RENDITION-REPORT:URI=\"");
    put_string(w, report->uri);
    put_string(w, "\",LAST-MSN=");
    text_add_number(&w->out, report->last_msn);
    if (report->last_part >= 0) {
        put_string(w, ",LAST-PART=");
        text_add_number(&w->out, report->last_part);
    }
    put_string(w, "\n");
}

size_t ll_playlist_write(const LlPlaylist *p, size_t skipped, const LlReport *report,
                         size_t reports, char *text)
{
    Writing w;
    size_t all = p->window.count + (p->window.open && p->segment[p->window.count].parts > 0);
    size_t without_parts = ll_playlist_without_parts(p);
    int64_t init_msn = -1;

    begin_writing(&w, p, text);
    write_head(&w, skipped > 0 ? VERSION_WITH_SKIP : VERSION_WITH_MAP);
    if (skipped > 0)
        put_line(&w, "#EXT-X-SKIP:SKIPPED-SEGMENTS=", (int64_t)skipped);
    for (size_t i = skipped; i < all; i++) {
        const LlSegment *s = &p->segment[i];
        bool map = !s->lacks_init && s->init_msn != init_msn;
        write_tags(&w, i, map);
        if (map)
            init_msn = s->init_msn;
        if (i >= without_parts)
            write_parts(&w, i);
        if (i < p->window.count)
            write_segment(&w, i);
    }
    if (p->window.ended)
        put_string(&w, "#EXT-X-ENDLIST\n");
    else
        write_hint(&w);
    for (size_t i = 0; i < reports && !p->window.ended; i++)
        write_report(&w, &report[i]);
    assert(!w.out.overflow);
    return w.out.len;
}
