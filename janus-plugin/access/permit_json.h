/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PERMIT_JSON_H
#define PERMIT_JSON_H

/* What is told of a permit in JSON, to operators and to the admission webhook.
 *
 * Thread-safety: none needed, there is no state. */

#include <jansson.h>

#include "access/permit.h"

/* Who has it: `by`, which is "key", "token" or "open"; of a token what it has of `sub`, `jti` and
 * `iat`. Neither the key nor the token is in it. The caller owns the object. */
json_t *permit_owner(const Permit *permit);

/* Sets `name` to a text, unless that is NULL or empty. */
void json_set_text(json_t *object, const char *name, const char *text);

#endif
