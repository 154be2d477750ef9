# SPDX-License-Identifier: GPL-3.0-or-later

if BRIDGE
noinst_PROGRAMS += %D%/transcode-file
%C%_transcode_file_SOURCES = %D%/transcode_file.c
%C%_transcode_file_CFLAGS = $(AM_CFLAGS) $(LIBAV_CFLAGS)
%C%_transcode_file_LDADD = $(bridge_libs)
endif
