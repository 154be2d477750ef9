/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANNOUNCER_H
#define ANNOUNCER_H

/* Where the media of publishers goes: to the bridge, to which each publisher is announced until it
 * is withdrawn, or to another receiver (general.forward). A bridge that was lost and is back is
 * told again. The publisher and event handlers are told how that goes (publisher_events).
 *
 * Thread-safety: any thread, but for init and deinit. */

#include "rtp/rtp_sender.h"
#include "session/session.h"
#include "settings/plugin_settings.h"

/* A publisher is to be ended, if `serial` is still that of its announcement: it was refused.
 * `reason` is for people. Called with no lock held. */
typedef void AnnouncerRefused(Session *session, unsigned serial, const char *reason);

/* Starts the listener for RTCP and the bridge client. `settings` is borrowed until
 * announcer_deinit(). Returns 0, or -1 after a line in the log. */
int announcer_init(const PluginSettings *settings, AnnouncerRefused *refused);

/* All senders must have been destroyed. */
void announcer_deinit(void);

/* A sender for what a session publishes, not connected yet. Key frames that are asked for on it are
 * asked of the publisher. Destroy it before the session. Returns NULL with errno. */
RtpSender *announcer_open_sender(Session *session);

/* Announces what a live session sends. Call it again when that changes. */
void announcer_announce(Session *session);

/* The session has ended; `kicked`: by an operator. The caller holds its lock, so that this comes
 * after its announcement. */
void announcer_withdraw(Session *session, bool kicked);

#endif
