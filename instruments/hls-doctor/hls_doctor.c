/* SPDX-License-Identifier: GPL-3.0-or-later */

/* hls-doctor: watches an HLS playlist as a viewer would, and says what is wrong with it. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fetch.h"
#include "findings.h"
#include "follow.h"
#include "marks.h"
#include "playlist_rules.h"
#include "segment_probe.h"
#include "sort_values.h"

#define US_PER_S           1000000ll
#define POLL_US            (200 * 1000) /* between two looks at the playlist; finer than any player */
#define TICKS_PER_MS       90
#define FRAME_TOLERANCE_MS 40 /* EXTINF: one picture at 25 per second */

static const char usage[] =
    "Usage: hls-doctor [OPTIONS] PLAYLIST\n"
    "Watches HLS as a player does, and reports what is wrong with it. It checks the rules of HLS\n"
    "over time, and each segment alone and in sequence. If the stream shows the test card, it "
    "also\n"
    "measures how well sound and picture fit. It follows a multivariant playlist, or a media\n"
    "playlist with parts, as players at low latency do: all renditions at once.\n"
    "\n"
    "PLAYLIST is a URL or a file (index.m3u8, master.m3u8).\n"
    "\n"
    "  -t, --time SECONDS   how long to watch a live playlist (20)\n"
    "  -w, --wait SECONDS   how long to wait for the playlist to appear (0)\n"
    "  -j, --json           print JSON\n"
    "  -q, --quiet          print the result only\n"
    "  -h, --help           print this\n"
    "\n"
    "SIGINT (Ctrl-C) ends the watching, and the result is printed as ever.\n"
    "\n"
    "Exit status: 0 nothing is wrong, 1 faults were found, 2 the playlist could not be watched.\n";

static volatile sig_atomic_t over; /* it has been watched for long enough */

static void on_interrupt(int signal)
{
    (void)signal;
    over = 1;
}

typedef struct Options {
    const char *where;
    double time_s, wait_s;
    bool json, quiet;
} Options;

/* Two segments that follow each other: what the last one left. */
typedef struct Sequence {
    bool started;
    uint64_t sequence, discontinuity;
    int64_t duration_us;
    SegmentFacts facts;
} Sequence;

typedef struct Doctor {
    const Options *options;
    Fetch *fetch;
    Findings *findings;
    PlaylistRules *rules;
    SegmentProbe *probe;
    Marks *marks;
    Sequence last;
    uint64_t next_sequence; /* of the segment that is looked at next */
    size_t segments, with_video, with_audio, starting_with_idr, retained;
    uint64_t bytes;
    int64_t media_us;
    double extinf_off_max_ms;
    double *date_off_ms; /* of each segment that shows the test card's clock */
    size_t dates, dates_capacity;
    int width, height;
} Doctor;

static void sleep_us(int64_t us)
{
    struct timespec t = {us / US_PER_S, us % US_PER_S * 1000};

    nanosleep(&t, NULL);
}

/* ---- segments ---- */

static void on_picture(void *user, const AVFrame *frame, int64_t pts_90k)
{
    marks_picture(((Doctor *)user)->marks, frame, pts_90k);
}

static void on_sound(void *user, const AVFrame *frame, int64_t pts_90k)
{
    marks_sound(((Doctor *)user)->marks, frame, pts_90k);
}

/* What is wrong within one segment. */
static void check_segment(Doctor *d, const M3u8Segment *s, const SegmentFacts *f)
{
    if (f->video.packets > 0 && !f->starts_with_idr)
        findings_add(d->findings, "a segment does not begin with an IDR picture", "%s", s->uri);
    else if (f->video.packets > 0 && !f->has_parameter_sets)
        findings_add(d->findings, "a segment's first picture lacks its parameter sets", "%s",
                     s->uri);
    if (f->errors_alone > 0)
        findings_add(d->findings, "decode errors in a segment alone", "%s: %zu, first: %s", s->uri,
                     f->errors_alone, f->first_error);
    if (f->errors_in_sequence > 0)
        findings_add(d->findings, "decode errors in sequence", "%s: %zu, first: %s", s->uri,
                     f->errors_in_sequence, f->first_error);
    if (f->video.backward + f->audio.backward > 0)
        findings_add(d->findings, "decoding times go back within a segment", "%s", s->uri);
    if (f->audio.holes > 0)
        findings_add(d->findings, "a gap or an overlap in the sound",
                     "%s: %zu, up to %" PRId64 " samples", s->uri, f->audio.holes,
                     f->audio.hole_samples);
}

