/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SETTINGS_CARE_H
#define SETTINGS_CARE_H

/* Has the settings read again, if an operator wants it or their files have changed, and tokens
 * revoked. Janus ends at SIGHUP, and a signal's handler is the whole process's: there is none here.
 *
 * Thread-safety: any thread, but for init. Hold no lock. */

#include "core/request.h"
#include "settings/plugin_settings.h"

/* `settings` is borrowed. */
void settings_care_init(const PluginSettings *settings);

/* Reads them if their files have changed. Call it once a second. */
void settings_care_look(void);

/* For an operator; each returns the reply, which the caller owns, or NULL with `error`. */
json_t *settings_care_reload(RequestError *error);
json_t *settings_care_revoke(const Request *request, RequestError *error);

#endif
