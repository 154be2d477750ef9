# SPDX-License-Identifier: GPL-3.0-or-later

bin_PROGRAMS += %D%/hls-playback-token/hls-playback-token
%C%_hls_playback_token_hls_playback_token_SOURCES = %D%/hls-playback-token/hls_playback_token.c
%C%_hls_playback_token_hls_playback_token_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
%C%_hls_playback_token_hls_playback_token_LDADD = $(common_libs) $(JANSSON_LIBS)
if MAN_PAGES
man1_MANS += %D%/hls-playback-token/hls-playback-token.1
%D%/hls-playback-token/hls-playback-token.1: %D%/hls-playback-token/hls-playback-token %D%/hls-playback-token/hls-playback-token.h2m
	$(man_page) --section=1 --include=$(srcdir)/%D%/hls-playback-token/hls-playback-token.h2m %D%/hls-playback-token/hls-playback-token
CLEANFILES += %D%/hls-playback-token/hls-playback-token.1
endif

if DOCTOR
# what it reads and the rules; and what fetches, follows and measures, which no fuzzer links
noinst_LIBRARIES += libdoctor.a libfollow.a
libdoctor_a_SOURCES = \
	%D%/hls-doctor/aes_reader.c \
	%D%/hls-doctor/align_rules.c \
	%D%/hls-doctor/apple_rules.c \
	%D%/hls-doctor/cenc_reader.c \
	%D%/hls-doctor/findings.c \
	%D%/hls-doctor/given_keys.c \
	%D%/hls-doctor/iframe_rules.c \
	%D%/hls-doctor/left_files.c \
	%D%/hls-doctor/m3u8.c \
	%D%/hls-doctor/m3u8_attributes.c \
	%D%/hls-doctor/m3u8_delta.c \
	%D%/hls-doctor/m3u8_key.c \
	%D%/hls-doctor/m3u8_multi.c \
	%D%/hls-doctor/m3u8_places.c \
	%D%/hls-doctor/m3u8_unsound.c \
	%D%/hls-doctor/m3u8_values.c \
	%D%/hls-doctor/media_opener.c \
	%D%/hls-doctor/mp4_boxes.c \
	%D%/hls-doctor/mp4_rules.c \
	%D%/hls-doctor/multi_across.c \
	%D%/hls-doctor/multi_rules.c \
	%D%/hls-doctor/multi_versions.c \
	%D%/hls-doctor/part_rules.c \
	%D%/hls-doctor/part_version.c \
	%D%/hls-doctor/picture_units.c \
	%D%/hls-doctor/playlist_rules.c \
	%D%/hls-doctor/reload_rules.c \
	%D%/hls-doctor/report_rules.c
libfollow_a_SOURCES = \
	%D%/hls-doctor/classic.c \
	%D%/hls-doctor/codec_name.c \
	%D%/hls-doctor/fetch.c \
	%D%/hls-doctor/file_store.c \
	%D%/hls-doctor/follow.c \
	%D%/hls-doctor/follow_media.c \
	%D%/hls-doctor/follow_report.c \
	%D%/hls-doctor/http_client.c \
	%D%/hls-doctor/iframe_list.c \
	%D%/hls-doctor/libav_errors.c \
	%D%/hls-doctor/marks.c \
	%D%/hls-doctor/media_rules.c \
	%D%/hls-doctor/media_worker.c \
	%D%/hls-doctor/memory_bound.c \
	%D%/hls-doctor/memory_format.c \
	%D%/hls-doctor/names.c \
	%D%/hls-doctor/rendition.c \
	%D%/hls-doctor/rendition_files.c \
	%D%/hls-doctor/rendition_report.c \
	%D%/hls-doctor/segment_probe.c \
	%D%/hls-doctor/sort_values.c \
	%D%/hls-doctor/ts_rules.c