/* How much longer the playlist says the last segment is than one track shows. If pictures are
 * missing or late, sound tells better, and the other way round: the track that fits better counts.
 */
static double extinf_off_ms(const Sequence *last, const ProbeTrack *before, const ProbeTrack *now)
{
    return (double)last->duration_us / 1000 -
           (double)(now->first_pts - before->first_pts) / TICKS_PER_MS;
}

/* What is wrong between a segment and the one before it; this also tells how long that one was. */
static void check_join(Doctor *d, const M3u8Segment *s, const SegmentFacts *now)
{
    const SegmentFacts *before = &d->last.facts;
    bool video = now->video.packets > 0 && before->video.packets > 0;
    bool audio = now->audio.packets > 0 && before->audio.packets > 0;

    if (!d->last.started || s->sequence != d->last.sequence + 1 ||
        s->discontinuity != d->last.discontinuity)
        return;
    if (video && now->video.first_dts <= before->video.last_dts)
        findings_add(d->findings, "the picture's times go back between segments", "%s", s->uri);
    if (audio && now->audio.first_pts != before->audio.end_pts)
        findings_add(d->findings, "a gap or an overlap in the sound between segments",
                     "%s: %" PRId64 " samples", s->uri,
                     (now->audio.first_pts - before->audio.end_pts) * 8 / 15);
    double off_ms = INFINITY;
    if (video)
        off_ms = extinf_off_ms(&d->last, &before->video, &now->video);
    if (audio && fabs(extinf_off_ms(&d->last, &before->audio, &now->audio)) < fabs(off_ms))
        off_ms = extinf_off_ms(&d->last, &before->audio, &now->audio);
    if (!video && !audio)
        return;
    if (fabs(off_ms) > fabs(d->extinf_off_max_ms))
        d->extinf_off_max_ms = off_ms;
    if (fabs(off_ms) > FRAME_TOLERANCE_MS)
        findings_add(d->findings, "EXTINF is off by more than a picture",
                     "segment %" PRIu64 ": %.1f ms", d->last.sequence, off_ms);
}

static void note_date(Doctor *d, double off_ms)
{
    if (d->dates == d->dates_capacity) {
        size_t capacity = d->dates_capacity ? d->dates_capacity * 2 : 64;
        double *grown = realloc(d->date_off_ms, capacity * sizeof(*grown));
        if (!grown)
            return;
        d->date_off_ms = grown;
        d->dates_capacity = capacity;
    }
    d->date_off_ms[d->dates++] = off_ms;
}

/* The date of the segment against the clock that the test card shows. */
static void check_date(Doctor *d, const M3u8Segment *s, const SegmentFacts *f)
{
    int64_t code_ms, pts_90k;

    if (s->time_unix_us == M3U8_NO_TIME ||
        !marks_last_code(d->marks, s->time_unix_us / 1000, &code_ms, &pts_90k) ||
        pts_90k < f->video.first_pts)
        return;
    double shown =
        (double)s->time_unix_us / 1000 + (double)(pts_90k - f->video.first_pts) / TICKS_PER_MS;
    note_date(d, shown - (double)code_ms);
}

