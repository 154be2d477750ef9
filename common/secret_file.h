/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SECRET_FILE_H
#define SECRET_FILE_H

/* Files with secrets: only the owner may change them, and only the owner and the group may read
 * them.
 *
 * Thread-safety: none needed, there is no state. */

#include <stddef.h>

/* Reads `file` into `text` of `size` bytes, which ends with a zero; the rest of a file that is
 * longer is left out. Refuses what is no regular file, and a file that others may read or write;
 * `what` names the secret for the sentence, as "token". Returns the length, or -1 with a sentence
 * in `error` (SETTINGS_ERROR_SIZE bytes). */
int secret_file_read(const char *file, const char *what, char *text, size_t size, char *error);

/* Says what is wrong with `file` in `error`. Returns -1. */
int secret_file_complain(char *error, const char *file, const char *what);

#endif
