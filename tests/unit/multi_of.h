/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_MULTI_OF_H
#define UNIT_MULTI_OF_H

/* Reads multivariant playlists that a test writes, which must be some. */

#include <string.h>

#include "harness.h"

#include "instruments/hls-doctor/multi_versions.h"

static inline M3u8Multi multi_of(const char *text)
{
    const char *wrong;
    M3u8Multi m;

    if (m3u8_multi_read(text, strlen(text), &m, &wrong) < 0)
        fail_msg("%s", wrong);
    return m;
}

/* A playlist that has not changed since it was first seen. Valid until the next call. */
static inline const MultiVersions *only_version(const M3u8Multi *m)
{
    static MultiVersions versions;

    versions.count = 0;
    multi_versions_add(&versions, m);
    return &versions;
}

#endif
