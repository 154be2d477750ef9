# SPDX-License-Identifier: GPL-3.0-or-later

if BRIDGE
noinst_PROGRAMS += %D%/transcode-file
%C%_transcode_file_SOURCES = %D%/transcode_file.c
%C%_transcode_file_CFLAGS = $(AM_CFLAGS) $(LIBAV_CFLAGS)
%C%_transcode_file_LDADD = $(bridge_libs)
endif
if PUBLISHERS
noinst_PROGRAMS += %D%/webrtc-publishers
%C%_webrtc_publishers_SOURCES = %D%/webrtc_publishers.c
%C%_webrtc_publishers_CFLAGS = $(AM_CFLAGS) $(GSTREAMER_CFLAGS) $(JANSSON_CFLAGS)
%C%_webrtc_publishers_LDADD = $(replay_libs) $(GSTREAMER_LIBS) $(JANSSON_LIBS)
endif
