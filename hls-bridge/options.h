/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OPTIONS_H
#define OPTIONS_H

/* hls-bridge's arguments, and the settings that they lead to.
 *
 * Thread-safety: main's thread alone. */

#include "stream/bridge_settings.h"

typedef struct Options {
    const char *config; /* NULL: the default, if it is there */
    const char *directory, *sdp, *stream;
    long port; /* 0: as configured */
    bool verbose;
} Options;

/* Fills in `options`, which is zero before; strings are borrowed of `argv`. Returns 0, 1 if all is
 * said and done (--help, --version), or -1 after a sentence on stderr. */
int options_read(int argc, char **argv, Options *options);

/* Reads the configuration, and puts the options over it. Returns 0, or -1 after a sentence on
 * stderr. */
int options_settings(const Options *options, BridgeSettings *settings);

#endif
