/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef GST_PLUGINS_H
#define GST_PLUGINS_H

/* GStreamer, with the plugins that a WebRTC publisher needs and no others: its usual list of all
 * that is installed takes longer than all else here, is kept in the home directory, and is so long
 * that GLib moves its table of names, which it leaks on purpose. */

/* Initialises GStreamer. Call it once, before anything of GStreamer. Returns NULL, or a sentence
 * that says what is missing, which the caller frees with g_free(). */
char *gst_plugins_load(void);

#endif
