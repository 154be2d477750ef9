/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISHER_H
#define PUBLISHER_H

/* The life of a publisher, from the offer to the end: it is let in (admission), answered
 * (publisher_offer), announced to the bridge (announcer) and ended (publisher_end), and everybody
 * who should know is told (publisher_events).
 *
 * Thread-safety: any thread, but for init and deinit. Publish, configure and unpublish of one
 * session come one after the other. Hold no lock, unless it says so. */

#include <jansson.h>

#include "hook/hook_client.h"
#include "session/session.h"
#include "settings/plugin_settings.h"

/* Starts the listener and the bridge client. `settings` is borrowed until publisher_deinit().
 * Returns 0, or -1 after a line in the log. */
int publisher_init(janus_callbacks *gateway, janus_plugin *plugin, const PluginSettings *settings);
void publisher_deinit(void);

/* A JSEP offer as Janus hands it over; borrowed of its JSON. */
typedef struct PublisherOffer {
    const char *sdp;
    const json_t *simulcast; /* its `simulcast`, NULL: none (layer_names.h) */
} PublisherOffer;

/* The admission webhook's part in a publish request. */
typedef struct PublisherHook {
    HookDone *done; /* tells what it has answered */
    void *user;
    bool as_takeover; /* it was asked whether the publisher may replace another */
    bool answered;
    HookAnswer answer;
} PublisherHook;

#define PUBLISHER_WAITS 1

/* Answers a publish request with `offer`. If the session publishes already, this renegotiates.
 * Returns 0 when the event with the answer is on its way; -1 with `error`; or PUBLISHER_WAITS if
 * the admission webhook is being asked: call it again with the answer that `hook->done` tells. */
int publisher_publish(Session *session, const char *transaction, const Request *request,
                      const PublisherOffer *offer, PublisherHook *hook, RequestError *error);

/* The cap of a publisher's picture, bit/s: that of the settings, or the permit's if it is lower. */
uint32_t publisher_cap(const PluginSettings *settings, const Permit *permit);

/* Whether the session publishes: its offer was taken, and it has not ended. */
bool publisher_is_live(Session *session);

/* Each returns the event to send, which the caller owns, or NULL with `error`. */
json_t *publisher_configure(Session *session, const Request *request, RequestError *error);
json_t *publisher_unpublish(Session *session, RequestError *error);

/* Notes what only the publisher's page can measure. Returns likewise. */
json_t *publisher_report(Session *session, const Request *request, RequestError *error);

/* Janus says that the publisher's media can flow, or no longer flows. */
void publisher_media_up(Session *session);
void publisher_media_down(Session *session);

/* The handle goes: the publisher ends, and all that the handle still asks for is refused. */
void publisher_detach(Session *session);

/* Janus says that packets of this kind are lost: tells the publisher and event handlers. */
void publisher_slow_link(Session *session, MediaKind kind);

/* Ends publishers that send far more than they may, those that do not connect, and those whose time
 * is over or whose token is revoked. Call it once a second. */
void publisher_look_after(void);

/* Tells event handlers the figures of each publisher. Call it now and then. */
void publisher_tell_figures(void);

/* For an operator, who names a stream.
 * kick: ends its publisher. Returns 0, or -1 with `error`.
 * configure: does what the publisher may configure itself, and tells it so. The request has a
 * stream. Returns the reply, which the caller owns, or NULL with `error`. */
int publisher_kick(const char *stream, RequestError *error);
json_t *publisher_configure_named(const Request *request, RequestError *error);

/* Sessions in JSON; the caller owns the object.
 * describe: the state of a session, and its figures if it publishes.
 * figures: those of a publisher, with its name in `stream`; NULL if the session does not publish.
 * figures_locked: the same, of a publisher whose lock the caller holds.
 * list: all publishers; only operators are told of unlisted ones. */
json_t *publisher_describe(Session *session);
json_t *publisher_figures(Session *session, StreamName *stream);
json_t *publisher_figures_locked(const Session *session);
json_t *publisher_list(bool with_unlisted);

#endif
