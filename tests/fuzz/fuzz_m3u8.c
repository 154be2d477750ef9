/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "instruments/hls-doctor/align_rules.h"
#include "instruments/hls-doctor/apple_rules.h"
#include "instruments/hls-doctor/iframe_rules.h"
#include "instruments/hls-doctor/m3u8_key.h"
#include "instruments/hls-doctor/m3u8_multi.h"
#include "instruments/hls-doctor/media_opener.h"
#include "instruments/hls-doctor/part_rules.h"
#include "instruments/hls-doctor/playlist_rules.h"
#include "instruments/hls-doctor/reload_rules.h"
#include "instruments/hls-doctor/report_rules.h"

#define ASKED_US 500000 /* before a version came */

/* A version, or a delta update of the last one, goes through all rules. */
static void show(PlaylistRules *rules, PartRules *parts, Findings *findings, M3u8 *m,
                 int64_t now_us)
{
    const M3u8 *before = playlist_rules_last(rules);
    const Exchange e = {.name = "x",
                        .skip = true,
                        .target_us = 1,
                        .status = 200,
                        .type = "",
                        .encoding = "",
                        .cache_control = ""};
    const RenditionView view[] = {{.uri = "a", .list = m},
                                  {.uri = "b", .list = before ? before : m}};
    static const GivenKeys no_keys;
    static const M3u8Multi no_multi;
    const char *wrong;

    for (size_t i = 0; i < m->count; i++) {
        const M3u8Range *range = &m->segments[i].range;
        REQUIRE(range->len < 0 ? range->offset < 0 : range->offset >= 0);
        char uri[M3U8_URI_SIZE];
        M3u8Key key = m3u8_key_read(m->segments[i].key);
        REQUIRE(memchr(key.uri, '\0', sizeof(key.uri)));
        if (media_opener_wants_key(&no_keys, &m->segments[i], uri))
            REQUIRE(key.is_identity && key.method != M3U8_CLEAR && strcmp(uri, key.uri) == 0);
    }
    reload_rules_playlist(findings, &e, m);
    if (before)
        reload_rules_delta(findings, &e, m, before);
    if (m->is_delta && (!before || m3u8_complete(m, before, &wrong) < 0)) {
        m3u8_destroy(&m);
        return;
    }
    REQUIRE(!m3u8_difference(m, m));
    part_rules_version(parts, before, m, true, playlist_rules_seen_us(rules), now_us);
    multi_rules_renditions(findings, view, 2);
    align_rules_lists(findings, true, view, 2);
    iframe_rules_list(findings, "x", m);
    iframe_rules_across(findings, true, &view[0], &view[1], 1);
    apple_rules_list(findings, &no_multi, &(AppleList){.uri = "x", .list = m, .slides = true});
    report_rules_list(findings, view, 2, 0);
    playlist_rules_version(rules, m, now_us - ASKED_US, now_us);
}

static void show_multivariant(Findings *findings, const char *text, size_t len)
{
    const RenditionMedia media[] = {{.uri = "a", .codec = "avc1", .peak = 1}};
    const char *wrong = NULL;
    static MultiVersions versions;
    M3u8Multi multi;

    if (m3u8_multi_read(text, len, &multi, &wrong) < 0) {
        REQUIRE(wrong && *wrong);
        return;
    }
    multi_rules_check(findings, &multi);
    versions.count = 0; /* what an input does hangs on that input alone */
    multi_versions_add(&versions, &multi);
    multi_rules_media(findings, &versions, media, 1);
    multi_rules_iframes(findings, &versions, media);
    align_rules_multi(findings, true, &multi, &multi);
    apple_rules_multi(findings, &multi, &(AppleDelivery){.http = true, .plain = 1});
}

/* The input is versions of a playlist, a NUL between them. */
static int try_input(const uint8_t *data, size_t size)
{
    Findings *findings = findings_create();
    PlaylistRules *rules = findings ? playlist_rules_create(findings) : NULL;
    PartRules *parts = findings ? part_rules_create(findings, "x") : NULL;
    int64_t now_us = 0, until_us;

    REQUIRE(rules && parts);
    for (const uint8_t *end = data + size; data < end;) {
        const uint8_t *stop = memchr(data, 0, (size_t)(end - data));
        const char *wrong = NULL;
        stop = stop ? stop : end;
        M3u8 *playlist = m3u8_read((const char *)data, (size_t)(stop - data), &wrong);
        if (playlist)
            show(rules, parts, findings, playlist, now_us += 1000000);
        else
            REQUIRE(wrong && *wrong);
        show_multivariant(findings, (const char *)data, (size_t)(stop - data));
        data = stop + 1;
    }
    while (playlist_rules_retained(rules, now_us + 3600000000ll, &until_us))
        ;
    while (part_rules_retained(parts, now_us + 3600000000ll, &until_us))
        ;
    part_rules_destroy(&parts);
    playlist_rules_destroy(&rules);
    findings_destroy(&findings);
    return 0;
}

FUZZ_TARGET(m3u8, try_input);
