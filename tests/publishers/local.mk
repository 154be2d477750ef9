# SPDX-License-Identifier: GPL-3.0-or-later

# what end-to-end tests and benchmarks publish with
if PUBLISHERS
noinst_PROGRAMS += %D%/webrtc-publishers
%C%_webrtc_publishers_SOURCES = %D%/capture_times.c %D%/gst_plugins.c %D%/webrtc_publishers.c
%C%_webrtc_publishers_CFLAGS = $(AM_CFLAGS) $(GSTREAMER_CFLAGS) $(JANSSON_CFLAGS) -DGST_PLUGINS='"$(GSTREAMER_PLUGINS)"'
%C%_webrtc_publishers_LDADD = $(replay_libs) $(GSTREAMER_LIBS) $(JANSSON_LIBS)
endif
