/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYBACK_ASK_H
#define PLAYBACK_ASK_H

/* What a web server asks about a viewer whose playback token is good (docs/protocol.md, "Protected
 * streams"): whose session it is, and what a webhook is told of it.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

#include "stream_name.h"

#define PLAYBACK_SESSION_SIZE 32 /* bytes: SHA-256 */
#define PLAYBACK_ADDRESS_SIZE 46
#define PLAYBACK_CLAIMS_SIZE  512 /* bytes of the JSON text in a token */

typedef struct PlaybackAsk {
    char stream[STREAM_NAME_MAX + 1];
    char address[PLAYBACK_ADDRESS_SIZE]; /* the viewer's, IPv4 or IPv6; "": it is not known */
    char claims[PLAYBACK_CLAIMS_SIZE];   /* a JSON object, as the token has it */
    uint8_t session[PLAYBACK_SESSION_SIZE];
} PlaybackAsk;

/* Reads "/session/ADDRESS/TOKEN/NAME"; ADDRESS is "-" if it is not known. Whether the token is good
 * is not looked at. The same session is of one stream, one address (of IPv6: one /64), and one
 * `sid` of tokens, or one token if it has none. Returns false if it is none. */
bool playback_ask_read(const char *path, PlaybackAsk *out);

/* The body of the POST, JSON; `now_us` is Unix time. The caller frees it with free(); NULL: there
 * is no memory. */
char *playback_ask_question(const PlaybackAsk *ask, int64_t now_us);

#endif
