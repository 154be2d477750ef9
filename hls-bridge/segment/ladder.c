/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/ladder.h"

#include <stdio.h>

/* ---- the renditions that there are ---- */

static size_t find_rendition(const Ladder *l, const char *name)
{
    for (size_t i = 0; i < l->renditions; i++)
        if (strcmp(l->rendition[i].name, name) == 0)
            return i;
    return LADDER_NONE;
}

static void insert_rendition(Ladder *l, size_t at, const char *name)
{
    if (l->renditions == VIDEO_TRACKS_MAX)
        return;
    memmove(&l->rendition[at + 1], &l->rendition[at],
            (l->renditions - at) * sizeof(l->rendition[0]));
    l->rendition[at] = (LadderRendition){.own = LADDER_NONE, .feeds = LADDER_NONE};
    snprintf(l->rendition[at].name, sizeof(l->rendition[at].name), "%s", name);
    l->renditions++;
}

static bool is_listed(const Renditions *listed, const char *name)
{
    for (size_t i = 0; i < listed->count; i++)
        if (listed->item[i].kind == TRACK_VIDEO && strcmp(listed->item[i].name, name) == 0)
            return true;
    return name[0] == '\0';
}

/* Keeps those that are listed, in the order that is known, and adds those of an earlier run. */
static void keep_listed(Ladder *l, const Renditions *listed)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->renditions; i++)
        if (is_listed(listed, l->rendition[i].name))
            l->rendition[kept++] = l->rendition[i];
    l->renditions = kept;
    if (find_rendition(l, "") == LADDER_NONE)
        insert_rendition(l, 0, "");
    for (size_t i = 0; i < listed->count; i++)
        if (listed->item[i].kind == TRACK_VIDEO &&
            find_rendition(l, listed->item[i].name) == LADDER_NONE)
            insert_rendition(l, l->renditions, listed->item[i].name);
}

void ladder_begin(Ladder *l, const Renditions *sent, const Renditions *listed)
{
    keep_listed(l, listed);
    for (size_t i = 0; i < l->renditions; i++) {
        l->rendition[i].own = l->rendition[i].feeds = LADDER_NONE;
    }
    l->mapped = false;
    l->layers = 0;
    for (size_t i = 0; i < sent->count && l->layers < VIDEO_TRACKS_MAX; i++) {
        const Rendition *r = &sent->item[i];
        if (r->kind != TRACK_VIDEO)
            continue;
        LadderLayer *layer = &l->layer[l->layers++];
        *layer = (LadderLayer){.bitrate = r->bitrate};
        memcpy(layer->label, r->name, sizeof(layer->label));
    }
}

/* ---- which layers are live ---- */

static bool feeds_any(const Ladder *l, size_t layer)
{
    for (size_t i = 0; i < l->renditions; i++)
        if (l->rendition[i].feeds == layer)
            return true;
    return false;
}

void ladder_broken(Ladder *l, size_t index, int64_t at_90k)
{
    l->layer[index].broken_90k = at_90k;
}

/* What has become of a layer, if the picture of another at `at_90k` is one more since its own. */
static void judge(LadderLayer *layer, int64_t at_90k)
{
    int64_t since_90k = at_90k - layer->newest_90k;
    bool packets = layer->broken_90k > at_90k - LADDER_SILENT_90K;

    layer->broken = since_90k >= LADDER_SILENT_90K;
    layer->live = since_90k < (packets ? LADDER_BROKEN_90K : LADDER_SILENT_90K);
}

bool ladder_picture(Ladder *l, size_t index, bool idr, int width, int height, int64_t pts_90k)
{
    LadderLayer *layer = &l->layer[index];
    bool fell_silent = false, first = idr && layer->area == 0 && width > 0;

    layer->live = true;
    layer->broken = false;
    layer->newest_90k = pts_90k;
    layer->idrs += idr;
    layer->idr_90k = idr ? pts_90k : layer->idr_90k;
    memset(layer->behind, 0, sizeof(layer->behind));
    if (idr && width > 0) {
        layer->width = width;
        layer->height = height;
    }
    if (first)
        layer->area = (int64_t)width * height;
    if (first && l->mapped)
        ladder_map(l);
    for (size_t i = 0; i < l->layers; i++) {
        LadderLayer *other = &l->layer[i];
        if (i == index || !other->live)
            continue;
        if (!ladder_same_moment(pts_90k, other->newest_90k) &&
            other->behind[index] < LADDER_SILENT_PICTURES)
            other->behind[index]++;
        if (other->behind[index] >= LADDER_SILENT_PICTURES)
            judge(other, pts_90k);
        fell_silent = fell_silent || (!other->live && feeds_any(l, i));
    }
    return fell_silent;
}

