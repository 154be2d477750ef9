# SPDX-License-Identifier: GPL-3.0-or-later

LDADD = libbridge.la libplugin.la libdoctor.la libviewers.la $(CMOCKA_LIBS) -lm
# what end-to-end tests put before a program's libraries: -rpath makes libtool build it for loading
check_LTLIBRARIES += tests/shims/slow_disk.la
tests_shims_slow_disk_la_SOURCES = tests/shims/slow_disk.c
tests_shims_slow_disk_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
tests_shims_slow_disk_la_LIBADD = -ldl
# one program a module, of one file; `./check unit` runs them all
check_PROGRAMS += \
	tests/unit/test_aac_encoder \
	tests/unit/test_aac_pair \
	tests/unit/test_annex_b \
	tests/unit/test_audio_clock \
	tests/unit/test_b_frames \
	tests/unit/test_bearer_token \
	tests/unit/test_bridge_client \
	tests/unit/test_bridge_registry \
	tests/unit/test_bridge_sdp \
	tests/unit/test_bridge_settings \
	tests/unit/test_clock_slip \
	tests/unit/test_cmaf_mux \
	tests/unit/test_control_access \
	tests/unit/test_control_api \
	tests/unit/test_datagram_queue \
	tests/unit/test_dash_manifest \
	tests/unit/test_disk_faults \
	tests/unit/test_early_sound \
	tests/unit/test_frame_order \
	tests/unit/test_gunzip \
	tests/unit/test_h264_depay \
	tests/unit/test_h264_parameter_sets \
	tests/unit/test_h264_sps \
	tests/unit/test_hls_output \
	tests/unit/test_h264_filler \
	tests/unit/test_histogram \
	tests/unit/test_jpeg_maker \
	tests/unit/test_http_reader \
	tests/unit/test_http_request \
	tests/unit/test_intake \
	tests/unit/test_key_tries \
	tests/unit/test_ll_edge \
	tests/unit/test_ll_hub \
	tests/unit/test_ll_playlist \
	tests/unit/test_ll_server \
	tests/unit/test_ll_text \
	tests/unit/test_mailbox \
	tests/unit/test_marks \
	tests/unit/test_mean_rate \
	tests/unit/test_media_folder \
	tests/unit/test_m3u8 \
	tests/unit/test_media_rules \
	tests/unit/test_mp4_rules \
	tests/unit/test_multi_rules \
	tests/unit/test_names \
	tests/unit/test_number_log \
	tests/unit/test_old_names \
	tests/unit/test_opus_to_aac \
	tests/unit/test_overload \
	tests/unit/test_output_bound \
	tests/unit/test_packager \
	tests/unit/test_part_cutter \
	tests/unit/test_part_rules \
	tests/unit/test_picture_delay \
	tests/unit/test_pipeline \
	tests/unit/test_player_list \
	tests/unit/test_power_cut \
	tests/unit/test_playlist \
	tests/unit/test_playlist_rules \
	tests/unit/test_plugin_settings \
	tests/unit/test_reload_rules \
	tests/unit/test_request \
	tests/unit/test_rtcp_packet \
	tests/unit/test_rtcp_reporter \
	tests/unit/test_rtp_packet \
	tests/unit/test_rtp_reorder \
	tests/unit/test_rtp_sender \
	tests/unit/test_sdp_answer \
	tests/unit/test_sdp_reader \
	tests/unit/test_segment_cutter \
	tests/unit/test_segment_mux \
	tests/unit/test_segment_store \
	tests/unit/test_settings_reader \
	tests/unit/test_source_problem \
	tests/unit/test_source_sdp \
	tests/unit/test_stand_in \
	tests/unit/test_stream \
	tests/unit/test_stream_name \
	tests/unit/test_stream_table \
	tests/unit/test_take_up \
	tests/unit/test_text_buffer \
	tests/unit/test_thumbnail \
	tests/unit/test_timeline \
	tests/unit/test_token_bucket
# the plugin without Janus: a stub in its place, and one in the bridge client's. Threads take turns:
# what they wait for is the scheduler's (tests/plugin/fibers.h)
plugin_stubs = \
	tests/plugin/fibers.c tests/plugin/fibers.h \
	tests/plugin/plugin_play.h \
	tests/plugin/plugin_rules.c tests/plugin/plugin_rules.h \
	tests/plugin/stub_bridge.c tests/plugin/stub_bridge.h \
	tests/plugin/stub_gateway.c tests/plugin/stub_gateway.h
plugin_stubs_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/janus-plugin $(JANUS_CPPFLAGS) $(GLIB_CFLAGS) $(JANSSON_CFLAGS)
plugin_stubs_ldflags = $(AM_LDFLAGS) -Wl,--wrap=pthread_mutex_lock,--wrap=pthread_mutex_unlock \
	-Wl,--wrap=pthread_cond_wait,--wrap=pthread_cond_clockwait,--wrap=pthread_cond_signal,--wrap=pthread_cond_broadcast \
	-Wl,--wrap=pthread_create,--wrap=pthread_join,--wrap=epoll_wait
