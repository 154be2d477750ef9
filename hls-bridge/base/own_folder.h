/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OWN_FOLDER_H
#define OWN_FOLDER_H

/* A folder that a setting names, for files of the bridge's own.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <sys/types.h>

/* A folder that others may write to, or a link that they may lead elsewhere, would have the bridge
 * write and remove files wherever they like. The last part of the path is made with `mode` if it is
 * missing. Returns 0, or -1 with a sentence in `error` (SETTINGS_ERROR_SIZE bytes) that names the
 * setting. */
int own_folder_check(const char *setting, const char *path, mode_t mode, char *error);

/* Whether one folder is the other, or within it. Both exist. */
bool own_folder_is_within(const char *path, const char *of);

#endif
