# SPDX-License-Identifier: GPL-3.0-or-later

# The unit tests: a file for each module, which is a group of tests, and a program for each library. A new file
# is one line here. `make unit-tests` builds them, `./check unit` runs them some groups in a process,
# `make check` one program after the other; PROGRAM --list says what there is, PROGRAM GROUP or GROUP/TEST runs
# that alone.
unit_programs =
check_PROGRAMS += $(unit_programs)
tested_programs = $(unit_programs) $(plugin_programs) $(corpus_programs)
unit-tests: $(tested_programs)
list-unit-tests:
	@printf '%s\n' $(tested_programs)
check-local:
	@failed=0; for program in $(tested_programs); do \
	    echo "$$program"; \
	    ./$$program >$$program.log 2>&1 || { failed=1; cat $$program.log; echo "$$program: failed"; }; \
	done; exit $$failed
CLEANFILES += tests/*/*.log

check_LIBRARIES += libunit.a
libunit_a_SOURCES = %D%/runner.c
unit_libs = libunit.a $(CMOCKA_LIBS) -lm
unit_cppflags = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"' -DFIXTURES_DIR='"$(abs_top_srcdir)/tests/fixtures"' \
	$(GLIB_CFLAGS) $(LIBAV_CFLAGS) $(OPUS_CFLAGS) $(PCAP_CFLAGS) $(ZLIB_CFLAGS)

unit_programs += %D%/unit-common
%C%_unit_common_SOURCES = \
	%D%/test_bearer_token.c \
	%D%/test_doubling_pause.c \
	%D%/test_failure_telling.c \
	%D%/test_h264_sps.c \
	%D%/test_mean_rate.c \
	%D%/test_rtcp_packet.c \
	%D%/test_rtp_packet.c \
	%D%/test_sdp_reader.c \
	%D%/test_settings_reader.c \
	%D%/test_stream_name.c \
	%D%/test_text_buffer.c \
	%D%/test_token_bucket.c \
	%D%/test_utc_text.c \
	%D%/test_video_codec.c \
	%D%/test_webhook_sign.c
%C%_unit_common_CPPFLAGS = $(unit_cppflags)
%C%_unit_common_LDADD = $(common_libs) $(unit_libs)

unit_programs += %D%/unit-bridge
%C%_unit_bridge_SOURCES = \
	%D%/test_aac_encoder.c \
	%D%/test_aac_pair.c \
	%D%/test_annex_b.c \
	%D%/test_audience.c \
	%D%/test_audio_clock.c \
	%D%/test_av1_depay.c \
	%D%/test_b_frames.c \
	%D%/test_bridge_settings.c \
	%D%/test_cenc_cbcs.c \
	%D%/test_clock.c \
	%D%/test_clock_slip.c \
	%D%/test_cloud_event.c \
	%D%/test_cmaf_mux.c \
	%D%/test_control_access.c \
	%D%/test_dash_manifest.c \
	%D%/test_early_sound.c \
	%D%/test_encrypted_lists.c \
	%D%/test_encoder_budget.c \
	%D%/test_event_file.c \
	%D%/test_event_filter.c \
	%D%/test_event_journal.c \
	%D%/test_event_line.c \
	%D%/test_event_log.c \
	%D%/test_event_ring.c \
	%D%/test_folder.c \
	%D%/test_follower.c \
	%D%/test_frame_order.c \
	%D%/test_h264_depay.c \
	%D%/test_h264_filler.c \
	%D%/test_h264_parameter_sets.c \
	%D%/test_h264_slice.c \
	%D%/test_h265_depay.c \
	%D%/test_histogram.c \
	%D%/test_segmenter.c \
	%D%/test_http_request.c \
	%D%/test_iframe_playlist.c \
	%D%/test_intake.c \
	%D%/test_ladder.c \
	%D%/test_last_sound.c \
	%D%/test_layers_at_random.c \
	%D%/test_list_lives.c \
	%D%/test_ll_edge.c \
	%D%/test_ll_names.c \
	%D%/test_ll_playlist.c \
	%D%/test_lossy_layers.c \
	%D%/test_cpix_document.c \
	%D%/test_media_keys.c \
	%D%/test_multivariant.c \
	%D%/test_named_ladders.c \
	%D%/test_old_names.c \
	%D%/test_opus_copy.c \
	%D%/test_opus_to_aac.c \
	%D%/test_output_bound.c \
	%D%/test_overload.c \
	%D%/test_part_cutter.c \
	%D%/test_picture_delay.c \
	%D%/test_picture_repeat.c \
	%D%/test_pipeline.c \
	%D%/test_playback_ask.c \
	%D%/test_playlist.c \
	%D%/test_promise.c \
	%D%/test_rate_meter.c \
	%D%/test_renditions.c \
	%D%/test_rtcp_reporter.c \
	%D%/test_rtp_reorder.c \
	%D%/test_rung_demand.c \
	%D%/test_rung_ladder.c \
	%D%/test_rung_trouble.c \
	%D%/test_rungs.c \
	%D%/test_segment_cipher.c \
	%D%/test_segment_cutter.c \
	%D%/test_segment_dates.c \
	%D%/test_segment_mux.c \
	%D%/test_segment_store.c \
	%D%/test_session_table.c \
	%D%/test_simulcast.c \
	%D%/test_source_problem.c \
	%D%/test_source_sdp.c \
	%D%/test_store.c \
	%D%/test_stream_rungs.c \
	%D%/test_stream_texts.c \
	%D%/test_timeline.c \
	%D%/test_transcode_wire.c \
	%D%/test_trouble.c \
	%D%/test_ts_renditions.c \
	%D%/test_video_tracks.c \
	%D%/test_vp8_depay.c \
	%D%/test_vp9_depay.c \
	%D%/test_webhook_schedule.c \
	%D%/test_window.c \
	%D%/test_window_life.c
%C%_unit_bridge_CPPFLAGS = $(unit_cppflags)
%C%_unit_bridge_LDADD = $(bridge_libs) $(viewers_part_libs) $(unit_libs) $(LIBAV_LIBS) -lm

unit_programs += %D%/unit-plugin
%C%_unit_plugin_SOURCES = \
	%D%/test_bridge_registry.c \
	%D%/test_bridge_sdp.c \
	%D%/test_file_stamp.c \
	%D%/test_jwt.c \
	%D%/test_hook_answer.c \
	%D%/test_hook_settings.c \
	%D%/test_key_tries.c \
	%D%/test_layer_map.c \
	%D%/test_permit.c \
	%D%/test_plugin_settings.c \
	%D%/test_publish_claims.c \
	%D%/test_request.c \
	%D%/test_revocations.c \
	%D%/test_sdp_answer.c \
	%D%/test_sdp_codecs.c \
	%D%/test_sdp_layers.c \
	%D%/test_stream_key.c \
	tests/plugin/janus_offer.c
%C%_unit_plugin_CPPFLAGS = $(unit_cppflags)
%C%_unit_plugin_LDADD = $(plugin_libs) $(unit_libs)

unit_programs += %D%/unit-doctor
%C%_unit_doctor_SOURCES = \
	%D%/test_align_rules.c \
	%D%/test_apple_rules.c \
	%D%/test_cenc_reader.c \
	%D%/test_iframe_rules.c \
	%D%/test_left_files.c \
	%D%/test_m3u8.c \
	%D%/test_marks.c \
	%D%/test_media_opener.c \
	%D%/test_media_rules.c \
	%D%/test_mp4_rules.c \
	%D%/test_multi_rules.c \
	%D%/test_names.c \
	%D%/test_part_rules.c \
	%D%/test_playlist_rules.c \
	%D%/test_reload_rules.c \
	%D%/test_ts_rules.c
%C%_unit_doctor_CPPFLAGS = $(unit_cppflags)
%C%_unit_doctor_LDADD = $(doctor_libs) $(bridge_libs) $(unit_libs)

unit_programs += %D%/unit-viewers
%C%_unit_viewers_SOURCES = \
	%D%/test_gunzip.c \
	%D%/test_http_reader.c \
	%D%/test_player_list.c \
	%D%/test_token_list.c
%C%_unit_viewers_CPPFLAGS = $(unit_cppflags)
%C%_unit_viewers_LDADD = $(viewers_libs) $(unit_libs) $(ZLIB_LIBS) -lm

if REPLAY
unit_programs += %D%/unit-replay
%C%_unit_replay_SOURCES = \
	%D%/test_rtp_faults.c \
	%D%/test_rtp_recording.c \
	%D%/test_video_copy.c
%C%_unit_replay_CPPFLAGS = $(unit_cppflags)
%C%_unit_replay_LDADD = $(replay_libs) $(unit_libs)
endif

# What several threads use. ThreadSanitizer runs these too (`./check threads`), and the plugin's.
thread_programs = %D%/unit-ll-server %D%/unit-parts %D%/unit-stream-life %D%/unit-threads $(plugin_programs)
thread-tests: $(thread_programs)
list-thread-tests:
	@printf '%s\n' $(thread_programs)
unit_programs += %D%/unit-threads
%C%_unit_threads_SOURCES = \
	%D%/test_audience_threads.c \
	%D%/test_audit_log.c \
	%D%/test_bridge_client.c \
	%D%/test_caretaker.c \
	%D%/test_control_api.c \
	%D%/test_datagram_queue.c \
	%D%/test_event_http.c \
	%D%/test_event_queue.c \
	%D%/test_event_webhook.c \
	%D%/test_hook_client.c \
	%D%/test_key_server.c \
	%D%/test_ll_hub.c \
	%D%/test_ll_text.c \
	%D%/test_mailbox.c \
	%D%/test_playback_gate.c \
	%D%/test_public_list.c \
	%D%/test_rtp_sender.c \
	%D%/test_rtp_source.c \
	%D%/test_stand_in.c \
	%D%/test_stream.c \
	%D%/test_stream_access.c \
	%D%/test_stream_table.c \
	%D%/test_thumbnail.c \
	%D%/test_work_pool.c
%C%_unit_threads_CPPFLAGS = $(unit_cppflags)
%C%_unit_threads_LDADD = libtranscode.a $(bridge_libs) $(plugin_libs) $(viewers_part_libs) $(unit_libs)

# hls-transcoder itself, and what it is made of
unit_programs += %D%/unit-transcoder
%C%_unit_transcoder_SOURCES = \
	%D%/test_jpeg_maker.c \
	%D%/test_pace.c \
	%D%/test_picture_scaler.c \
	%D%/test_rung_encoder.c \
	%D%/test_sandbox.c \
	%D%/test_thumbnail_process.c \
	%D%/test_transcode_work.c \
	%D%/test_transcoder.c \
	%D%/test_transcoder_faults.c \
	%D%/test_transcoder_lies.c \
	%D%/test_transcoder_try.c
%C%_unit_transcoder_CPPFLAGS = $(unit_cppflags) -DTRANSCODER='"$(abs_top_builddir)/hls-bridge/hls-transcoder"'
%C%_unit_transcoder_LDADD = libtranscode.a $(bridge_libs) $(unit_libs) $(SECCOMP_LIBS)
EXTRA_%C%_unit_transcoder_DEPENDENCIES = hls-bridge/hls-transcoder

# These put something of their own in the place of a function, for all of their program.
unit_programs += %D%/unit-asked-keys
%C%_unit_asked_keys_SOURCES = %D%/test_asked_keys.c
%C%_unit_asked_keys_CPPFLAGS = $(unit_cppflags)
%C%_unit_asked_keys_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=store_sync_names
%C%_unit_asked_keys_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-disk-faults
%C%_unit_disk_faults_SOURCES = %D%/test_disk_faults.c
%C%_unit_disk_faults_CPPFLAGS = $(unit_cppflags)
%C%_unit_disk_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=renameat
%C%_unit_disk_faults_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-ll-server
%C%_unit_ll_server_SOURCES = %D%/test_ll_server.c
%C%_unit_ll_server_CPPFLAGS = $(unit_cppflags)
%C%_unit_ll_server_LDADD = $(bridge_libs) $(viewers_part_libs) $(unit_libs)
unit_programs += %D%/unit-number-log
%C%_unit_number_log_SOURCES = %D%/test_number_log.c
%C%_unit_number_log_CPPFLAGS = $(unit_cppflags)
%C%_unit_number_log_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=boot_id,--wrap=fdatasync
%C%_unit_number_log_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-packager
%C%_unit_packager_SOURCES = %D%/test_packager.c
%C%_unit_packager_CPPFLAGS = $(unit_cppflags)
%C%_unit_packager_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=segment_mux_create
%C%_unit_packager_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-parts
%C%_unit_parts_SOURCES = %D%/test_parts.c hls-bridge/parts.c
%C%_unit_parts_CPPFLAGS = $(unit_cppflags) -DLIBEXECDIR='"$(libexecdir)"'
%C%_unit_parts_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_queue_destroy,--wrap=public_list_destroy
%C%_unit_parts_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-power-cut
%C%_unit_power_cut_SOURCES = %D%/test_power_cut.c
%C%_unit_power_cut_CPPFLAGS = $(unit_cppflags)
%C%_unit_power_cut_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=boot_id,--wrap=openat,--wrap=write,--wrap=pwrite,--wrap=renameat,--wrap=unlinkat,--wrap=fsync,--wrap=fdatasync \
	-Wl,--wrap=opus_to_aac_create,--wrap=opus_to_aac_destroy
%C%_unit_power_cut_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-store-faults
%C%_unit_store_faults_SOURCES = %D%/test_store_faults.c
%C%_unit_store_faults_CPPFLAGS = $(unit_cppflags)
%C%_unit_store_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=folder_open
%C%_unit_store_faults_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-stream-life
%C%_unit_stream_life_SOURCES = %D%/test_stream_life.c
%C%_unit_stream_life_CPPFLAGS = $(unit_cppflags)
%C%_unit_stream_life_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=packager_open,--wrap=pipeline_held_up_since_us,--wrap=renameat
%C%_unit_stream_life_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-take-up
%C%_unit_take_up_SOURCES = %D%/test_take_up.c
%C%_unit_take_up_CPPFLAGS = $(unit_cppflags)
%C%_unit_take_up_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=boot_id,--wrap=unlinkat,--wrap=fdatasync
%C%_unit_take_up_LDADD = $(bridge_libs) $(unit_libs)
unit_programs += %D%/unit-webhook-log
%C%_unit_webhook_log_SOURCES = %D%/test_event_webhook_log.c
%C%_unit_webhook_log_CPPFLAGS = $(unit_cppflags)
%C%_unit_webhook_log_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=log_error,--wrap=log_warn,--wrap=log_info,--wrap=fdatasync,--wrap=pwrite
%C%_unit_webhook_log_LDADD = $(bridge_libs) $(unit_libs)
