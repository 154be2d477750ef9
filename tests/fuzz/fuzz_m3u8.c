/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "tests/media/playlist_rules.h"

/* The input is versions of a playlist, a NUL between them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Findings *findings = findings_create();
    PlaylistRules *rules = findings ? playlist_rules_create(findings) : NULL;
    int64_t now_us = 0;

    REQUIRE(rules);
    for (const uint8_t *end = data + size; data < end;) {
        const uint8_t *stop = memchr(data, 0, (size_t)(end - data));
        const char *wrong = NULL;
        stop = stop ? stop : end;
        M3u8 *playlist = m3u8_read((const char *)data, (size_t)(stop - data), &wrong);
        if (playlist)
            playlist_rules_version(rules, playlist, now_us += 1000000);
        else
            REQUIRE(wrong && *wrong);
        data = stop + 1;
    }
    while (playlist_rules_retained(rules, now_us + 3600000000ll))
        ;
    playlist_rules_destroy(&rules);
    findings_destroy(&findings);
    return 0;
}
