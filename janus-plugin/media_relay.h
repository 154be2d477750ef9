/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_RELAY_H
#define MEDIA_RELAY_H

/* The packet path: what Janus has decrypted goes to the bridge. Runs on Janus's ICE threads, so it
 * takes one lock, allocates nothing and waits for nothing.
 *
 * Thread-safety: any thread; packets of one session come from one. */

#include "session.h"

void media_relay_init(janus_callbacks *gateway);

void media_relay_rtp(Session *session, janus_plugin_rtp *packet);
void media_relay_rtcp(Session *session, janus_plugin_rtcp *packet);

/* Asks the publisher for a key frame, by PLI. */
void media_relay_keyframe(Session *session);

#endif