bool ladder_is_complete(const Ladder *l)
{
    for (size_t i = 0; i < l->layers; i++)
        if (l->layer[i].idrs == 0)
            return false;
    return l->layers > 0;
}

/* ---- which rendition has which layer ---- */

/* Whether `a` is better than `b`, both of known size. */
static bool is_better(const Ladder *l, size_t a, size_t b)
{
    const LadderLayer *x = &l->layer[a], *y = &l->layer[b];

    if (x->area != y->area)
        return x->area > y->area;
    return x->bitrate != y->bitrate ? x->bitrate > y->bitrate : a < b;
}

/* Whether a layer of unknown size comes before one in the order: by announced bitrates, else by
 * where it stands in the description. */
static bool is_guessed_better(const Ladder *l, size_t unknown, size_t other, bool best_first)
{
    int64_t a = l->layer[unknown].bitrate, b = l->layer[other].bitrate;

    if (a > 0 && b > 0 && a != b)
        return a > b;
    return best_first ? unknown < other : unknown > other;
}

static void insert_layer(size_t *order, size_t count, size_t at, size_t layer)
{
    memmove(&order[at + 1], &order[at], (count - at) * sizeof(order[0]));
    order[at] = layer;
}

/* All layers, the best first. */
static void rank(Ladder *l, size_t *order)
{
    size_t count = 0;

    for (size_t i = 0; i < l->layers; i++) {
        size_t at = 0;
        while (at < count && !is_better(l, i, order[at]))
            at++;
        if (l->layer[i].area > 0)
            insert_layer(order, count++, at, i);
    }
    bool best_first = count < 2 || order[0] < order[count - 1];
    for (size_t i = 0; i < l->layers; i++) {
        size_t at = 0;
        while (at < count && !is_guessed_better(l, i, order[at], best_first))
            at++;
        if (l->layer[i].area == 0)
            insert_layer(order, count++, at, i);
    }
    for (size_t i = 0; i < count; i++)
        l->layer[order[i]].rank = i;
}

/* A new rendition for a layer goes before the first that has a worse one. */
static void add_rendition(Ladder *l, size_t layer)
{
    char name[RENDITION_NAME_SIZE];
    size_t at = 1;

    snprintf(name, sizeof(name), "%s", l->layer[layer].label);
    for (size_t n = layer + 1; name[0] == '\0' || find_rendition(l, name) != LADDER_NONE; n++)
        snprintf(name, sizeof(name), "%zu", n);
    while (at < l->renditions && (l->rendition[at].own == LADDER_NONE ||
                                  l->layer[l->rendition[at].own].rank < l->layer[layer].rank))
        at++;
    if (l->renditions == VIDEO_TRACKS_MAX)
        return;
    insert_rendition(l, at, name);
    l->rendition[at].own = layer;
}

/* A rendition of this label that has no layer; LADDER_NONE: there is none. */
static size_t free_by_label(const Ladder *l, size_t layer)
{
    size_t i = l->layer[layer].label[0] ? find_rendition(l, l->layer[layer].label) : LADDER_NONE;

    return i != LADDER_NONE && l->rendition[i].own == LADDER_NONE ? i : LADDER_NONE;
}

static size_t free_by_rank(const Ladder *l)
{
    for (size_t i = 0; i < l->renditions; i++)
        if (l->rendition[i].own == LADDER_NONE)
            return i;
    return LADDER_NONE;
}

void ladder_map(Ladder *l)
{
    size_t order[VIDEO_TRACKS_MAX], at;
    bool has[VIDEO_TRACKS_MAX] = {false};

    if (l->layers == 0)
        return;
    rank(l, order);
    for (size_t i = 0; i < l->renditions; i++)
        l->rendition[i].own = LADDER_NONE;
    l->rendition[0].own = order[0]; /* the best is the best, whatever it is called */
    for (size_t i = 1; i < l->layers; i++)
        if ((at = free_by_label(l, order[i])) != LADDER_NONE) {
            l->rendition[at].own = order[i];
            has[i] = true;
        }
    for (size_t i = 1; i < l->layers; i++) {
        if (has[i])
            continue;
        at = free_by_rank(l);
        if (at != LADDER_NONE)
            l->rendition[at].own = order[i];
        else
            add_rendition(l, order[i]);
    }
    if ((at = free_by_label(l, order[0])) != LADDER_NONE)
        l->rendition[at].own = order[0];
    l->mapped = true;
}

