/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "classic.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "findings.h"
#include "left_files.h"
#include "m3u8_multi.h"
#include "marks.h"
#include "media_opener.h"
#include "playlist_rules.h"
#include "poll.h"
#include "segment_probe.h"
#include "sort_values.h"
#include "ts_rules.h"

#define US_PER_S     1000000ll
#define TICKS_PER_MS 90

struct Classic {
    ClassicOptions options;
    Fetch *fetch;
    Findings *findings;
    PlaylistRules *rules;
    SegmentProbe *probe;
    Marks *marks;
    bool started;
    char key_uri[M3U8_URI_SIZE]; /* of the newest key; "": none was asked for yet */
    bool has_key;                /* it came: */
    uint8_t key[AES_BYTES];
    int64_t asked_us;       /* for the newest list that came */
    TsSegment last;         /* without its name */
    uint64_t next_sequence; /* of the segment that is looked at next */
    size_t segments, with_video, with_audio, starting_with_idr, retained;
    uint64_t bytes;
    int64_t media_us;
    double extinf_off_max_ms;
    double *date_off_ms; /* of each segment that shows the test card's clock */
    size_t dates, dates_capacity;
    int width, height;
};

/* ---- segments ---- */

static void on_picture(void *user, const AVFrame *frame, int64_t pts_90k)
{
    marks_picture(((Classic *)user)->marks, frame, pts_90k);
}

static void on_sound(void *user, const AVFrame *frame, int64_t pts_90k)
{
    marks_sound(((Classic *)user)->marks, frame, pts_90k);
}

static void note_date(Classic *c, double off_ms)
{
    if (c->dates == c->dates_capacity) {
        size_t capacity = c->dates_capacity ? c->dates_capacity * 2 : 64;
        double *grown = realloc(c->date_off_ms, capacity * sizeof(*grown));
        if (!grown)
            return;
        c->date_off_ms = grown;
        c->dates_capacity = capacity;
    }
    c->date_off_ms[c->dates++] = off_ms;
}

/* The date of the segment against the clock that the test card shows. */
static void check_date(Classic *c, const M3u8Segment *s, const SegmentFacts *f)
{
    int64_t code_ms, pts_90k;

    if (s->time_unix_us == M3U8_NO_TIME ||
        !marks_last_code(c->marks, s->time_unix_us / 1000, &code_ms, &pts_90k) ||
        pts_90k < f->video.first_pts)
        return;
    double shown =
        (double)s->time_unix_us / 1000 + (double)(pts_90k - f->video.first_pts) / TICKS_PER_MS;
    note_date(c, shown - (double)code_ms);
}

/* Fetches the key of a segment, if it is another than the newest. Returns it, or NULL. */
static const uint8_t *key_of(Classic *c, const M3u8Segment *s)
{
    char uri[M3U8_URI_SIZE];

    if (!media_opener_wants_key(c->options.keys, s, uri))
        return NULL;
    if (strcmp(uri, c->key_uri) != 0) {
        memcpy(c->key_uri, uri, sizeof(uri));
        Fetched file = fetch_beside(c->fetch, uri);
        c->has_key =
            media_opener_take_key(c->findings, uri, file.status, file.data, file.len, c->key);
    }
    return c->has_key ? c->key : NULL;
}

