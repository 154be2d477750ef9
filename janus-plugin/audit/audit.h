/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIT_H
#define AUDIT_H

/* The audit log of the plugin (docs/operations.md, "Audit log"): who published, was refused or
 * ended, and what was changed while it ran. Neither a key nor a token is ever in it, nor an
 * address: Janus tells a plugin none.
 *
 * Thread-safety: any thread, but for open and close. Nothing blocks, and any lock may be held. */

#include <jansson.h>

#include "settings/plugin_settings.h"

/* Opens the log that the settings name, if they do. Returns 0, or -1 after a line in Janus's log.
 */
int audit_open(const PluginSettings *settings);

/* Writes what waits. */
void audit_close(void);

/* Notes that `event` has happened to a stream; NULL: to none. Takes over `details`, an object whose
 * members are added; NULL: none. */
void audit_note(const char *event, const char *stream, json_t *details);

/* Says once in Janus's log that records are lost, and once that they are written again. Call it now
 * and then. */
void audit_look_after(void);

/* How many records were written and lost, for operators; NULL: there is no log. The caller owns the
 * object. */
json_t *audit_figures(void);

#endif
