/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ECHO_RUNGS_H
#define ECHO_RUNGS_H

/* Renditions that come later, as from a transcoder: each picture that goes out of the best one
 * comes back as it is, after some time. So what becomes of what comes late can be seen of any
 * recording, in virtual time.
 *
 * Thread-safety: one thread. */

#include "echo_params.h"
#include "hls-bridge/segment/segmenter.h"

typedef struct EchoRungs EchoRungs;

/* Adds them to what a publisher sends. */
void echo_rungs_describe(const EchoRungsParams *params, Renditions *renditions);

/* Makes them for a publisher that has begun, as `renditions`, at `start_us`. Both are borrowed.
 * Returns NULL if there is no memory. */
EchoRungs *echo_rungs_create(const EchoRungsParams *params, Segmenter *segmenter,
                             const Renditions *renditions, int64_t start_us);

/* Gives back what is due. */
void echo_rungs_work(EchoRungs *echo, int64_t now_us);

/* Accepts NULL, leaves NULL. */
void echo_rungs_destroy(EchoRungs **echo);

#endif
