/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "follow_state.h"
#include "memory_bound.h"

#define US_PER_S  1000000ll
#define MASTER_US (4 * US_PER_S) /* between two looks at the multivariant playlist */
#define TICK_MS   100
#define ACROSS_US US_PER_S /* between two comparisons of the renditions */

Follow *follow_create(const FollowOptions *options)
{
    Follow *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->options = *options;
    f->world.keys = options->keys;
    f->world.http = http_client_create();
    f->world.worker = media_worker_create(options->keys, !options->quiet, options->aligned);
    f->world.findings = findings_create();
    f->world.names = names_create();
    if (!f->world.http || !f->world.worker || !f->world.findings || !f->world.names ||
        http_client_url(options->url, f->url) < 0)
        follow_destroy(&f);
    return f;
}

void follow_destroy(Follow **follow)
{
    Follow *f = *follow;

    if (!f)
        return;
    f->world.over = true;
    http_client_destroy(&f->world.http);
    media_worker_destroy(&f->world.worker);
    for (size_t i = 0; i < f->count; i++)
        rendition_destroy(&f->followed[i].rendition);
    for (size_t i = 0; i < f->iframe_count; i++)
        iframe_list_destroy(&f->iframes[i]);
    names_destroy(&f->world.names);
    findings_destroy(&f->world.findings);
    free(f);
    *follow = NULL;
}

/* ---- renditions against each other ---- */

static bool is_live(const Followed *who)
{
    const M3u8 *m = rendition_list(who->rendition);

    return m && !m->ended;
}

static RenditionView view_of(const Followed *who)
{
    RenditionMoment m = rendition_moment(who->rendition);

    return (RenditionView){rendition_uri(who->rendition), rendition_list(who->rendition),
                           m.asked_us, m.came_us};
}

static Followed *followed_of(Follow *f, const char *uri)
{
    for (size_t i = 0; i < f->count; i++)
        if (uri && strcmp(rendition_uri(f->followed[i].rendition), uri) == 0)
            return &f->followed[i];
    return NULL;
}

/* Whether the last version of a playlist was made after `known` was seen. The version before it was
 * asked for after that, and its end was what there was then: what goes on from there is newer. How
 * long an answer takes proves nothing, since a busy machine is late with what was there long
 * before; but what comes at once may come from a cache, and the version before it too. */
static bool is_newer_than_known(const Followed *who)
{
    size_t self = who->index;

    return who->known.taken && rendition_moment(who->rendition).was_held &&
           list_edge_before(who->seen.edge[self], list_edge(rendition_list(who->rendition)));
}

static void check_reports(Follow *f, Followed *who)
{
    const M3u8 *m = rendition_list(who->rendition);
    RenditionMoment moment = rendition_moment(who->rendition);
    ListEdge own = list_edge(m);
    bool newer = is_newer_than_known(who);

    for (size_t i = 0; i < m->report_count; i++) {
        Followed *about = followed_of(f, m->reports[i].uri);
        if (!about || !rendition_list(about->rendition))
            continue;
        if (newer)
            report_rules_one(f->world.findings, rendition_uri(who->rendition), &m->reports[i], own,
                             who->known.edge[about - f->followed]);
        ListEdge said = list_edge_reported(&m->reports[i], own);
        if (list_edge_before(about->promised, said)) {
            about->promised = said;
            about->promised_us = moment.came_us;
        }
    }
}

static void note_seen(Follow *f, Followed *who)
{
    who->known = who->seen;
    for (size_t i = 0; i < f->count; i++) {
        const M3u8 *m = rendition_list(f->followed[i].rendition);
        who->seen.edge[i] = m ? list_edge(m) : (ListEdge){-1, -1};
        who->seen.live[i] = is_live(&f->followed[i]);
    }
    who->seen.taken = true;
}

/* Reports are of what was live before this version was made, and is. */
static void check_reports_are_there(Follow *f, const Followed *who)
{
    RenditionView view[MEDIA_RENDITIONS_MAX];
    size_t count = 0, which = 0;

    for (size_t i = 0; i < f->count; i++) {
        if (&f->followed[i] == who)
            which = count;
        if (&f->followed[i] == who || (who->known.live[i] && is_live(&f->followed[i])))
            view[count++] = view_of(&f->followed[i]);
    }
    report_rules_list(f->world.findings, view, count, which);
}

/* A whole segment behind another initialisation segment is what the next version speaks of, perhaps
 * that version alone. */
