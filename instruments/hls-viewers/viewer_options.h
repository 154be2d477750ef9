/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VIEWER_OPTIONS_H
#define VIEWER_OPTIONS_H

/* The command line of hls-viewers. Thread-safety: one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEWERS_MAX 20000

typedef struct ViewerOptions {
    const char *url;
    const char *tokens; /* a file with a playback token on each line; NULL: none */
    const char *files;  /* the stream's folder on this machine; NULL: not told */
    size_t viewers;
    int64_t time_us, ramp_us, timeout_us;
    bool poll;       /* never ask for what is to come */
    bool hints;      /* ask for the part that is hinted at, too */
    bool lists_only; /* no media */
    bool plain;      /* accept nothing that is compressed */
    bool json, quiet;
} ViewerOptions;

typedef enum ViewerOptionsResult { VIEWERS_GO, VIEWERS_DONE, VIEWERS_USAGE } ViewerOptionsResult;

/* Reads them; the strings stay those of `argv`. DONE: help was printed. USAGE: what is wrong was
 * said on stderr. */
ViewerOptionsResult viewer_options_read(int argc, char **argv, ViewerOptions *out);

#endif
