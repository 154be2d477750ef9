/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANNOUNCER_H
#define ANNOUNCER_H

/* Between publishers and who receives what they send: the bridge, to which each is announced until
 * it is withdrawn, or a stranger (general.forward). A bridge that was lost and is back is told
 * again. What becomes of it is told to the publisher and to event handlers (publisher_events).
 *
 * Thread-safety: any thread, but for init and deinit. */

#include "plugin_settings.h"
#include "session.h"

/* A publisher is refused for good, in words for people, if `serial` is still its session's. Called
 * with no lock held. */
typedef void AnnouncerRefused(Session *session, unsigned serial, const char *reason);

/* Starts the listener for RTCP and the bridge client. `settings` is borrowed until
 * announcer_deinit(). Returns 0, or -1 after a line in the log. */
int announcer_init(const PluginSettings *settings, AnnouncerRefused *refused);

/* All senders must have been destroyed. */
void announcer_deinit(void);

/* Sockets for what a session sends, not yet connected; key frames that are asked for there are
 * asked of its publisher. Destroy it before the session. Returns NULL with errno. */
RtpSender *announcer_open_sender(Session *session);

/* Announces what a live session sends, again whenever that changes. */
void announcer_announce(Session *session);

/* It sends no more. The caller holds the session's lock, so that this comes in its order. */
void announcer_withdraw(Session *session);

#endif