static void note_map(Follow *f, Followed *who)
{
    const M3u8 *m = rendition_list(who->rendition);
    const char *map = m->count > 0 ? m->segments[m->count - 1].map : NULL;

    if (!map || strcmp(map, who->map) == 0)
        return;
    if (who->map[0] != '\0')
        f->next_multi_us = 0; /* at the next tick: several renditions change at once */
    snprintf(who->map, sizeof(who->map), "%s", map);
}

static void on_news(void *user, Rendition *rendition)
{
    Follow *f = user;
    Followed *who = followed_of(f, rendition_uri(rendition));

    if (is_newer_than_known(who))
        check_reports_are_there(f, who);
    if (who->promised_us != 0 && rendition_moment(rendition).asked_us > who->promised_us)
        report_rules_promise(f->world.findings, rendition_uri(rendition), who->promised,
                             list_edge(rendition_list(rendition)));
    check_reports(f, who);
    note_seen(f, who);
    note_map(f, who);
}

/* ---- the multivariant playlist ---- */

static void follow_uri(Follow *f, const char *base, const char *uri)
{
    Followed *who = &f->followed[f->count];

    if (*uri == '\0' || followed_of(f, uri) || f->count == MEDIA_RENDITIONS_MAX)
        return;
    *who = (Followed){.index = f->count, .promised = {-1, -1}};
    who->rendition = rendition_create(&f->world, base, uri, f->count, on_news, f);
    if (who->rendition)
        f->count++;
}

static void follow_iframes(Follow *f, const char *uri)
{
    for (size_t i = 0; i < f->iframe_count; i++)
        if (strcmp(iframe_list_uri(f->iframes[i]), uri) == 0)
            return;
    IframeList *l = *uri ? iframe_list_create(&f->world, f->url, uri) : NULL;
    if (l)
        f->iframes[f->iframe_count++] = l;
}

static void begin(Follow *f)
{
    const M3u8Multi *m = multi_versions_newest(&f->multi);

    for (size_t i = 0; i < m->variant_count; i++)
        follow_uri(f, f->url, m->variant[i].uri);
    for (size_t i = 0; i < m->media_count; i++)
        follow_uri(f, f->url, m->media[i].uri);
    for (size_t i = 0; i < m->iframe_count; i++)
        follow_iframes(f, m->iframe[i].uri);
    for (size_t i = 0; i < f->count; i++)
        rendition_start(f->followed[i].rendition);
}

static void on_multi(void *user, HttpAnswer *a)
{
    Follow *f = user;
    const char *wrong;
    M3u8Multi multi;

    f->multi_asked = false;
    if (f->world.over)
        return;
    if (a->status != 200 || m3u8_multi_read((const char *)a->data, a->len, &multi, &wrong) < 0) {
        if (f->multi_looks > 0)
            findings_add(f->world.findings, "the multivariant playlist cannot be fetched",
                         "HTTP status %ld", a->status);
        f->failed = f->multi_looks == 0;
        return;
    }
    bool first = f->multi_looks++ == 0;
    f->multi_delivery.plain += strcmp(a->encoding, "gzip") != 0;
    if (!first)
        align_rules_multi(f->world.findings, f->options.aligned, multi_versions_newest(&f->multi),
                          &multi);
    multi_versions_add(&f->multi, &multi);
    f->listed = f->listed_if_asked;
    f->world.multi_versions = f->multi.count;
    multi_rules_check(f->world.findings, &multi);
    if (first)
        begin(f);
}

static void ask_multi(Follow *f, int64_t now_us)
{
    f->next_multi_us = now_us + MASTER_US;
    f->listed_if_asked = follow_listed(f);
    f->multi_asked = http_client_get(f->world.http, f->url, HTTP_TIMEOUT_US, on_multi, f) == 0;
}

/* Finds out what the URL names. */
static void on_first(void *user, HttpAnswer *a)
{
    Follow *f = user;
    const char *wrong;
    M3u8 *m = a->status == 200 ? m3u8_read((const char *)a->data, a->len, &wrong) : NULL;

    if (m && m->is_multivariant) {
        f->is_multi = true;
        on_multi(f, a);
    } else if (m) {
        const char *name = strrchr(f->url, '/');
        follow_uri(f, f->url, name + 1);
        rendition_start(f->followed[0].rendition);
    }
    f->failed = f->failed || !m;
    m3u8_destroy(&m);
}

/* ---- watching ---- */

static bool all_ended(const Follow *f)
{
    size_t ended = 0;

    for (size_t i = 0; i < f->count; i++) {
        const M3u8 *m = rendition_list(f->followed[i].rendition);
        ended += m && m->ended;
    }
    return f->count > 0 && ended == f->count;
}

