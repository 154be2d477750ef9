/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_PLAYBACK_PATH_H
#define UNIT_PLAYBACK_PATH_H

/* What a web server asks about a viewer, for tests of who is asked. */

#include "base64url.h"
#include "harness.h"

#define PLAYBACK_PATH_SIZE 700

/* Writes "/session/ADDRESS/v1.k1.PAYLOAD.SIGNATURE/STREAM" with these claims. Returns `path`. */
static inline const char *playback_path(char path[PLAYBACK_PATH_SIZE], const char *address,
                                        const char *claims, const char *stream)
{
    char payload[PLAYBACK_PATH_SIZE / 2];

    assert_true(BASE64URL_SIZE(strlen(claims)) <= sizeof(payload));
    base64url_encode((const unsigned char *)claims, strlen(claims), payload);
    snprintf(path, PLAYBACK_PATH_SIZE, "/session/%s/v1.k1.%s.%043d/%s", address, payload, 0,
             stream);
    return path;
}

#endif
