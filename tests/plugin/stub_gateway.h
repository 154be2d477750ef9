/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_STUB_GATEWAY_H
#define TEST_STUB_GATEWAY_H

/* Janus as the plugin sees it, without the network: handles that live and die as in Janus's ice.c
 * and janus.c, callbacks that count, and the symbols of the janus program that plugins use.
 *
 * As in Janus, a handle's loop (setup, RTP, RTCP, hang-up, detach) is one thread, and messages may
 * come from any other at the same time.
 *
 * Thread-safety: stub_send() and functions that only read may run beside everything else. The rest
 * belongs to the thread that is the handle's loop. */

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <janus/plugins/plugin.h>

typedef struct StubHandle {
    janus_plugin_session *session;
    atomic_bool agent;    /* an ICE agent holds a port */
    atomic_bool close_pc; /* the plugin has asked for its end */
    atomic_bool cleaning; /* it is being hung up, and takes no offer */
    atomic_bool detached;
    atomic_bool freed; /* nobody holds its session any more */
    atomic_int events, errors, answers, closes;
    atomic_int last_error;            /* error_code of the last event or reply that was one */
    _Atomic(const char *) last_event; /* "hls" of the last event */
} StubHandle;

/* What push_event() does with an answer in place of gathering candidates; then it looks at the
 * handle again. NULL: nothing. */
extern void (*stub_gathering)(StubHandle *handle);

/* What push_event() returns for an answer in place of sending it, as one of Janus's error codes;
 * 0: it sends it. */
extern atomic_int stub_answer_error;

/* What each callback does first; NULL: nothing. */
extern void (*stub_pause)(void);

/* Whether event handlers are there. */
extern atomic_bool stub_has_handlers;

extern atomic_int stub_plis, stub_rembs, stub_notified;
extern atomic_int stub_pli_mindex, stub_remb_bitrate; /* of the last one */

/* Whether events are kept, from now on; all that were are dropped. A sanitizer sees an order
 * between threads that a kept event goes through: do not keep any in tests that try orders.
 */
void stub_keep_events(bool keep);

/* Of the kept events that were sent to `handle`, NULL: to event handlers: how many have `kind` for
 * their "hls" or "event", and the last of them, borrowed (NULL: none). */
unsigned stub_count_events(const StubHandle *handle, const char *kind);
const json_t *stub_last_event(const StubHandle *handle, const char *kind);

extern atomic_int stub_logged; /* lines of the log, as far as janus_log_level lets them through */
extern atomic_int stub_live_sessions; /* of janus_plugin_session: not freed yet */

/* Starts the plugin with the settings that lie in `folder`. Returns what init returns. */
int stub_start_in(const char *folder);

/* Starts the plugin with `settings`, the text of group "general", and `streams`, that of group
 * "streams". Returns what init returns. */
int stub_start(const char *settings);
int stub_start_streams(const char *settings, const char *streams);
void stub_stop(void);

/* A new handle, attached. Free it with stub_free(), once it is detached. */
StubHandle *stub_attach(void);
void stub_free(StubHandle *handle);

/* Sends a message, with a JSEP offer if `offer` is not NULL, for which Janus begins a connection.
 * Returns the reply, which the caller owns, or NULL if an event follows or the handle takes no
 * message. */
json_t *stub_send(StubHandle *handle, const char *body, const char *offer);
json_t *stub_admin(const char *body);

void stub_setup(StubHandle *handle);
void stub_rtp(StubHandle *handle, int mindex, const void *bytes, size_t len);
void stub_rtcp(StubHandle *handle, int mindex, const void *bytes, size_t len);
void stub_slow_link(StubHandle *handle);
void stub_hangup(StubHandle *handle); /* if there is a connection */
void stub_detach(StubHandle *handle); /* hangs up first; once */
json_t *stub_query(StubHandle *handle);

#endif
