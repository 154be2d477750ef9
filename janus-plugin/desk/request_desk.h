/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REQUEST_DESK_H
#define REQUEST_DESK_H

/* Takes requests in. Questions (list, info) are answered at once. All others wait for one of a few
 * threads (work_pool): Janus gathers ICE candidates inside push_event(), which takes seconds if the
 * network is slow. Requests of one session are handled in their order.
 *
 * Thread-safety: any thread, but for open and close. */

#include <janus/plugins/plugin.h>

#include "session/session.h"
#include "settings/plugin_settings.h"

/* All is borrowed until request_desk_close(). Returns 0, or -1 after a line in the log. */
int request_desk_open(janus_callbacks *gateway, janus_plugin *plugin,
                      const PluginSettings *settings);

/* Waits for the requests that are being handled, and drops those that wait. */
void request_desk_close(void);

/* handle_message() of the plugin API. Takes over all but `session`, which is NULL if the handle is
 * no longer attached. */
struct janus_plugin_result *request_desk_take(Session *session, char *transaction, json_t *body,
                                              json_t *jsep);

/* Closes the connections of handles that have published nothing, and asked nothing, since the last
 * call. Janus keeps a port for an offer that it refuses by itself, and never tells us. Call it
 * every few seconds. An offer that is just coming in may be hit too: then the page makes it again.
 * A handle without a connection does not notice. */
void request_desk_close_leftovers(void);

/* handle_admin_message() of the plugin API. `body` is borrowed. The caller owns the reply. */
json_t *request_desk_admin(const json_t *body);

#endif
