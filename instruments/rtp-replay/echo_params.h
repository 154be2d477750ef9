/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ECHO_PARAMS_H
#define ECHO_PARAMS_H

/* Which renditions echo_rungs makes, as plain values. Thread-safety: none needed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "video_copy.h"

#define ECHO_RUNGS_MAX 3
#define ECHO_STOPS_MAX 8

/* While one of these lasts, in time since the beginning, nothing is taken or given back: its maker
 * is `gone`, or stands still, which nobody is told. */
typedef struct EchoStop {
    int64_t from_us, to_us;
    bool gone;
} EchoStop;

typedef struct EchoRungsParams {
    size_t count; /* 0: there are none */
    char name[ECHO_RUNGS_MAX][VIDEO_LABEL_SIZE];
    int64_t lag_us[ECHO_RUNGS_MAX];
    int64_t side; /* 0: they are always made; else only while they are watched, as
                     Rendition.side has it, so while they are gone nobody watches */
    size_t stops; /* of all of them */
    EchoStop stop[ECHO_STOPS_MAX];
} EchoRungsParams;

#endif
