/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "follow_state.h"
#include "rendition_report.h"

/* ---- Apple's rules ---- */

static bool has_discontinuities(const Follow *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const Rendition *r = f->followed[i].rendition;
        if (rendition_playlist_history(r).discontinuities > 0 ||
            (rendition_list(r) && rendition_list(r)->has_discontinuity))
            return true;
    }
    return false;
}

void follow_check_apple(Follow *f)
{
    const bool discontinuities = has_discontinuities(f);
    AppleDelivery how = {.http = is_http(f->url), .secure = strncmp(f->url, "https:", 6) == 0};

    how.plain = f->multi_delivery.plain;
    apple_rules_multi(f->world.findings, multi_versions_newest(&f->multi), &how);
    for (size_t i = 0; i < f->count; i++) {
        const Rendition *r = f->followed[i].rendition;
        MediaHistory media = media_rules_history(media_worker_rules(f->world.worker, i));
        AppleList a = {rendition_uri(r), rendition_list(r), .delivery = how};
        a.delivery.plain = rendition_stats(r).plain;
        a.shows_pictures = media.with_pictures > 0;
        a.without_idr = media.without_idr;
        a.discontinuities = discontinuities;
        if (a.list) {
            a.slides = a.list->media_sequence > rendition_playlist_history(r).first_sequence;
            apple_rules_list(f->world.findings, multi_versions_newest(&f->multi), &a);
        }
    }
    for (size_t i = 0; i < f->iframe_count; i++) {
        AppleList a = {iframe_list_uri(f->iframes[i]), iframe_list_last(f->iframes[i]),
                       .delivery = how};
        a.delivery.plain = iframe_list_plain(f->iframes[i]);
        a.discontinuities = discontinuities;
        if (a.list) {
            a.slides = a.list->media_sequence > iframe_list_first(f->iframes[i]);
            apple_rules_list(f->world.findings, multi_versions_newest(&f->multi), &a);
        }
    }
}

/* ---- report ---- */

size_t follow_faults(const Follow *f)
{
    return findings_count(f->world.findings) +
           findings_count(media_worker_findings(f->world.worker));
}

static bool has_parts(const Follow *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (rendition_list(f->followed[i].rendition) &&
            rendition_list(f->followed[i].rendition)->has_part_inf)
            return true;
    return false;
}

/* The first rendition that has pictures; 0 if none has. */
static size_t first_shown(const Follow *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (media_worker_shows(f->world.worker, i))
            return i;
    return 0;
}

static json_t *report_of(const Follow *f, size_t i)
{
    const MediaWorker *w = f->world.worker;
    json_t *j = rendition_report_json(f->followed[i].rendition, media_worker_rules(w, i));

    if (media_worker_shows(w, i))
        json_object_set_new(j, "marks", marks_json(media_worker_marks(w, i)));
    return j;
}

json_t *follow_json(const Follow *f)
{
    const Findings *own = f->world.findings, *media = media_worker_findings(f->world.worker);
    json_t *renditions = json_array(), *iframes = json_array();

    for (size_t i = 0; i < f->count; i++)
        json_array_append_new(renditions, report_of(f, i));
    for (size_t i = 0; i < f->iframe_count; i++)
        json_array_append_new(
            iframes, iframe_report_json(f->iframes[i], media_worker_iframes(f->world.worker, i)));
    return json_pack("{s:b, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "ok", follow_faults(f) == 0,
                     "low_latency", has_parts(f), "multivariant_versions",
                     (json_int_t)f->multi_looks, "renditions", renditions, "iframes", iframes,
                     "alignment", alignment_report_json(media_worker_alignment(f->world.worker)),
                     "marks", marks_json(media_worker_marks(f->world.worker, first_shown(f))),
                     "faults", findings_json_both(findings_json(own), findings_json(media)),
                     "remarks",
                     findings_json_both(findings_remarks_json(own), findings_remarks_json(media)));
}

void follow_print(const Follow *f)
{
    printf("%s\n", f->options.url);
    for (size_t i = 0; i < f->count; i++) {
        rendition_report_print(f->followed[i].rendition, media_worker_rules(f->world.worker, i));
        if (media_worker_shows(f->world.worker, i))
            marks_print(media_worker_marks(f->world.worker, i));
    }
    alignment_report_print(media_worker_alignment(f->world.worker));
    for (size_t i = 0; i < f->iframe_count; i++)
        iframe_report_print(f->iframes[i], media_worker_iframes(f->world.worker, i));
    findings_print(f->world.findings);
    findings_print(media_worker_findings(f->world.worker));
    findings_print_count(follow_faults(f));
}
