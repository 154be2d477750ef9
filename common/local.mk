# SPDX-License-Identifier: GPL-3.0-or-later

noinst_LIBRARIES += libcommon.a
libcommon_a_SOURCES = \
	%D%/admission_answer.c \
	%D%/base64url.c \
	%D%/bearer_token.c \
	%D%/h264_bits.c \
	%D%/h264_sps.c \
	%D%/hex_text.c \
	%D%/line_file.c \
	%D%/mean_rate.c \
	%D%/rtcp_packet.c \
	%D%/rtp_packet.c \
	%D%/sdp_reader.c \
	%D%/secret_file.c \
	%D%/settings_includes.c \
	%D%/settings_reader.c \
	%D%/stream_name.c \
	%D%/text_buffer.c \
	%D%/utc_text.c \
	%D%/video_codec.c \
	%D%/webhook_sign.c
# the plugin takes of these what it needs
libcommon_a_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS) $(CRYPTO_CFLAGS) $(plugin_cflags)
common_libs = libcommon.a $(CONFIG_LIBS) $(CRYPTO_LIBS) -lm
