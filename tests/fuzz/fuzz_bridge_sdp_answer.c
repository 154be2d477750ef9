/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "janus-plugin/sdp/bridge_sdp.h"

/* The input is an answer to an offer of none, of one and of two tracks. */
static int try_input(const uint8_t *data, size_t size)
{
    for (size_t count = 0; count <= MEDIA_TRACKS_MAX; count++) {
        struct sockaddr_in destinations[MEDIA_TRACKS_MAX] = {0};
        if (bridge_sdp_answer((const char *)data, size, count, destinations))
            continue;
        for (size_t i = 0; i < count; i++)
            REQUIRE(destinations[i].sin_family == AF_INET);
    }
    return 0;
}

FUZZ_TARGET(bridge_sdp_answer, try_input);