libdoctor_a_CFLAGS = $(AM_CFLAGS) $(LIBAV_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
libfollow_a_CFLAGS = $(libdoctor_a_CFLAGS)
doctor_part_libs = libdoctor.a $(LIBAV_LIBS) $(JANSSON_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) -lm -lpthread
doctor_libs = libfollow.a $(doctor_part_libs)

bin_PROGRAMS += %D%/hls-doctor/hls-doctor
%C%_hls_doctor_hls_doctor_SOURCES = %D%/hls-doctor/hls_doctor.c
%C%_hls_doctor_hls_doctor_LDADD = $(doctor_libs)
if MAN_PAGES
man1_MANS += %D%/hls-doctor/hls-doctor.1
%D%/hls-doctor/hls-doctor.1: %D%/hls-doctor/hls-doctor %D%/hls-doctor/hls-doctor.h2m
	$(man_page) --section=1 --include=$(srcdir)/%D%/hls-doctor/hls-doctor.h2m %D%/hls-doctor/hls-doctor
CLEANFILES += %D%/hls-doctor/hls-doctor.1
endif

# what readers it has, which tests and fuzzers link alone
noinst_LIBRARIES += libviewers.a libreaders.a
libviewers_a_SOURCES = \
	%D%/hls-viewers/audience.c \
	%D%/hls-viewers/births.c \
	%D%/hls-viewers/delays.c \
	%D%/hls-viewers/http_loop.c \
	%D%/hls-viewers/shared_list.c \
	%D%/hls-viewers/token_list.c \
	%D%/hls-viewers/viewer.c \
	%D%/hls-viewers/viewer_lists.c \
	%D%/hls-viewers/viewer_media.c \
	%D%/hls-viewers/viewer_options.c \
	%D%/hls-viewers/viewer_tally.c
libreaders_a_SOURCES = \
	%D%/hls-viewers/gunzip.c \
	%D%/hls-viewers/http_reader.c \
	%D%/hls-viewers/player_list.c
libviewers_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS)
libreaders_a_CFLAGS = $(libviewers_a_CFLAGS)
viewers_part_libs = libreaders.a $(ZLIB_LIBS)
viewers_libs = libviewers.a $(viewers_part_libs) $(JANSSON_LIBS) $(CURL_LIBS)

bin_PROGRAMS += %D%/hls-viewers/hls-viewers
%C%_hls_viewers_hls_viewers_SOURCES = %D%/hls-viewers/hls_viewers.c
%C%_hls_viewers_hls_viewers_LDADD = $(viewers_libs)
if MAN_PAGES
man1_MANS += %D%/hls-viewers/hls-viewers.1
%D%/hls-viewers/hls-viewers.1: %D%/hls-viewers/hls-viewers %D%/hls-viewers/hls-viewers.h2m
	$(man_page) --section=1 --include=$(srcdir)/%D%/hls-viewers/hls-viewers.h2m %D%/hls-viewers/hls-viewers
CLEANFILES += %D%/hls-viewers/hls-viewers.1
endif
endif

if REPLAY
noinst_LIBRARIES += libreplay.a
libreplay_a_SOURCES = \
	%D%/rtp-replay/bridge_session.c \
	%D%/rtp-replay/fault_options.c \
	%D%/rtp-replay/flight_queue.c \
	%D%/rtp-replay/flight_renumber.c \
	%D%/rtp-replay/option_values.c \
	%D%/rtp-replay/replay_options.c \
	%D%/rtp-replay/replay_sender.c \
	%D%/rtp-replay/rtp_faults.c \
	%D%/rtp-replay/rtp_faults_sender.c \
	%D%/rtp-replay/rtp_recording.c \
	%D%/rtp-replay/rtp_recording_pcap.c \
	%D%/rtp-replay/rtp_recording_trim.c \
	%D%/rtp-replay/video_copy.c
libreplay_a_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS)
replay_libs = libreplay.a $(common_libs) $(PCAP_LIBS) $(JANSSON_LIBS) $(CURL_LIBS) -lm

bin_PROGRAMS += %D%/rtp-replay/rtp-replay
%C%_rtp_replay_rtp_replay_SOURCES = \
	%D%/rtp-replay/echo_rungs.c \
	%D%/rtp-replay/replay_folder.c \
	%D%/rtp-replay/rtp_replay.c
%C%_rtp_replay_rtp_replay_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) $(LIBAV_CFLAGS) $(OPUS_CFLAGS)
%C%_rtp_replay_rtp_replay_LDADD = $(replay_libs) $(bridge_libs)
if MAN_PAGES
man1_MANS += %D%/rtp-replay/rtp-replay.1
%D%/rtp-replay/rtp-replay.1: %D%/rtp-replay/rtp-replay %D%/rtp-replay/rtp-replay.h2m
	$(man_page) --section=1 --include=$(srcdir)/%D%/rtp-replay/rtp-replay.h2m %D%/rtp-replay/rtp-replay
CLEANFILES += %D%/rtp-replay/rtp-replay.1
endif
endif
