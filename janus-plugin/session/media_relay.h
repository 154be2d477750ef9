/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_RELAY_H
#define MEDIA_RELAY_H

/* The packet path: what Janus has decrypted goes to the bridge. It runs on Janus's ICE threads, so
 * it takes one lock, allocates nothing and waits for nothing.
 *
 * Thread-safety: any thread. The packets of one session come on one thread. */

#include "session/session.h"

void media_relay_init(janus_callbacks *gateway);

/* Forwards a packet, if it belongs to a track, and counts it. RTP gets the payload type that the
 * bridge knows, in place. Of RTCP only sender reports go to layers of simulcast. */
void media_relay_rtp(Session *session, janus_plugin_rtp *packet);
void media_relay_rtcp(Session *session, janus_plugin_rtcp *packet);

/* Asks the publisher for a key frame, by PLI: Janus sends one to each layer. */
void media_relay_keyframe(Session *session);

#endif
