/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_PROCESS_H
#define TRANSCODER_PROCESS_H

/* A process of hls-transcoder, and the socket to it. It has no environment, no argument, and no
 * open file but the socket and /dev/null.
 *
 * Thread-safety: a TranscoderProcess belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/byte_buffer.h"

typedef struct TranscoderProcess {
    pid_t pid;          /* 0: there is none */
    int fd;             /* does not block; -1: there is none */
    bool was_forbidden; /* the last one did what it may not do */
} TranscoderProcess;

#define TRANSCODER_NO_PROCESS                                                                      \
    {                                                                                              \
        .pid = 0, .fd = -1                                                                         \
    }

/* Starts `program`, a path. Waits until the kernel has loaded it, a millisecond, and for nothing
 * else. Returns 0, or -1 with errno: then there is none. */
int transcoder_process_start(TranscoderProcess *process, const char *program);

/* Sends what its socket takes of `out`, from `*at` on; never waits. Returns false if it takes
 * nothing any more. */
bool transcoder_process_send(const TranscoderProcess *process, const ByteBuffer *out, size_t *at);

/* Closes the socket and kills the process, if there is one, whatever it does. It is still to be
 * reaped. */
void transcoder_process_kill(TranscoderProcess *process);

/* Whether the process has ended and is gone, or there is none; never waits. How it ended goes to
 * `how` (`size` bytes), as half a sentence; it is left alone if there was none. */
bool transcoder_process_reap(TranscoderProcess *process, char *how, size_t size);

/* Likewise, and waits: for one that was killed, some milliseconds. */
void transcoder_process_wait(TranscoderProcess *process);

#endif