static void look_at(Doctor *d, const M3u8Segment *s)
{
    SegmentFacts facts;
    Fetched file = fetch_beside(d->fetch, s->uri);
    bool restart = d->last.started && s->discontinuity != d->last.discontinuity;

    if (file.status != 200) {
        findings_add(d->findings, "a listed segment cannot be fetched (6.2.1)",
                     "%s: HTTP status %ld", s->uri, file.status);
        return;
    }
    d->segments++;
    d->bytes += file.len;
    d->media_us += s->duration_us;
    if (segment_probe_read(d->probe, file.data, file.len, restart, &facts) < 0) {
        findings_add(d->findings, "a segment cannot be demuxed", "%s", s->uri);
        return;
    }
    d->with_video += facts.video.packets > 0;
    d->with_audio += facts.audio.packets > 0;
    d->starting_with_idr += facts.starts_with_idr;
    if (facts.video.width) {
        d->width = facts.video.width;
        d->height = facts.video.height;
    }
    check_segment(d, s, &facts);
    check_join(d, s, &facts);
    check_date(d, s, &facts);
    d->last = (Sequence){true, s->sequence, s->discontinuity, s->duration_us, facts};
    if (!d->options->quiet && !d->options->json)
        fprintf(stderr, "  %-32s %6.3f s %8zu bytes %4zu pictures %4zu sounds%s\n", s->uri,
                (double)s->duration_us / US_PER_S, file.len, facts.video.packets,
                facts.audio.packets, restart ? "  discontinuity" : "");
}

/* ---- playlist ---- */

/* Fetches the playlist. Returns whether it was there and could be read. */
static bool look_at_playlist(Doctor *d)
{
    int64_t asked_us = clock_us(CLOCK_MONOTONIC);
    Fetched file = fetch_playlist(d->fetch);
    const M3u8 *before = playlist_rules_last(d->rules);
    const char *wrong;

    if (file.status != 200) {
        if (before)
            findings_add(d->findings, "the playlist cannot be fetched", "HTTP status %ld",
                         file.status);
        return false;
    }
    M3u8 *m = m3u8_read((const char *)file.data, file.len, &wrong);
    if (!m || m->is_multivariant) {
        findings_add(d->findings, "the playlist cannot be read", "%s",
                     m ? "it is a multivariant playlist" : wrong);
        m3u8_destroy(&m);
        return false;
    }
    bool same = before && before->media_sequence == m->media_sequence &&
                before->count == m->count && before->ended == m->ended &&
                before->target_s == m->target_s;
    if (same) {
        m3u8_destroy(&m);
        playlist_rules_same(d->rules, asked_us);
    } else {
        playlist_rules_version(d->rules, m, asked_us);
    }
    return true;
}

static void look_at_new_segments(Doctor *d)
{
    const M3u8 *m = playlist_rules_last(d->rules);

    if (!m)
        return;
    if (d->next_sequence < m->media_sequence)
        d->next_sequence = m->media_sequence;
    while (d->next_sequence < m->media_sequence + m->count) {
        /* the playlist may move on while a segment is looked at, but this version is still ours */
        look_at(d, m3u8_segment(m, d->next_sequence));
        d->next_sequence++;
    }
}

static void look_at_retained(Doctor *d)
{
    const char *uri;
    int64_t until_us;

    while ((uri = playlist_rules_retained(d->rules, clock_us(CLOCK_MONOTONIC), &until_us))) {
        Fetched file = fetch_beside(d->fetch, uri);
        d->retained++;
        if (file.status != 200 && clock_us(CLOCK_MONOTONIC) < until_us)
            findings_add(d->findings, "a segment that left the playlist went too soon (6.2.2)",
                         "%s: HTTP status %ld", uri, file.status);
    }
}

static void watch(Doctor *d)
{
    int64_t wait_until = clock_us(CLOCK_MONOTONIC) + (int64_t)(d->options->wait_s * US_PER_S);
    int64_t until = 0;

    for (;;) {
        bool there = look_at_playlist(d);
        int64_t now = clock_us(CLOCK_MONOTONIC);
        if (!there && !playlist_rules_last(d->rules) && now >= wait_until)
            return;
        if (there && until == 0)
            until = now + (int64_t)(d->options->time_s * US_PER_S);
        look_at_new_segments(d);
        look_at_retained(d);
        const M3u8 *last = playlist_rules_last(d->rules);
        if (over || (until != 0 && (now >= until || (last && last->ended))))
            break;
        sleep_us(POLL_US);
    }
    segment_probe_drain(d->probe);
}

