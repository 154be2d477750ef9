/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_NAME_H
#define STREAM_NAME_H

#include <stdbool.h>

#define STREAM_NAME_MAX 64

/* What both halves answer to a name that is not allowed. */
#define STREAM_NAME_RULE "a stream name is 1 to 64 of the characters A-Z a-z 0-9 _ -"

/* Whether `name` may name a stream: [A-Za-z0-9_-]{1,64}. It becomes a folder and a part of a URL,
 * so nothing else is let in. NULL is not a name. */
bool stream_name_valid(const char *name);

#endif