/* ---- what feeds a rendition ---- */

size_t ladder_best(const Ladder *l)
{
    size_t best = LADDER_NONE;

    for (size_t i = 0; i < l->layers; i++)
        if (l->layer[i].live && !l->layer[i].broken && l->layer[i].idrs > 0 &&
            (best == LADDER_NONE || l->layer[i].rank < l->layer[best].rank))
            best = i;
    return best;
}

bool ladder_awaits_others(const Ladder *l, size_t layer, int64_t pts_90k)
{
    for (size_t i = 0; i < l->layers; i++) {
        const LadderLayer *other = &l->layer[i];
        bool came = other->newest_90k > pts_90k + LADDER_APART_90K / 2 ||
                    (other->idrs > 0 && ladder_same_moment(other->idr_90k, pts_90k));
        if (i != layer && other->live && !came)
            return true;
    }
    return false;
}

/* Where a rendition stands among the ranks of layers, which are even: on its own layer's, or
 * between those of its neighbours. */
static long place_of(const Ladder *l, size_t rendition)
{
    size_t own = l->rendition[rendition].own;

    if (own != LADDER_NONE)
        return 2 * (long)l->layer[own].rank;
    while (rendition-- > 0)
        if ((own = l->rendition[rendition].own) != LADDER_NONE)
            return 2 * (long)l->layer[own].rank + 1;
    return -1;
}

/* How far a layer is from a place: itself, the next worse, then the next better. */
static long distance(const Ladder *l, size_t layer, long place)
{
    long below = 2 * (long)l->layer[layer].rank - place;

    return below >= 0 ? below : 4 * VIDEO_TRACKS_MAX - below;
}

/* The layer that is nearest to a rendition, of those that are ready. */
static size_t nearest(const Ladder *l, size_t rendition, const bool *ready)
{
    long place = place_of(l, rendition);
    size_t found = LADDER_NONE;

    for (size_t i = 0; i < l->layers; i++)
        if (ready[i] && (found == LADDER_NONE || distance(l, i, place) < distance(l, found, place)))
            found = i;
    return found;
}

LadderPlan ladder_plan(const Ladder *l, size_t lead, const bool *ready)
{
    LadderPlan plan = {0};

    for (size_t i = 0; i < l->renditions; i++) {
        size_t feeds = l->rendition[i].feeds;
        plan.feeds[i] = i == 0 ? lead : nearest(l, i, ready);
        plan.changes = plan.changes || (feeds != LADDER_NONE && feeds != plan.feeds[i]);
    }
    return plan;
}

void ladder_cut(Ladder *l, const LadderPlan *plan)
{
    for (size_t i = 0; i < l->renditions; i++) {
        LadderRendition *r = &l->rendition[i];
        bool changes = r->feeds != LADDER_NONE && r->feeds != plan->feeds[i];
        l->switches += changes;
        l->fillings += changes && plan->feeds[i] != r->own;
        r->feeds = plan->feeds[i];
    }
}

LadderStats ladder_stats(const Ladder *l)
{
    LadderStats stats = {.layers = l->layers, .switches = l->switches, .fillings = l->fillings};

    for (size_t i = 0; i < l->layers; i++) {
        const LadderLayer *layer = &l->layer[i];
        LadderLayerStats *out = &stats.layer[i];
        *out = (LadderLayerStats){.width = layer->width,
                                  .height = layer->height,
                                  .live = layer->live,
                                  .idrs = layer->idrs};
        memcpy(out->label, layer->label, sizeof(out->label));
    }
    for (size_t i = 0; l->mapped && i < l->renditions; i++) {
        LadderRenditionStats *out = &stats.rendition[stats.renditions++];
        *out = (LadderRenditionStats){.feeds = l->rendition[i].feeds, .own = l->rendition[i].own};
        memcpy(out->name, l->rendition[i].name, sizeof(out->name));
    }
    return stats;
}