/* ---- report ---- */

typedef struct DateFacts {
    double median_ms, max_ms; /* off the test card's clock; above 0, the date is late */
} DateFacts;

/* There are dates; they are sorted. */
static DateFacts date_facts(const Doctor *d)
{
    sort_values(d->date_off_ms, d->dates);
    double least = d->date_off_ms[0], most = d->date_off_ms[d->dates - 1];
    return (DateFacts){d->date_off_ms[d->dates / 2], fabs(least) > fabs(most) ? least : most};
}

static json_t *report_json(const Doctor *d)
{
    PlaylistHistory h = playlist_rules_history(d->rules);
    json_t *report = json_pack(
        "{s:b, s:I, s:f, s:I, s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:f, s:f, s:I, s:b}", "ok",
        findings_count(d->findings) == 0, "segments", (json_int_t)d->segments, "media_seconds",
        (double)d->media_us / US_PER_S, "bytes", (json_int_t)d->bytes, "with_video",
        (json_int_t)d->with_video, "with_audio", (json_int_t)d->with_audio, "starting_with_idr",
        (json_int_t)d->starting_with_idr, "width", d->width, "height", d->height, "versions",
        (json_int_t)h.versions, "first_sequence", (json_int_t)h.first_sequence, "discontinuities",
        (json_int_t)h.discontinuities, "longest_gap_seconds", (double)h.longest_gap_us / US_PER_S,
        "extinf_off_max_ms", d->extinf_off_max_ms, "retained_checked", (json_int_t)d->retained,
        "ended", h.ended);

    if (d->dates > 0) {
        DateFacts dates = date_facts(d);
        json_object_set_new(report, "date_off_median_ms", json_real(dates.median_ms));
        json_object_set_new(report, "date_off_max_ms", json_real(dates.max_ms));
    }
    json_object_set_new(report, "marks", marks_json(marks_report(d->marks)));
    json_object_set_new(report, "faults", findings_json(d->findings));
    json_object_set_new(report, "remarks", findings_remarks_json(d->findings));
    return report;
}

static void print_report(const Doctor *d)
{
    PlaylistHistory h = playlist_rules_history(d->rules);

    printf("%s\n", d->options->where);
    printf("  %zu segments, %.1f s, %.0f kbit/s, %dx%d; %zu versions of the playlist\n",
           d->segments, (double)d->media_us / US_PER_S,
           d->media_us ? (double)d->bytes * 8000 / (double)d->media_us : 0, d->width, d->height,
           h.versions);
    printf("  %zu of %zu segments with pictures begin with an IDR picture; %" PRIu64
           " discontinuities\n",
           d->starting_with_idr, d->with_video, h.discontinuities);
    printf("  EXTINF is off by %.1f ms at the most; %zu segments tried after they left the list\n",
           d->extinf_off_max_ms, d->retained);
    if (d->dates > 0) {
        DateFacts dates = date_facts(d);
        printf(
            "  PROGRAM-DATE-TIME is off the test card's clock by %.0f ms (median), %.0f ms at the "
            "most\n",
            dates.median_ms, dates.max_ms);
    }
    marks_print(marks_report(d->marks));
    findings_print(d->findings);
    printf(findings_count(d->findings) ? "  %zu faults\n" : "  nothing wrong\n",
           findings_count(d->findings));
}

/* ---- main ---- */

static bool read_seconds(const char *text, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= 0 && *out <= 1e6;
}