plugin_stubs_libs = libpublisher.la $(GLIB_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS) -lpthread
check_PROGRAMS += tests/plugin/test_plugin_requests tests/plugin/test_plugin_turns
tests_plugin_test_plugin_requests_SOURCES = tests/plugin/test_plugin_requests.c $(plugin_stubs)
tests_plugin_test_plugin_requests_CPPFLAGS = $(plugin_stubs_cppflags)
tests_plugin_test_plugin_requests_LDFLAGS = $(plugin_stubs_ldflags)
tests_plugin_test_plugin_requests_LDADD = $(plugin_stubs_libs)
tests_plugin_test_plugin_turns_SOURCES = tests/plugin/test_plugin_turns.c $(plugin_stubs)
tests_plugin_test_plugin_turns_CPPFLAGS = $(plugin_stubs_cppflags)
tests_plugin_test_plugin_turns_LDFLAGS = $(plugin_stubs_ldflags)
tests_plugin_test_plugin_turns_LDADD = $(plugin_stubs_libs)
# of these, what several threads use: `./check threads` runs them with ThreadSanitizer
thread_tests = \
	tests/plugin/test_plugin_requests \
	tests/plugin/test_plugin_turns \
	tests/unit/test_bridge_client \
	tests/unit/test_control_api \
	tests/unit/test_datagram_queue \
	tests/unit/test_ll_hub \
	tests/unit/test_ll_server \
	tests/unit/test_ll_text \
	tests/unit/test_mailbox \
	tests/unit/test_rtp_sender \
	tests/unit/test_stand_in \
	tests/unit/test_stream \
	tests/unit/test_stream_table \
	tests/unit/test_thumbnail
thread-tests: $(thread_tests)
list-thread-tests:
	@printf '%s\n' $(thread_tests)
tests_unit_test_aac_encoder_CPPFLAGS = $(AM_CPPFLAGS) $(LIBAV_CFLAGS)
tests_unit_test_aac_pair_CPPFLAGS = $(AM_CPPFLAGS) $(LIBAV_CFLAGS)
tests_unit_test_b_frames_CPPFLAGS = $(AM_CPPFLAGS) $(LIBAV_CFLAGS)
tests_unit_test_b_frames_LDADD = $(LDADD) $(LIBAV_LIBS)
tests_unit_test_jpeg_maker_CPPFLAGS = $(AM_CPPFLAGS) $(LIBAV_CFLAGS)
tests_unit_test_gunzip_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS)
tests_unit_test_marks_CPPFLAGS = $(AM_CPPFLAGS) $(LIBAV_CFLAGS)
tests_unit_test_thumbnail_CPPFLAGS = $(AM_CPPFLAGS) $(LIBAV_CFLAGS)
tests_unit_test_disk_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=renameat
tests_unit_test_number_log_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=boot_id
tests_unit_test_power_cut_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=boot_id,--wrap=openat,--wrap=write,--wrap=pwrite,--wrap=renameat,--wrap=unlinkat,--wrap=fsync,--wrap=fdatasync
tests_unit_test_take_up_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=boot_id,--wrap=unlinkat,--wrap=fdatasync
tests_unit_test_packager_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=segment_mux_create
tests_unit_test_dash_manifest_CPPFLAGS = $(golden_cppflags)
tests_unit_test_ll_playlist_CPPFLAGS = $(golden_cppflags)
tests_unit_test_m3u8_CPPFLAGS = $(golden_cppflags)
tests_unit_test_part_rules_CPPFLAGS = $(golden_cppflags)
tests_unit_test_opus_to_aac_CPPFLAGS = $(AM_CPPFLAGS) $(OPUS_CFLAGS) $(LIBAV_CFLAGS)
sample_cppflags = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
tests_unit_test_bridge_client_CPPFLAGS = $(AM_CPPFLAGS) $(GLIB_CFLAGS)
tests_unit_test_bridge_registry_CPPFLAGS = $(AM_CPPFLAGS) $(GLIB_CFLAGS)
tests_unit_test_bridge_settings_CPPFLAGS = $(sample_cppflags)
tests_unit_test_plugin_settings_CPPFLAGS = $(sample_cppflags) $(GLIB_CFLAGS)
tests_unit_test_sdp_answer_CPPFLAGS = $(golden_cppflags)
tests_unit_test_sdp_reader_CPPFLAGS = $(golden_cppflags)
golden_cppflags = $(AM_CPPFLAGS) -DFIXTURES_DIR='"$(abs_top_srcdir)/tests/fixtures"'

if REPLAY
check_PROGRAMS += \
	tests/unit/test_rtp_faults \
	tests/unit/test_rtp_recording
tests_unit_test_rtp_faults_SOURCES = tests/unit/test_rtp_faults.c tests/unit/synthetic_rtp.h
tests_unit_test_rtp_faults_LDADD = libreplay.la $(CMOCKA_LIBS) -lm
tests_unit_test_rtp_recording_SOURCES = tests/unit/test_rtp_recording.c tests/unit/synthetic_rtp.h
tests_unit_test_rtp_recording_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS)
tests_unit_test_rtp_recording_LDADD = libreplay.la $(CMOCKA_LIBS)
endif