/* A segment that is there until `until_us` at least. Returns whether the server has answered. */
static bool look_at(Classic *c, const M3u8Segment *s, int64_t until_us)
{
    SegmentFacts facts;
    const uint8_t *key = key_of(c, s);
    Fetched file = fetch_beside(c->fetch, s->uri);
    bool restart = c->started && s->discontinuity != c->last.discontinuity;

    if (file.status != 200) {
        if (file.status != 0 && clock_us(CLOCK_MONOTONIC) > until_us)
            left_files_too_late(c->findings, s->uri, file.status);
        else
            findings_add(c->findings, "a listed segment cannot be fetched (6.2.1)",
                         "%s: HTTP status %ld", s->uri, file.status);
        return file.status != 0;
    }
    c->segments++;
    c->bytes += file.len;
    c->media_us += s->duration_us;
    size_t clear_len = file.len;
    if (media_opener_file(c->findings, c->options.keys, s, key, file.data, &clear_len) !=
        MEDIA_OPEN)
        return true;
    if (segment_probe_read(c->probe, file.data, clear_len, restart, &facts) < 0) {
        findings_add(c->findings, "a segment cannot be demuxed", "%s", s->uri);
        return true;
    }
    c->with_video += facts.video.packets > 0;
    c->with_audio += facts.audio.packets > 0;
    c->starting_with_idr += facts.starts_with_idr;
    if (facts.video.width) {
        c->width = facts.video.width;
        c->height = facts.video.height;
    }
    TsSegment now = {s->uri, s->sequence, s->discontinuity, s->duration_us, facts, 0};
    ts_rules_segment(c->findings, &now);
    double off_ms = c->started ? ts_rules_join(c->findings, &c->last, &now) : 0;
    if (fabs(off_ms) > fabs(c->extinf_off_max_ms))
        c->extinf_off_max_ms = off_ms;
    check_date(c, s, &facts);
    c->started = true;
    c->last = now;
    c->last.uri = NULL;
    if (!c->options.quiet)
        fprintf(stderr, "  %-32s %6.3f s %8zu bytes %4zu pictures %4zu sounds%s\n", s->uri,
                (double)s->duration_us / US_PER_S, file.len, facts.video.packets,
                facts.audio.packets, restart ? "  discontinuity" : "");
    return true;
}

/* ---- playlist ---- */

/* Fetches the playlist. Returns whether it was there and could be read. */
static bool look_at_playlist(Classic *c)
{
    int64_t asked_us = clock_us(CLOCK_MONOTONIC);
    Fetched file = fetch_playlist(c->fetch);
    const M3u8 *before = playlist_rules_last(c->rules);
    const char *wrong;

    if (file.status != 200) {
        if (before)
            findings_add(c->findings, "the playlist cannot be fetched", "HTTP status %ld",
                         file.status);
        return false;
    }
    M3u8 *m = m3u8_read((const char *)file.data, file.len, &wrong);
    if (!m || m->is_multivariant) {
        findings_add(c->findings, "the playlist cannot be read", "%s",
                     m ? "it is a multivariant playlist" : wrong);
        m3u8_destroy(&m);
        return false;
    }
    c->asked_us = asked_us;
    bool same = before && before->media_sequence == m->media_sequence &&
                before->count == m->count && before->ended == m->ended &&
                before->target_s == m->target_s;
    if (same) {
        m3u8_destroy(&m);
        playlist_rules_same(c->rules, asked_us);
    } else {
        playlist_rules_version(c->rules, m, asked_us, asked_us);
    }
    return true;
}

/* All of them, even if the time is over, but not from a server that does not answer. */
static void look_at_new_segments(Classic *c)
{
    const M3u8 *m = playlist_rules_last(c->rules);
    bool answers = true;

    if (!m)
        return;
    if (c->next_sequence < m->media_sequence)
        c->next_sequence = m->media_sequence;
    while (answers && c->next_sequence < m->media_sequence + m->count) {
        /* the playlist may move on while a segment is looked at, but this version is still ours */
        const M3u8Segment *s = m3u8_segment(m, c->next_sequence);
        answers = look_at(c, s, c->asked_us + left_files_stay_us(s, m->duration_us));
        c->next_sequence++;
    }
}

static void look_at_retained(Classic *c)
{
    const char *uri;
    int64_t until_us;

    bool answers = true;

    while (answers &&
           (uri = playlist_rules_retained(c->rules, clock_us(CLOCK_MONOTONIC), &until_us))) {
        Fetched file = fetch_beside(c->fetch, uri);
        answers = file.status != 0;
        c->retained++;
        if (file.status != 200 && clock_us(CLOCK_MONOTONIC) < until_us)
            left_files_missing(c->findings, uri, file.status);
    }
}

Classic *classic_create(const ClassicOptions *options, Fetch *fetch)
{
    Classic *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->options = *options;
    c->fetch = fetch;
    c->findings = findings_create();
    c->rules = c->findings ? playlist_rules_create(c->findings) : NULL;
    c->probe = segment_probe_create(&(ProbeSink){c, on_picture, on_sound});
    c->marks = marks_create();
    if (!c->rules || !c->probe || !c->marks)
        classic_destroy(&c);
    return c;
}

void classic_destroy(Classic **classic)
{
    Classic *c = *classic;

    if (!c)
        return;
    free(c->date_off_ms);
    marks_destroy(&c->marks);
    segment_probe_destroy(&c->probe);
    playlist_rules_destroy(&c->rules);
    findings_destroy(&c->findings);
    free(c);
    *classic = NULL;
}