/* Returns 0, or the exit status + 1 if there is nothing left to do. */
static int read_options(int argc, char **argv, Options *o)
{
    static const struct option names[] = {
        {"time", required_argument, NULL, 't'}, {"wait", required_argument, NULL, 'w'},
        {"json", no_argument, NULL, 'j'},       {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};
    int c;

    *o = (Options){.time_s = 20};
    while ((c = getopt_long(argc, argv, "t:w:jqh", names, NULL)) != -1) {
        bool good = true;
        if (c == 't')
            good = read_seconds(optarg, &o->time_s);
        else if (c == 'w')
            good = read_seconds(optarg, &o->wait_s);
        else if (c == 'j')
            o->json = true;
        else if (c == 'q')
            o->quiet = true;
        else if (c == 'h')
            return fputs(usage, stdout), 1;
        else
            return fputs("Try hls-doctor --help\n", stderr), 3;
        if (!good)
            return fprintf(stderr, "hls-doctor: -%c takes a number of seconds\n", c), 3;
    }
    if (optind + 1 != argc)
        return fputs("hls-doctor: name one playlist; try hls-doctor --help\n", stderr), 3;
    o->where = argv[optind];
    return 0;
}

static void print_json(json_t *report)
{
    json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(report);
}

/* Waits for the playlist to appear. Returns whether it is for low latency: a multivariant one, or
 * one with parts. */
static bool has_low_latency(Doctor *d)
{
    int64_t wait_until = clock_us(CLOCK_MONOTONIC) + (int64_t)(d->options->wait_s * US_PER_S);
    Fetched file = fetch_playlist(d->fetch);
    const char *wrong;

    while (file.status != 200 && clock_us(CLOCK_MONOTONIC) < wait_until) {
        sleep_us(POLL_US);
        file = fetch_playlist(d->fetch);
    }
    M3u8 *m = file.status == 200 ? m3u8_read((const char *)file.data, file.len, &wrong) : NULL;
    bool low = m && (m->is_multivariant || m->has_part_inf);
    m3u8_destroy(&m);
    return low;
}

/* Returns the exit status. */
static int follow_all(const Options *o)
{
    FollowOptions options = {o->where, o->time_s, o->quiet || o->json, &over};
    Follow *f = follow_create(&options);
    int status = 2;

    if (!f || follow_run(f) < 0) {
        fprintf(stderr, "hls-doctor: %s cannot be followed\n", o->where);
    } else {
        if (o->json)
            print_json(follow_json(f));
        else
            follow_print(f);
        status = follow_faults(f) ? 1 : 0;
    }
    follow_destroy(&f);
    return status;
}

/* Watches a classic playlist. Returns the exit status. */
static int watch_classic(Doctor *d)
{
    const ProbeSink sink = {d, on_picture, on_sound};

    d->findings = findings_create();
    d->rules = d->findings ? playlist_rules_create(d->findings) : NULL;
    d->probe = segment_probe_create(&sink);
    d->marks = marks_create();
    if (!d->rules || !d->probe || !d->marks) {
        fputs("hls-doctor: there is no memory\n", stderr);
        return 2;
    }
    watch(d);
    if (!playlist_rules_last(d->rules)) {
        fprintf(stderr, "hls-doctor: %s is not there, or is no playlist\n", d->options->where);
        return 2;
    }
    if (d->options->json)
        print_json(report_json(d));
    else
        print_report(d);
    return findings_count(d->findings) ? 1 : 0;
}

int main(int argc, char **argv)
{
    Options options;
    int status = read_options(argc, argv, &options);
    if (status)
        return status - 1;

    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt, .sa_flags = SA_RESTART},
              NULL);
    Doctor d = {.options = &options, .fetch = fetch_create(options.where)};
    if (!d.fetch) {
        fputs("hls-doctor: there is no memory\n", stderr);
        return 2;
    }
    status = has_low_latency(&d) ? follow_all(&options) : watch_classic(&d);
    free(d.date_off_ms);
    marks_destroy(&d.marks);
    segment_probe_destroy(&d.probe);
    playlist_rules_destroy(&d.rules);
    findings_destroy(&d.findings);
    fetch_destroy(&d.fetch);
    return status;
}
