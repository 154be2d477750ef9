# SPDX-License-Identifier: GPL-3.0-or-later

# All but main, so that the tests link the same objects; a list for each folder, and one more if a part of it is left to
# libdaemon.a: that has what runs the rest, by threads, sockets and processes, and the fuzzers, whose tree takes long to
# compile, link nothing of it.
noinst_LIBRARIES += libbridge.a libdaemon.a
libbridge_a_SOURCES = $(bridge_base) $(bridge_keys) $(bridge_codec) $(bridge_clock) $(bridge_ingest) $(bridge_store) $(bridge_serve) $(bridge_package) $(bridge_segment) $(bridge_transcode) $(bridge_stream_parts) $(bridge_event_parts) $(bridge_playback) $(bridge_control)
libbridge_a_CFLAGS = $(AM_CFLAGS) $(LIBAV_CFLAGS) $(OPUS_CFLAGS) $(MICROHTTPD_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
libdaemon_a_SOURCES = $(bridge_keys_run) $(bridge_ingest_run) $(bridge_serve_run) $(bridge_events) $(bridge_transcode_run) $(bridge_stream) $(bridge_playback_run) $(bridge_control_run)
libdaemon_a_CFLAGS = $(libbridge_a_CFLAGS)
bridge_part_libs = libbridge.a $(common_libs) $(LIBAV_LIBS) $(OPUS_LIBS) $(MICROHTTPD_LIBS) $(JANSSON_LIBS) $(CURL_LIBS) $(ZLIB_LIBS) $(CRYPTO_LIBS) $(XML_LIBS) -lpthread
# each needs some of the other
bridge_libs = libdaemon.a libbridge.a libdaemon.a $(bridge_part_libs)
bridge_base = \
	%D%/base/boot_id.c \
	%D%/base/bridge_log.c \
	%D%/base/byte_buffer.c \
	%D%/base/clock.c \
	%D%/base/control_access.c \
	%D%/base/histogram.c \
	%D%/base/metrics_text.c \
	%D%/base/output_bound.c \
	%D%/base/own_folder.c \
	%D%/base/sample_bytes.c \
	%D%/base/stream_texts.c \
	%D%/base/uuid_text.c
bridge_keys = \
	%D%/keys/cpix_document.c \
	%D%/keys/cpix_request.c \
	%D%/keys/key_tag_text.c
bridge_keys_run = \
	%D%/keys/key_proof.c \
	%D%/keys/key_server.c
bridge_playback = \
	%D%/playback/playback_answer.c \
	%D%/playback/playback_ask.c \
	%D%/playback/session_table.c
bridge_playback_run = \
	%D%/playback/playback_gate.c \
	%D%/playback/playback_hook.c
bridge_codec = \
	%D%/codec/aac_encoder.c \
	%D%/codec/aac_pair.c \
	%D%/codec/annex_b.c \
	%D%/codec/av1_header.c \
	%D%/codec/cabac_skips.c \
	%D%/codec/h264_filler.c \
	%D%/codec/h264_parameter_sets.c \
	%D%/codec/h264_slice.c \
	%D%/codec/h265_parameter_sets.c \
	%D%/codec/opus_copy.c \
	%D%/codec/opus_to_aac.c \
	%D%/codec/picture_config.c \
	%D%/codec/picture_repeat.c \
	%D%/codec/vp8_header.c \
	%D%/codec/vp9_header.c
bridge_clock = \
	%D%/clock/audio_clock.c \
	%D%/clock/clock_slip.c \
	%D%/clock/frame_order.c \
	%D%/clock/real_time.c \
	%D%/clock/timeline.c
bridge_ingest = \
	%D%/ingest/av1_depay.c \
	%D%/ingest/h264_depay.c \
	%D%/ingest/h265_depay.c \
	%D%/ingest/intake.c \
	%D%/ingest/intake_audio.c \
	%D%/ingest/intake_video.c \
	%D%/ingest/rtcp_reporter.c \
	%D%/ingest/rtp_reorder.c \
	%D%/ingest/source_sdp.c \
	%D%/ingest/video_depay.c \
	%D%/ingest/vp8_depay.c \
	%D%/ingest/vp9_depay.c
bridge_ingest_run = \
	%D%/ingest/datagram_queue.c \
	%D%/ingest/packet_look.c \
	%D%/ingest/replay.c \
	%D%/ingest/rtp_ingest.c \
	%D%/ingest/rtp_source.c \
	%D%/ingest/source_problem.c \
	%D%/ingest/stand_in.c \
	%D%/ingest/track_rates.c \
	%D%/ingest/trouble.c
bridge_store = \
	%D%/store/folder.c \
	%D%/store/folder_readers.c \
	%D%/store/number_log.c \
	%D%/store/old_names.c \
	%D%/store/store.c
bridge_serve = \
	%D%/serve/http_request.c \
	%D%/serve/ll_board.c \
	%D%/serve/ll_edge.c \
	%D%/serve/ll_hub.c \
	%D%/serve/ll_names.c \
	%D%/serve/ll_parts.c \
	%D%/serve/ll_queue.c \
	%D%/serve/ll_request.c \
	%D%/serve/ll_text.c
bridge_serve_run = \
	%D%/serve/ll_connections.c \
	%D%/serve/ll_listener.c \
	%D%/serve/ll_server.c \
	%D%/serve/ll_wire.c
bridge_package = \
	%D%/package/asked_key.c \
	%D%/package/cenc_boxes.c \
	%D%/package/cenc_cbcs.c \
	%D%/package/cmaf_dash.c \
	%D%/package/cmaf_follow.c \
	%D%/package/cmaf_fragment.c \
	%D%/package/cmaf_media.c \
	%D%/package/cmaf_media_life.c \
	%D%/package/cmaf_multivariant.c \
	%D%/package/cmaf_mux.c \
	%D%/package/cmaf_others.c \
	%D%/package/cmaf_output.c \
	%D%/package/cmaf_output_tracks.c \
	%D%/package/cmaf_playlists.c \
	%D%/package/cmaf_sound.c \
	%D%/package/cmaf_track.c \
	%D%/package/cmaf_track_copy.c \
	%D%/package/cmaf_track_files.c \
	%D%/package/cmaf_track_keys.c \
	%D%/package/cmaf_track_parts.c \
	%D%/package/dash_manifest.c \
	%D%/package/dash_text.c \
	%D%/package/early_sound.c \
	%D%/package/held_pictures.c \
	%D%/package/iframe_playlist.c \
	%D%/package/key_tags.c \
	%D%/package/left_over.c \
	%D%/package/ll_playlist.c \
	%D%/package/ll_playlist_text.c \
	%D%/package/media_key.c \
	%D%/package/media_keys.c \
	%D%/package/media_keys_open.c \
	%D%/package/memory_muxer.c \
	%D%/package/multivariant.c \
	%D%/package/null_output.c \
	%D%/package/output_files.c \
	%D%/package/part_cutter.c \
	%D%/package/playlist.c \
	%D%/package/rate_meter.c \
	%D%/package/sample_queue.c \
	%D%/package/segment_cipher.c \
	%D%/package/segment_mux.c \
	%D%/package/segment_recovery.c \
	%D%/package/segment_store.c \
	%D%/package/thumbnail.c \
	%D%/package/ts_follow.c \
	%D%/package/ts_output.c \
	%D%/package/ts_variants.c \
	%D%/package/window.c
bridge_segment = \
	%D%/segment/follower.c \
	%D%/segment/ladder.c \
	%D%/segment/outputs.c \
	%D%/segment/segmenter.c \
	%D%/segment/segmenter_followers.c \
	%D%/segment/segmenter_gather.c \
	%D%/segment/segmenter_layers.c \
	%D%/segment/segmenter_times.c \
	%D%/segment/packager.c \
	%D%/segment/picture_delay.c \
	%D%/segment/picture_formats.c \
	%D%/segment/segment_cutter.c \
	%D%/segment/segment_dates.c
bridge_events = \
	%D%/events/cloud_event.c \
	%D%/events/dead_letters.c \
	%D%/events/event.c \
	%D%/events/event_file.c \
	%D%/events/event_filter.c \
	%D%/events/event_http.c \
	%D%/events/event_journal.c \
	%D%/events/event_json.c \
	%D%/events/event_log.c \
	%D%/events/event_queue.c \
	%D%/events/event_ring.c \
	%D%/events/event_sinks.c \
	%D%/events/event_webhook.c \
	%D%/events/http_post.c \
	%D%/events/janus_event.c \
	%D%/events/journal_bytes.c \
	%D%/events/journal_files.c \
	%D%/events/webhook_schedule.c \
	%D%/events/webhook_targets.c
bridge_event_parts = %D%/events/event_line.c
bridge_transcode = \
	%D%/transcode/named_ladders.c \
	%D%/transcode/rung_ladder.c \
	%D%/transcode/transcode_wire.c
bridge_transcode_run = \
	%D%/transcode/rung_demand.c \
	%D%/transcode/rung_trouble.c \
	%D%/transcode/thumbnail_process.c \
	%D%/transcode/transcoder.c \
	%D%/transcode/transcoder_process.c \
	%D%/transcode/transcoder_talk.c \
	%D%/transcode/transcoder_try.c
bridge_stream = \
	%D%/stream/audience.c \
	%D%/stream/bridge_settings.c \
	%D%/stream/bridge_settings_check.c \
	%D%/stream/caretaker.c \
	%D%/stream/encryption_settings.c \
	%D%/stream/mailbox.c \
	%D%/stream/pipeline.c \
	%D%/stream/public_list.c \
	%D%/stream/rungs.c \
	%D%/stream/stream.c \
	%D%/stream/stream_admission.c \
	%D%/stream/stream_care.c \
	%D%/stream/stream_class.c \
	%D%/stream/stream_access.c \
	%D%/stream/stream_life.c \
	%D%/stream/stream_opening.c \
	%D%/stream/stream_publisher.c \
	%D%/stream/stream_status.c \
	%D%/stream/stream_table.c \
	%D%/stream/stream_thread.c
bridge_stream_parts = \
	%D%/stream/own_ladder.c
bridge_control = \
	%D%/control/bridge_metrics.c \
	%D%/control/class_calls.c \
	%D%/control/control_answer.c \
	%D%/control/control_handler.c \
	%D%/control/look_json.c \
	%D%/control/process_metrics.c \
	%D%/control/status_json.c \
	%D%/control/status_metrics.c
bridge_control_run = \
	%D%/control/control_api.c \
	%D%/control/control_listener.c

bin_PROGRAMS += %D%/hls-bridge
%C%_hls_bridge_SOURCES = %D%/main.c %D%/options.c %D%/parts.c
%C%_hls_bridge_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"' -DLIBEXECDIR='"$(libexecdir)"'
%C%_hls_bridge_CFLAGS = $(AM_CFLAGS) $(LIBAV_CFLAGS)
%C%_hls_bridge_LDFLAGS = $(AM_LDFLAGS) $(HLS_PIE_LDFLAGS)
%C%_hls_bridge_LDADD = $(bridge_libs)

# What hls-transcoder is made of: a library for the tests, and the program, which has none of the sanitizers
transcoder_parts = \
	%D%/transcode/jpeg_maker.c \
	%D%/transcode/pace.c \
	%D%/transcode/picture_decoder.c \
	%D%/transcode/picture_scaler.c \
	%D%/transcode/rung_encoder.c \
	%D%/transcode/sandbox.c \
	%D%/transcode/small_picture.c \
	%D%/transcode/transcode_fault.c \
	%D%/transcode/transcode_work.c
noinst_LIBRARIES += libtranscode.a
libtranscode_a_SOURCES = $(transcoder_parts)
libtranscode_a_CFLAGS = $(AM_CFLAGS) $(LIBAV_CFLAGS) $(SECCOMP_CFLAGS)
libexec_PROGRAMS += %D%/hls-transcoder
%C%_hls_transcoder_SOURCES = $(transcoder_parts) %D%/transcode/hls_transcoder.c \
	%D%/base/byte_buffer.c %D%/base/clock.c %D%/transcode/rung_ladder.c %D%/transcode/transcode_wire.c
%C%_hls_transcoder_CFLAGS = $(PLAIN_CFLAGS) $(LIBAV_CFLAGS) $(SECCOMP_CFLAGS)
%C%_hls_transcoder_LDFLAGS = $(PLAIN_LDFLAGS) $(HLS_PIE_LDFLAGS)
%C%_hls_transcoder_LDADD = $(TRANSCODER_LIBS) $(SECCOMP_LIBS)

if MAN_PAGES
man8_MANS += %D%/hls-bridge.8
%D%/hls-bridge.8: %D%/hls-bridge %D%/hls-bridge.h2m
	$(man_page) --section=8 --include=$(srcdir)/%D%/hls-bridge.h2m %D%/hls-bridge
CLEANFILES += %D%/hls-bridge.8
endif

dist_sysconf_DATA = %D%/hls-bridge.jcfg.sample

if SYSTEMD
systemdsystemunit_DATA = %D%/hls-bridge.service
%D%/hls-bridge.service: %D%/hls-bridge.service.in Makefile
	$(fill_in) $(srcdir)/%D%/hls-bridge.service.in >$@
CLEANFILES += %D%/hls-bridge.service
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = %D%/sysusers.d/hls-bridge.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
tmpfiles_DATA = %D%/tmpfiles.d/hls-bridge.conf
endif
