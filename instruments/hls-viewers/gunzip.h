/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef GUNZIP_H
#define GUNZIP_H

/* Unpacks what a server has compressed with gzip (RFC 1952).
 *
 * Thread-safety: no state. */

#include <stddef.h>

/* Unpacks `len` bytes, which must be one whole gzip and nothing else, to at most `max` bytes.
 * Returns them, to be freed by the caller, with their number in `out_len`; or NULL with a static
 * sentence in `wrong`. */
char *gunzip(const char *data, size_t len, size_t max, size_t *out_len, const char **wrong);

#endif
