/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISHER_H
#define PUBLISHER_H

/* What a publisher does, from the offer to the end: it is let in (admission), answered, announced
 * to the bridge (announcer), and everybody is told (publisher_events).
 *
 * Thread-safety: any thread, but for init and deinit; publish, configure and unpublish of one
 * session come one after the other. No lock of ours is held by who calls, but where it says so. */

#include <jansson.h>

#include "plugin_settings.h"
#include "session.h"

/* Starts the listener and the bridge client. `settings` is borrowed until publisher_deinit().
 * Returns 0, or -1 after a line in the log. */
int publisher_init(janus_callbacks *gateway, janus_plugin *plugin, const PluginSettings *settings);
void publisher_deinit(void);

/* Answers a publish request with `offer` (SDP), or renegotiates the one that is live. Returns 0
 * once the event with the answer is on its way, or -1 with `error`. */
int publisher_publish(Session *session, const char *transaction, const Request *request,
                      const char *offer, RequestError *error);

/* Whether the session publishes: it was answered, and has not ended. */
bool publisher_is_live(Session *session);

/* Each returns the event to be sent, which the caller owns, or NULL with `error`. */
json_t *publisher_configure(Session *session, const Request *request, RequestError *error);
json_t *publisher_unpublish(Session *session, RequestError *error);

/* Notes what only the publisher's side of the call can measure; events as above. */
json_t *publisher_report(Session *session, const Request *request, RequestError *error);

/* Janus says that the publisher's media can flow, or flows no more. */
void publisher_media_up(Session *session);
void publisher_media_down(Session *session);

/* Its handle goes: it ends, and whatever it still asks for is refused. */
void publisher_detach(Session *session);

/* Janus says that packets of a kind are lost: tells the publisher, and event handlers. */
void publisher_slow_link(Session *session, MediaKind kind);

/* Ends publishers that send far more than they may, and those whose connection does not come about.
 * Call it once a second. */
void publisher_look_after(void);

/* Tells event handlers how each publisher fares. Call it now and then. */
void publisher_tell_figures(void);

/* Ends the publisher of a stream from outside. Returns 0, or -1 with `error`. */
int publisher_kick(const char *stream, RequestError *error);

/* What there is to say of a session, and of all live ones; the caller owns the object. figures: how
 * it fares as a publisher, with its name in `stream`; NULL if it is none. figures_locked: the same,
 * of a publisher whose lock the caller holds. list: only operators are told of unlisted ones. */
json_t *publisher_describe(Session *session);
json_t *publisher_figures(Session *session, StreamName *stream);
json_t *publisher_figures_locked(const Session *session);
json_t *publisher_list(bool with_unlisted);

#endif
