/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "instruments/hls-doctor/mp4_rules.h"
#include "instruments/hls-doctor/picture_units.h"

/* The input is looked at as an initialisation segment, and as media of its tracks, and as
 * a picture of both forms. */
static int try_input(const uint8_t *data, size_t size)
{
    Findings *findings = findings_create();
    Mp4Tracks tracks;

    REQUIRE(findings);
    mp4_rules_init(findings, "x", data, size, &tracks);
    REQUIRE(tracks.count <= MP4_TRACKS_MAX);
    mp4_rules_media(findings, "x", data, size, &tracks);
    /* nothing is both */
    REQUIRE(findings_count(findings) > 0);
    findings_destroy(&findings);
    picture_units(data, (int)size, true);
    picture_units(data, (int)size, false);
    return 0;
}

FUZZ_TARGET(mp4_rules, try_input);
