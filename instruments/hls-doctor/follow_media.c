/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "follow_state.h"

/* ---- what a multivariant playlist speaks of ---- */

/* The newest segment of a live list is left out: a server may tell a list before it writes the
 * multivariant playlist that speaks of what is new in it. With the next segment it has. */
static uint64_t end_of(const Follow *f, const M3u8 *m)
{
    if (!m)
        return 0;
    uint64_t end = m3u8_next_sequence(m);
    return is_http(f->url) && !m->ended && m->count > 0 ? end - 1 : end;
}

FollowListed follow_listed(const Follow *f)
{
    FollowListed listed = {{0}, {0}};

    for (size_t i = 0; i < f->count; i++)
        listed.renditions[i] = end_of(f, rendition_list(f->followed[i].rendition));
    for (size_t i = 0; i < f->iframe_count; i++)
        listed.iframes[i] = end_of(f, iframe_list_last(f->iframes[i]));
    return listed;
}

/* ---- what is still listed when it has come ---- */

static void on_oldest(void *user, HttpAnswer *a)
{
    FollowOldest *oldest = user;
    const char *wrong;
    M3u8 *m = a->status == 200 ? m3u8_read((const char *)a->data, a->len, &wrong) : NULL;

    oldest->is_asked = false;
    if (m && !m->is_multivariant)
        oldest->sequence = m->media_sequence;
    m3u8_destroy(&m);
}

/* `list` is its last version. Without an answer nothing is known to be listed any more. */
static void ask_oldest(Follow *f, const char *uri, const M3u8 *list, FollowOldest *oldest)
{
    char url[HTTP_URL_SIZE];

    *oldest = (FollowOldest){.sequence = list ? list->media_sequence : 0};
    resolve_uri(f->url, uri, url);
    if (!list || list->ended || !is_http(url) || f->world.over)
        return;
    oldest->sequence = UINT64_MAX;
    oldest->is_asked = http_client_get(f->world.http, url, HTTP_TIMEOUT_US, on_oldest, oldest) == 0;
}

void follow_ask_oldest(Follow *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const Rendition *r = f->followed[i].rendition;
        ask_oldest(f, rendition_uri(r), rendition_list(r), &f->oldest[i]);
    }
    for (size_t i = 0; i < f->iframe_count; i++)
        ask_oldest(f, iframe_list_uri(f->iframes[i]), iframe_list_last(f->iframes[i]),
                   &f->iframes_oldest[i]);
}

bool follow_waits_for_oldest(const Follow *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->oldest[i].is_asked)
            return true;
    for (size_t i = 0; i < f->iframe_count; i++)
        if (f->iframes_oldest[i].is_asked)
            return true;
    return false;
}

/* ---- media ---- */

/* It is asked for again and again: a stream may begin with some of its lists. */
static void check_came(Follow *f, const Followed *who)
{
    size_t failures = rendition_stats(who->rendition).failures;

    if (!rendition_list(who->rendition) && failures > 0)
        findings_add(f->world.findings, "a listed playlist cannot be fetched (6.2.1)",
                     "%s: tried %zu times", rendition_uri(who->rendition), failures);
}

void follow_check_media(Follow *f)
{
    const MediaWorker *worker = f->world.worker;
    RenditionMedia media[MEDIA_RENDITIONS_MAX];

    for (size_t i = 0; i < f->count; i++) {
        const Rendition *r = f->followed[i].rendition;
        check_came(f, &f->followed[i]);
        media[i] = media_rules_media(media_worker_rules(worker, i), rendition_uri(r),
                                     f->oldest[i].sequence, f->listed.renditions[i]);
    }
    if (f->is_multi)
        multi_rules_media(f->world.findings, &f->multi, media, f->count);
    for (size_t i = 0; i < f->iframe_count; i++) {
        RenditionMedia pictures =
            media_worker_iframes_media(worker, i, iframe_list_uri(f->iframes[i]),
                                       f->iframes_oldest[i].sequence, f->listed.iframes[i]);
        multi_rules_iframes(f->world.findings, &f->multi, &pictures);
    }
}
