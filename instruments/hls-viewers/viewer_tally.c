/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "viewer_tally.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static const struct {
    const char *key, *text;
} troubles[TROUBLES] = {
    {"connect", "could not connect"},
    {"broken", "were cut off"},
    {"malformed", "were not HTTP/1.1"},
    {"no_answer", "were not answered in time"},
    {"refused", "were refused (4xx)"},
    {"unavailable", "were put off (503)"},
    {"failed", "had another status"},
    {"list", "were playlists that cannot be read"},
    {"backward", "were playlists older than what the viewer had"},
    {"early", "came without the part that was waited for"},
    {"size", "had another length than they should"},
    {"behind", "times media had left the playlist before a viewer came to it"},
};

static const struct {
    const char *key, *text;
} waits[WAITS] = {
    {"held_playlists", "held playlists, from the part's birth"},
    {"held_parts", "held parts, from their birth"},
    {"others", "others, from the request"},
};

int viewer_tally_init(ViewerTally *t)
{
    *t = (ViewerTally){0};
    for (Wait w = 0; w < WAITS; w++)
        if (!(t->wait[w] = delays_create()))
            return -1;
    return 0;
}

void viewer_tally_clear(ViewerTally *t)
{
    for (Wait w = 0; w < WAITS; w++)
        delays_destroy(&t->wait[w]);
}

int64_t viewer_tally_troubles(const ViewerTally *t)
{
    int64_t sum = 0;

    for (Trouble i = 0; i < TROUBLES; i++)
        sum += t->trouble[i];
    return sum;
}

static double ms(const Delays *d, double part)
{
    return (double)delays_quantile_us(d, part) / 1000;
}

static double max_ms(const Delays *d)
{
    return (double)delays_max_us(d) / 1000;
}

void viewer_tally_print(const ViewerTally *t, const ViewerSummary *s)
{
    printf("%s\n", s->url);
    printf("  %" PRId64 " of %" PRId64 " viewers, %" PRId64 " connections, %.1f s\n", s->joined,
           s->viewers, s->connections, s->seconds);
    printf("  %" PRId64 " requests (%" PRId64 " playlists, %" PRId64
           " of media), %.0f a second, %.1f Mbit/s\n",
           t->requests, t->lists, t->media, (double)t->requests / s->seconds,
           (double)t->bytes * 8 / 1e6 / s->seconds);
    if (t->lists > 0)
        printf("  a playlist is %" PRId64 " bytes on average; %" PRId64 " compressed, %" PRId64
               " delta updates\n",
               t->list_bytes / t->lists, t->compressed, t->deltas);
    printf("  each viewer was given %" PRId64 " to %" PRId64 " pieces of media of a rendition\n",
           s->fewest, s->most);
    if (t->whole > 0)
        printf("  %" PRId64 " of these are whole segments, whose parts had left the playlist\n",
               t->whole);
    for (Wait w = 0; w < WAITS; w++) {
        const Delays *d = t->wait[w];
        if (delays_count(d) > 0)
            printf(
                "  %s: median %.1f ms, 95 %% within %.1f, 99 %% within %.1f, all within %.1f "
                "(%" PRId64 ")\n",
                waits[w].text, ms(d, 0.5), ms(d, 0.95), ms(d, 0.99), max_ms(d), delays_count(d));
    }
    if (delays_count(t->wait[WAIT_LIST]) + delays_count(t->wait[WAIT_PART]) > 0)
        printf("  birth: %s\n",
               s->by_files ? "the part's file" : "the first viewer who heard of the part");
    printf("  this program took %.1f %% of a core\n", 100 * s->cpu_s / s->seconds);
    for (Trouble i = 0; i < TROUBLES; i++)
        if (t->trouble[i] > 0)
            printf("  %" PRId64 " %s\n", t->trouble[i], troubles[i].text);
    if (viewer_tally_troubles(t) == 0)
        printf("  nothing wrong\n");
}

void viewer_tally_print_json(const ViewerTally *t, const ViewerSummary *s)
{
    json_t *report = json_pack(
        "{s:s, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:s, s:f, s:I}",
        "url", s->url, "viewers", (json_int_t)s->viewers, "joined", (json_int_t)s->joined,
        "connections", (json_int_t)s->connections, "seconds", s->seconds, "requests",
        (json_int_t)t->requests, "playlists", (json_int_t)t->lists, "media", (json_int_t)t->media,
        "bytes", (json_int_t)t->bytes, "playlist_bytes", (json_int_t)t->list_bytes, "compressed",
        (json_int_t)t->compressed, "deltas", (json_int_t)t->deltas, "fewest", (json_int_t)s->fewest,
        "most", (json_int_t)s->most, "whole_segments", (json_int_t)t->whole, "hints_withdrawn",
        (json_int_t)t->withdrawn, "births_unknown", (json_int_t)t->unborn, "birth",
        s->by_files ? "file" : "first", "cpu_s", s->cpu_s, "errors",
        (json_int_t)viewer_tally_troubles(t));
    json_t *kinds = json_object();

    for (Trouble i = 0; i < TROUBLES; i++)
        json_object_set_new(kinds, troubles[i].key, json_integer(t->trouble[i]));
    json_object_set_new(report, "errors_by_kind", kinds);
    for (Wait w = 0; w < WAITS; w++) {
        const Delays *d = t->wait[w];
        json_object_set_new(report, waits[w].key,
                            json_pack("{s:I, s:f, s:f, s:f, s:f}", "count",
                                      (json_int_t)delays_count(d), "median_ms", ms(d, 0.5),
                                      "p95_ms", ms(d, 0.95), "p99_ms", ms(d, 0.99), "max_ms",
                                      max_ms(d)));
    }
    json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(report);
}
