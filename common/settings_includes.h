/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SETTINGS_INCLUDES_H
#define SETTINGS_INCLUDES_H

/* What a libconfig file includes. libconfig ends the whole process if it cannot read on within a
 * file, as in a folder: so we look first at what it would open. */

#include <stdbool.h>
#include <stdio.h>

/* Reads `stream` to its end, and each file that it includes as libconfig does. Returns whether each
 * is a regular file; if not, with a sentence in `error` (SETTINGS_ERROR_SIZE bytes). One that
 * cannot be opened is left to libconfig, which says so. */
bool settings_includes_are_files(FILE *stream, char *error);

#endif
