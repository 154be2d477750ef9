/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gst_plugins.h"

#include <gst/gst.h>
#include <stdlib.h>

char *gst_plugins_load(void)
{
    static const char *const needed[] = {"app", "coreelements", "dtls", "nice",
                                         "rtp", "rtpmanager",   "srtp", "webrtc"};
    char *wrong = NULL;

    setenv("GST_REGISTRY_DISABLE", "yes", 1);
    gst_init(NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(needed) && !wrong; i++) {
        char *file = g_strdup_printf(GST_PLUGINS "/libgst%s.so", needed[i]);
        GError *error = NULL;
        GstPlugin *plugin = gst_plugin_load_file(file, &error);
        if (plugin)
            gst_object_unref(plugin);
        else
            wrong = g_strdup_printf("%s: run ./bootstrap --tests", error->message);
        g_clear_error(&error);
        g_free(file);
    }
    return wrong;
}
