/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REQUEST_DESK_H
#define REQUEST_DESK_H

/* Takes requests in. Questions (list, info) are answered at once; all others wait for one of a few
 * threads (work_pool), since Janus itself gathers ICE candidates inside push_event(), for seconds
 * where a network is slow. Requests of one session are handled in their order.
 *
 * Thread-safety: any thread, but for open and close. */

#include <janus/plugins/plugin.h>

#include "plugin_settings.h"
#include "session.h"

/* All is borrowed until request_desk_close(). Returns 0, or -1 after a line in the log. */
int request_desk_open(janus_callbacks *gateway, janus_plugin *plugin,
                      const PluginSettings *settings);

/* Waits for what is being handled, and drops what is not. */
void request_desk_close(void);

/* handle_message of the plugin API: takes over all but `session`, which is NULL where the handle is
 * not attached any more. */
struct janus_plugin_result *request_desk_take(Session *session, char *transaction, json_t *body,
                                              json_t *jsep);

/* Ends what Janus has begun for handles that have published nothing, and asked nothing, since the
 * call before. Janus keeps the port of an offer that it refuses by itself, of which we never hear.
 * Call it every few seconds: an offer that is just coming in may be hit too, and is made again. A
 * handle for which nothing has been begun does not notice. */
void request_desk_close_leftovers(void);

/* handle_admin_message: `body` is borrowed. The caller owns the reply. */
json_t *request_desk_admin(const json_t *body);

#endif
