/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_TRY_H
#define TRANSCODER_TRY_H

/* Whether hls-transcoder can do what the settings ask of it, for the start of the bridge.
 *
 * Thread-safety: none needed, there is no state. */

#include "transcode/transcode_wire.h"

#define TRANSCODER_TRY_SIZE 512 /* bytes that hold any sentence */

/* Starts `program` with `config`, waits until it is ready, and ends it. Returns 0, or -1 with a
 * sentence in `error` (TRANSCODER_TRY_SIZE bytes). */
int transcoder_try(const char *program, const TranscodeConfig *config, char *error);

#endif
