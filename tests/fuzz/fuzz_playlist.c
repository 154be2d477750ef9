/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/package/playlist.h"

/* What can be read must be written so that it reads the same. */
static int try_input(const uint8_t *data, size_t size)
{
    static Playlist first, second;
    static char text[PLAYLIST_TEXT_SIZE], again[PLAYLIST_TEXT_SIZE];

    if (playlist_read(&first, (const char *)data, size, 6, NULL) < 0)
        return 0;
    REQUIRE(first.window.count <= PLAYLIST_SEGMENTS_MAX);
    size_t len = playlist_write(&first, NULL, text);
    REQUIRE(len < PLAYLIST_TEXT_SIZE);
    REQUIRE(playlist_read(&second, text, len, 6, NULL) == 0);
    REQUIRE(playlist_write(&second, NULL, again) == len && memcmp(text, again, len) == 0);
    return 0;
}

FUZZ_TARGET(playlist, try_input);
