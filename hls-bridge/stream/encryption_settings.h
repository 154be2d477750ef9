/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENCRYPTION_SETTINGS_H
#define ENCRYPTION_SETTINGS_H

/* The settings `encryption.*` as streams want them.
 *
 * Thread-safety: none needed, there is no state. */

#include "package/media_keys.h"
#include "stream/bridge_settings.h"

/* Checks them, and that the folder of keys can be written and is not within hls.directory, from
 * where everybody may fetch, nor the other way round: both exist then. Returns 0, or -1 with a
 * sentence (SETTINGS_ERROR_SIZE bytes). */
int encryption_settings_check(const BridgeSettings *settings, char *error);

/* The DRM systems that a key server is asked for; 0: one has no name that is known. */
CpixSystems encryption_settings_systems(const BridgeSettings *settings);

/* What they say of a stream; its texts are the settings'. `source` gives keys of samples, if one
 * does. */
MediaEncryption encryption_settings_of(const BridgeSettings *settings, const char *stream,
                                       const KeySource *source);

/* Whether a stream has small pictures, which everybody can see. */
bool encryption_settings_allow_thumbnails(const BridgeSettings *settings, const char *stream);

/* Whether low latency of some streams is encrypted in a way that DASH has not, though a manifest is
 * asked for. */
bool encryption_settings_leave_dash_out(const BridgeSettings *settings);

#endif