/* The lists against each other, as they are now: those that go on, or all that have `ended`. */
static void look_across(Follow *f, bool ended)
{
    RenditionView view[MEDIA_RENDITIONS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < f->count; i++)
        if (rendition_list(f->followed[i].rendition) && is_live(&f->followed[i]) != ended)
            view[count++] = view_of(&f->followed[i]);
    multi_rules_renditions(f->world.findings, view, count);
    align_rules_lists(f->world.findings, f->options.aligned, view, count);
    for (size_t i = 0; i < f->iframe_count; i++) {
        const RenditionView iframes = {.uri = iframe_list_uri(f->iframes[i]),
                                       .list = iframe_list_last(f->iframes[i])};
        if (iframes.list)
            iframe_rules_across(f->world.findings, f->options.aligned, &iframes, view, count);
    }
}

static void tick(Follow *f)
{
    int64_t now_us = clock_us(CLOCK_MONOTONIC);

    if (memory_bound_is_reached(f->options.memory, f->world.findings))
        f->world.over = true;
    for (size_t i = 0; i < f->count; i++)
        rendition_tick(f->followed[i].rendition, now_us);
    for (size_t i = 0; i < f->iframe_count; i++)
        iframe_list_tick(f->iframes[i], now_us);
    if (f->is_multi && !f->multi_asked && now_us >= f->next_multi_us)
        ask_multi(f, now_us);
    if (now_us < f->next_across_us)
        return;
    f->next_across_us = now_us + ACROSS_US;
    look_across(f, false);
}

/* Whether I-frames were asked for that have not come: nobody asks for them again. */
static bool waits_for_iframes(const Follow *f)
{
    for (size_t i = 0; i < f->iframe_count; i++)
        if (iframe_list_waits(f->iframes[i]))
            return true;
    return false;
}

static bool waits_for_multi(const Follow *f)
{
    return f->multi_asked;
}

static void run_while(Follow *f, bool waits(const Follow *))
{
    int64_t limit_us = clock_us(CLOCK_MONOTONIC) + HTTP_TIMEOUT_US;

    while (!f->world.over && waits(f) && clock_us(CLOCK_MONOTONIC) < limit_us)
        http_client_run(f->world.http, TICK_MS);
}

/* What the multivariant playlist says at last, against all that was seen. It is asked for when
 * nothing else is waited for: more is listed meanwhile. */
static void look_at_media(Follow *f)
{
    run_while(f, waits_for_iframes);
    run_while(f, waits_for_multi);
    if (f->is_multi && !f->multi_asked && !f->world.over)
        ask_multi(f, clock_us(CLOCK_MONOTONIC));
    run_while(f, waits_for_multi);
    if (f->is_multi)
        follow_ask_oldest(f);
    run_while(f, follow_waits_for_oldest);
    f->world.over = true;
    media_worker_finish(f->world.worker);
    follow_check_media(f);
    if (f->is_multi && f->options.apple)
        follow_check_apple(f);
}

/* A file is looked at once at least, however long that takes. */
static bool goes_on(const Follow *f, int64_t until_us)
{
    int64_t now_us = clock_us(CLOCK_MONOTONIC);

    if (f->failed || f->world.over || *f->options.over)
        return false;
    if (now_us < until_us)
        return !all_ended(f);
    return !is_http(f->url) && http_client_is_busy(f->world.http) &&
           now_us < until_us + HTTP_TIMEOUT_US;
}

int follow_run(Follow *f)
{
    int64_t until = clock_us(CLOCK_MONOTONIC) + (int64_t)(f->options.time_s * US_PER_S);

    f->next_multi_us = clock_us(CLOCK_MONOTONIC) + MASTER_US;
    if (http_client_get(f->world.http, f->url, HTTP_TIMEOUT_US, on_first, f) < 0)
        return -1;
    while (goes_on(f, until)) {
        http_client_run(f->world.http, TICK_MS);
        tick(f);
    }
    if (f->failed || f->count == 0)
        return -1;
    if (!f->world.over && all_ended(f)) { /* their files are still to come */
        until = clock_us(CLOCK_MONOTONIC) + HTTP_TIMEOUT_US;
        while (http_client_is_busy(f->world.http) && clock_us(CLOCK_MONOTONIC) < until)
            http_client_run(f->world.http, TICK_MS);
        look_across(f, true);
    }
    if (!is_http(f->url))
        look_across(f, false);
    look_at_media(f);
    return 0;
}