int classic_run(Classic *c)
{
    int64_t wait_until = clock_us(CLOCK_MONOTONIC) + (int64_t)(c->options.wait_s * US_PER_S);
    int64_t until = 0;

    for (;;) {
        /* whoever ends the watching finds all in the report that was listed by then */
        bool ends = *c->options.over;
        bool there = look_at_playlist(c);
        int64_t now = clock_us(CLOCK_MONOTONIC);
        if (!there && !playlist_rules_last(c->rules) && now >= wait_until)
            return -1;
        if (there && until == 0)
            until = now + (int64_t)(c->options.time_s * US_PER_S);
        look_at_new_segments(c);
        look_at_retained(c);
        const M3u8 *last = playlist_rules_last(c->rules);
        if (ends || (until != 0 && (now >= until || (last && last->ended))))
            break;
        poll_pause();
    }
    segment_probe_drain(c->probe);
    return playlist_rules_last(c->rules) ? 0 : -1;
}

/* ---- report ---- */

typedef struct DateFacts {
    double median_ms, max_ms; /* off the test card's clock; above 0, the date is late */
} DateFacts;

/* There are dates; they are sorted. */
static DateFacts date_facts(const Classic *c)
{
    sort_values(c->date_off_ms, c->dates);
    double least = c->date_off_ms[0], most = c->date_off_ms[c->dates - 1];
    return (DateFacts){c->date_off_ms[c->dates / 2], fabs(least) > fabs(most) ? least : most};
}

size_t classic_faults(const Classic *c)
{
    return findings_count(c->findings);
}

json_t *classic_json(const Classic *c)
{
    PlaylistHistory h = playlist_rules_history(c->rules);
    json_t *report = json_pack(
        "{s:b, s:I, s:f, s:I, s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:f, s:f, s:I, s:b}", "ok",
        findings_count(c->findings) == 0, "segments", (json_int_t)c->segments, "media_seconds",
        (double)c->media_us / US_PER_S, "bytes", (json_int_t)c->bytes, "with_video",
        (json_int_t)c->with_video, "with_audio", (json_int_t)c->with_audio, "starting_with_idr",
        (json_int_t)c->starting_with_idr, "width", c->width, "height", c->height, "versions",
        (json_int_t)h.versions, "first_sequence", (json_int_t)h.first_sequence, "discontinuities",
        (json_int_t)h.discontinuities, "longest_gap_seconds", (double)h.longest_gap_us / US_PER_S,
        "extinf_off_max_ms", c->extinf_off_max_ms, "retained_checked", (json_int_t)c->retained,
        "ended", h.ended);

    if (c->dates > 0) {
        DateFacts dates = date_facts(c);
        json_object_set_new(report, "date_off_median_ms", json_real(dates.median_ms));
        json_object_set_new(report, "date_off_max_ms", json_real(dates.max_ms));
    }
    json_object_set_new(report, "marks", marks_json(marks_report(c->marks)));
    json_object_set_new(report, "faults", findings_json(c->findings));
    json_object_set_new(report, "remarks", findings_remarks_json(c->findings));
    return report;
}

void classic_print(const Classic *c)
{
    PlaylistHistory h = playlist_rules_history(c->rules);

    printf("%s\n", c->options.where);
    printf("  %zu segments, %.1f s, %.0f kbit/s, %dx%d; %zu versions of the playlist\n",
           c->segments, (double)c->media_us / US_PER_S,
           c->media_us ? (double)c->bytes * 8000 / (double)c->media_us : 0, c->width, c->height,
           h.versions);
    printf("  %zu of %zu segments with pictures begin with an IDR picture; %" PRIu64
           " discontinuities\n",
           c->starting_with_idr, c->with_video, h.discontinuities);
    printf("  EXTINF is off by %.1f ms at the most; %zu segments tried after they left the list\n",
           c->extinf_off_max_ms, c->retained);
    if (c->dates > 0) {
        DateFacts dates = date_facts(c);
        printf(
            "  PROGRAM-DATE-TIME is off the test card's clock by %.0f ms (median), %.0f ms at the "
            "most\n",
            dates.median_ms, dates.max_ms);
    }
    marks_print(marks_report(c->marks));
    findings_print(c->findings);
    findings_print_count(findings_count(c->findings));
}
