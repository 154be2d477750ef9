/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audience.h"

#include <stdlib.h>

#include "viewer.h"

static int open_viewer(Audience *a, Viewer *v)
{
    v->audience = a;
    for (size_t i = 0; i < RENDITIONS; i++) {
        Track *t = &v->track[i];
        t->viewer = v;
        t->rendition = &a->rendition[i];
        t->asked = t->refused = viewer_nowhere;
        t->list = http_connection_create(a->loop, viewer_on_list, t);
        t->media = http_connection_create(a->loop, viewer_on_media, t);
        if (!t->list || !t->media)
            return -1;
    }
    return 0;
}

Audience *audience_create(const ViewerOptions *options, const TokenList *tokens, HttpLoop *loop,
                          ViewerTally *tally)
{
    Audience *a = calloc(1, sizeof(*a) + options->viewers * sizeof(Viewer));

    if (!a)
        return NULL;
    a->options = options;
    a->loop = loop;
    a->tally = tally;
    a->master = shared_list_create();
    bool good = a->master;
    for (size_t i = 0; i < RENDITIONS; i++) {
        Rendition *r = &a->rendition[i];
        r->list = shared_list_create();
        r->births = births_create(options->files);
        good = good && r->list && r->births;
    }
    for (size_t i = 0; good && i < options->viewers; i++) {
        a->viewer[i].token = tokens->count > 0 ? tokens->token[i % tokens->count] : NULL;
        good = open_viewer(a, &a->viewer[i]) == 0;
    }
    if (!good)
        audience_destroy(&a);
    return a;
}

void audience_destroy(Audience **audience)
{
    Audience *a = *audience;

    if (!a)
        return;
    for (size_t v = 0; v < a->options->viewers; v++)
        for (size_t i = 0; i < RENDITIONS; i++) {
            http_connection_destroy(&a->viewer[v].track[i].list);
            http_connection_destroy(&a->viewer[v].track[i].media);
        }
    for (size_t i = 0; i < RENDITIONS; i++) {
        shared_list_destroy(&a->rendition[i].list);
        births_destroy(&a->rendition[i].births);
    }
    shared_list_destroy(&a->master);
    free(a);
    *audience = NULL;
}

void audience_admit(Audience *a, size_t viewers)
{
    for (; a->admitted < viewers; a->admitted++)
        viewer_ask_for_list(&a->viewer[a->admitted].track[0]);
}

void audience_tick(Audience *a, int64_t now_us)
{
    for (size_t v = 0; v < a->admitted; v++)
        for (size_t i = 0; i < RENDITIONS; i++) {
            Track *t = &a->viewer[v].track[i];
            if (t->list_at_us > 0 && t->list_at_us <= now_us)
                viewer_ask_for_list(t);
        }
}

void audience_measure(Audience *a)
{
    ViewerTally *t = a->tally;

    a->measuring = true;
    t->requests = t->bytes = t->lists = t->media = t->withdrawn = t->unborn = 0;
    t->list_bytes = t->compressed = t->deltas = t->whole = 0;
    for (size_t v = 0; v < a->admitted; v++)
        for (size_t i = 0; i < RENDITIONS; i++)
            a->viewer[v].track[i].got = 0;
}

void audience_summarise(const Audience *a, ViewerSummary *s)
{
    s->joined = s->most = 0;
    s->fewest = INT64_MAX;
    for (size_t v = 0; v < a->admitted; v++) {
        bool joined = true;
        for (size_t i = 0; i < RENDITIONS && (i == 0 || *a->rendition[i].path); i++) {
            const Track *t = &a->viewer[v].track[i];
            joined = joined && t->started;
            s->fewest = t->got < s->fewest ? t->got : s->fewest;
            s->most = t->got > s->most ? t->got : s->most;
        }
        s->joined += joined;
    }
    if (a->admitted == 0)
        s->fewest = 0;
}
