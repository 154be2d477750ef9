# SPDX-License-Identifier: GPL-3.0-or-later

noinst_LTLIBRARIES += libcommon.la
libcommon_la_SOURCES = \
	%D%/bearer_token.c \
	%D%/h264_bits.c \
	%D%/h264_sps.c \
	%D%/mean_rate.c \
	%D%/rtcp_packet.c \
	%D%/rtp_packet.c \
	%D%/sdp_reader.c \
	%D%/settings_reader.c \
	%D%/stream_name.c \
	%D%/text_buffer.c
libcommon_la_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS) -fvisibility=hidden
libcommon_la_LIBADD = $(CONFIG_LIBS) -lm
