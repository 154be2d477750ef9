/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzzed_rungs.h"

#include <stdio.h>
#include <string.h>

#include "hls-bridge/codec/annex_b.h"

#define GIVEN      60 /* pictures that may be under way, as the bridge lets them */
#define SPOILT_MAX 64
#define NALS_MAX   64

typedef struct Given {
    int64_t pts_90k, due_us;
    size_t len;
    bool idr;
} Given;

typedef struct FuzzedRung {
    Given given[GIVEN];
    size_t first, count;
    int64_t lag_us;
    unsigned loses;
    bool gone, stands, tall, decodes;
    uint8_t spoilt[SPOILT_MAX];
    size_t spoilt_len;
} FuzzedRung;

static Segmenter *segmenter;
static FuzzedRung rung[FUZZED_RUNGS_MAX];
static size_t rungs, first_track;
static int64_t time_us;

void fuzzed_rungs_describe(size_t count, Renditions *renditions)
{
    rungs = 0;
    for (; rungs < count && renditions->count < STREAM_TRACKS_MAX; rungs++) {
        Rendition *r = &renditions->item[renditions->count++];
        *r = (Rendition){.kind = TRACK_VIDEO,
                         .codec = CODEC_H264,
                         .follows = true,
                         .side = rungs % 2 ? 0 : 180}; /* if it is gone, nobody watches it */
        snprintf(r->name, sizeof(r->name), "r%zu", rungs);
    }
}

/* The tap: a picture goes out. */
static void take(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user;
    (void)dts_90k;
    for (size_t i = 0; i < rungs; i++) {
        FuzzedRung *r = &rung[i];
        bool lost = r->gone || r->count == GIVEN || r->loses > 0;
        r->loses -= r->loses > 0;
        r->decodes = !lost && (r->decodes || unit->idr);
        if (r->decodes)
            r->given[(r->first + r->count++) % GIVEN] =
                (Given){pts_90k, time_us + r->lag_us, unit->len, unit->idr};
    }
}

void fuzzed_rungs_begin(Segmenter *of, const Renditions *renditions)
{
    segmenter = of;
    first_track = renditions->count - rungs;
    memset(rung, 0, sizeof(rung));
    segmenter_set_tap(segmenter, rungs > 0 ? &(SegmenterTap){take, NULL} : NULL);
    for (size_t i = 0; i < rungs; i++)
        segmenter_set_running(segmenter, first_track + i, true);
}

void fuzzed_rungs_change(size_t which, FuzzedFate fate, unsigned value, const uint8_t *bytes,
                         size_t len)
{
    if (rungs == 0)
        return;
    FuzzedRung *r = &rung[which % rungs];
    switch (fate) {
    case FUZZED_LAG:
        r->lag_us = (int64_t)value * 100;
        break;
    case FUZZED_LOSES:
        r->loses = value;
        break;
    case FUZZED_GONE:
    case FUZZED_THERE:
        r->gone = fate == FUZZED_GONE;
        r->count = r->gone ? 0 : r->count;
        segmenter_set_running(segmenter, first_track + which % rungs, !r->gone);
        break;
    case FUZZED_STANDS:
    case FUZZED_GOES_ON:
        r->stands = fate == FUZZED_STANDS;
        break;
    case FUZZED_TALL:
        r->tall = !r->tall;
        break;
    case FUZZED_SPOILT:
        r->spoilt_len = len < SPOILT_MAX ? len : SPOILT_MAX;
        memcpy(r->spoilt, bytes, r->spoilt_len);
        break;
    case FUZZED_FATES:
        break;
    }
}

static size_t add(uint8_t *data, size_t at, const void *bytes, size_t len)
{
    memcpy(data + at, bytes, len);
    return at + len;
}

#define ADD(...)                                                                                   \
    at = add(data, at, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

/* As an encoder gives it out, no longer than what it is made of by much. */
static size_t make(const FuzzedRung *r, const Given *g, uint8_t data[2048])
{
    size_t at = 0, len = g->len < 1200 ? g->len : 1200;

    ADD(0, 0, 0, 1, 0x09, 0xF0);
    if (r->spoilt_len > 0)
        return add(data, at, r->spoilt, r->spoilt_len);
    if (g->idr && r->tall)
        ADD(0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x5A, 0x05, 0x0D, 0x37, 0x01,
            0x0D, 0x01, 0x07, 0x84, 0x42, 0x35);
    else if (g->idr)
        ADD(0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02, 0xDD, 0x37, 0x01,
            0x0D, 0x01, 0x07, 0x84, 0x42, 0x35);
    if (g->idr)
        ADD(0, 0, 0, 1, 0x68, 0xCE, 0x3C, 0x80);
    ADD(0, 0, 1, g->idr ? 0x65 : 0x41, 0x9A, 0x00, 0x04, 0x80);
    memset(data + at, 0x55, len);
    return at + len;
}

static void give(size_t i)
{
    FuzzedRung *r = &rung[i];
    const Given *g = &r->given[r->first];
    uint8_t data[2048];
    NalUnit nal[NALS_MAX];
    size_t len = make(r, g, data), nals = annex_b_read(data, len, nal, NALS_MAX);
    const AccessUnit unit = {.data = data,
                             .len = len,
                             .nal = nal,
                             .nals = nals,
                             .codec = CODEC_H264,
                             .track = first_track + i,
                             .idr = g->idr};

    if (nals <= NALS_MAX)
        segmenter_picture(segmenter, &unit, g->pts_90k, g->pts_90k);
    r->first = (r->first + 1) % GIVEN;
    r->count--;
}

void fuzzed_rungs_work(int64_t now_us)
{
    time_us = now_us;
    for (size_t i = 0; i < rungs; i++)
        while (rung[i].count > 0 && !rung[i].stands &&
               rung[i].given[rung[i].first].due_us <= now_us)
            give(i);
}

void fuzzed_rungs_end(void)
{
    segmenter_set_tap(segmenter, NULL);
    rungs = 0;
}

/* ---- playlists ---- */

/* The next line that says where a segment begins and ends; NULL: there is none. */
static const char *next_cut(const char *text, size_t *len)
{
    static const char *const says[] = {"#EXTINF", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY",
                                       "#EXT-X-TARGETDURATION", "#EXT-X-PROGRAM"};

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
            if (strncmp(text, says[i], strlen(says[i])) == 0) {
                *len = strcspn(text, "\n");
                return text;
            }
    return NULL;
}

bool fuzzed_rungs_are_cut_alike(const char *one, const char *other)
{
    size_t len, other_len;

    for (;; one += len, other += other_len) {
        one = next_cut(one, &len);
        other = next_cut(other, &other_len);
        if (!one || !other)
            return !one && !other;
        if (len != other_len || memcmp(one, other, len) != 0)
            return false;
    }
}
