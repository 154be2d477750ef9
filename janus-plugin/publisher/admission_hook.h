/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ADMISSION_HOOK_H
#define ADMISSION_HOOK_H

/* The admission webhook's part in who may publish: it is asked once a key or a token is good, and
 * its answer changes the permit. If it does not answer, the settings say what becomes of the
 * publisher.
 *
 * Thread-safety: any thread, but for open, stop and close. */

#include <jansson.h>

#include "hook/hook_client.h"
#include "session/session.h"
#include "settings/plugin_settings.h"

/* `settings` is borrowed until admission_hook_close(). Returns 0, or -1 after a line in the log. */
int admission_hook_open(const PluginSettings *settings);

/* Tells all that wait that nobody answers any more. Refuses what is asked from now on. */
void admission_hook_stop(void);
void admission_hook_close(void);

/* Whether there is a webhook to ask. */
bool admission_hook_is_on(void);

struct PublisherHook; /* publisher.h */

/* Asks whether `session` may publish what `permit` says. Returns 0, and `hook->done` follows once,
 * on a thread of the client's; or -1 with `error`, if too many wait. */
int admission_hook_ask(Session *session, const Request *request, const Permit *permit,
                       struct PublisherHook *hook, RequestError *error);

/* Does as it answers: changes `permit`, or refuses. Returns 0, or -1 with `error`, whose sentence
 * is for the person who publishes. */
int admission_hook_obey(Session *session, const Request *request, const HookAnswer *answer,
                        Permit *permit, RequestError *error);

/* Adds how many were refused since Janus began, by cause, to an object. */
void admission_hook_add_refusals(json_t *object);

/* How often it was asked since Janus began, and what it answered; NULL: there is none. The caller
 * owns the object. */
json_t *admission_hook_figures(void);

#endif
