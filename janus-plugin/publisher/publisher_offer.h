/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISHER_OFFER_H
#define PUBLISHER_OFFER_H

/* The part of publisher.h that answers offers: publisher_publish(), from the offer to the event
 * with the answer. A publisher is let in by admission, gets its sockets from announcer, and takes
 * its name from the one that had it.
 *
 * Thread-safety: any thread, but for init. */

#include "session/session.h"
#include "settings/plugin_settings.h"

/* All is borrowed. */
void publisher_offer_init(janus_callbacks *gateway, janus_plugin *plugin,
                          const PluginSettings *settings);

#endif
