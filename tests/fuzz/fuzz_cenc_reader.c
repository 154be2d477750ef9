/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "instruments/hls-doctor/cenc_reader.h"

static const uint8_t *any_key(const void *user, const uint8_t *kid)
{
    (void)user;
    return kid[0] & 1 ? NULL : kid;
}

/* The input is an initialisation segment, up to the first "moof", and media of its tracks: both are
 * changed in their place. What was decrypted has nothing left that says where. */
static int try_input(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    CencTracks tracks;

    REQUIRE(copy);
    memcpy(copy, data, size);
    const uint8_t *moof = memmem(copy, size, "moof", 4);
    size_t init = moof && moof - copy >= 4 ? (size_t)(moof - copy) - 4 : size;
    cenc_reader_init(copy, init, &tracks);
    REQUIRE(tracks.count <= MP4_TRACKS_MAX);
    CencResult result = cenc_reader_media(&tracks, copy + init, size - init, any_key, NULL);
    REQUIRE(result == CENC_CLEAR || tracks.count > 0);
    free(copy);
    return 0;
}

FUZZ_TARGET(cenc_reader, try_input);
