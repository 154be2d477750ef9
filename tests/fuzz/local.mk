# SPDX-License-Identifier: GPL-3.0-or-later

# each fuzz target over its corpus: a plain test
corpus_cppflags = $(AM_CPPFLAGS) -DFUZZ_CORPUS_DIR='"$(abs_top_srcdir)/tests/fuzz/corpus"'
check_PROGRAMS += \
	tests/fuzz/corpus_aac_pair \
	tests/fuzz/corpus_bridge_sdp_answer \
	tests/fuzz/corpus_control_api \
	tests/fuzz/corpus_h264_depay \
	tests/fuzz/corpus_h264_filler \
	tests/fuzz/corpus_h264_sps \
	tests/fuzz/corpus_http_reader \
	tests/fuzz/corpus_ll_request \
	tests/fuzz/corpus_low_latency \
	tests/fuzz/corpus_jpeg_maker \
	tests/fuzz/corpus_m3u8 \
	tests/fuzz/corpus_mp4_rules \
	tests/fuzz/corpus_pipeline \
	tests/fuzz/corpus_player_list \
	tests/fuzz/corpus_playlist \
	tests/fuzz/corpus_plugin_session \
	tests/fuzz/corpus_request \
	tests/fuzz/corpus_rtcp_packet \
	tests/fuzz/corpus_rtp_packet \
	tests/fuzz/corpus_rtp_reorder \
	tests/fuzz/corpus_sdp_answer \
	tests/fuzz/corpus_sdp_reader \
	tests/fuzz/corpus_settings_reader \
	tests/fuzz/corpus_source_sdp
tests_fuzz_corpus_aac_pair_SOURCES = tests/fuzz/fuzz_aac_pair.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_aac_pair_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_bridge_sdp_answer_SOURCES = tests/fuzz/fuzz_bridge_sdp_answer.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_bridge_sdp_answer_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_control_api_SOURCES = tests/fuzz/fuzz_control_api.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_control_api_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_h264_depay_SOURCES = tests/fuzz/fuzz_h264_depay.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_h264_depay_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_h264_filler_SOURCES = tests/fuzz/fuzz_h264_filler.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_h264_filler_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_h264_sps_SOURCES = tests/fuzz/fuzz_h264_sps.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_h264_sps_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_ll_request_SOURCES = tests/fuzz/fuzz_ll_request.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_ll_request_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_low_latency_SOURCES = tests/fuzz/fuzz_low_latency.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_low_latency_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_jpeg_maker_SOURCES = tests/fuzz/fuzz_jpeg_maker.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_jpeg_maker_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_m3u8_SOURCES = tests/fuzz/fuzz_m3u8.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_m3u8_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_mp4_rules_SOURCES = tests/fuzz/fuzz_mp4_rules.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_mp4_rules_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_http_reader_SOURCES = tests/fuzz/fuzz_http_reader.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_http_reader_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_pipeline_SOURCES = tests/fuzz/fuzz_pipeline.c tests/fuzz/memory_parts.c tests/fuzz/memory_parts.h tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_pipeline_CPPFLAGS = $(corpus_cppflags) $(LIBAV_CFLAGS)
tests_fuzz_corpus_player_list_SOURCES = tests/fuzz/fuzz_player_list.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_player_list_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_playlist_SOURCES = tests/fuzz/fuzz_playlist.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_playlist_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_plugin_session_SOURCES = tests/fuzz/fuzz_plugin_session.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h $(plugin_stubs)
tests_fuzz_corpus_plugin_session_CPPFLAGS = $(corpus_cppflags) $(plugin_stubs_cppflags)
tests_fuzz_corpus_plugin_session_LDFLAGS = $(plugin_stubs_ldflags)
tests_fuzz_corpus_plugin_session_LDADD = $(plugin_stubs_libs)
tests_fuzz_corpus_request_SOURCES = tests/fuzz/fuzz_request.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_request_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_rtcp_packet_SOURCES = tests/fuzz/fuzz_rtcp_packet.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_rtcp_packet_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_rtp_packet_SOURCES = tests/fuzz/fuzz_rtp_packet.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_rtp_packet_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_rtp_reorder_SOURCES = tests/fuzz/fuzz_rtp_reorder.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_rtp_reorder_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_sdp_answer_SOURCES = tests/fuzz/fuzz_sdp_answer.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_sdp_answer_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_sdp_reader_SOURCES = tests/fuzz/fuzz_sdp_reader.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_sdp_reader_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_settings_reader_SOURCES = tests/fuzz/fuzz_settings_reader.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_settings_reader_CPPFLAGS = $(corpus_cppflags)
tests_fuzz_corpus_source_sdp_SOURCES = tests/fuzz/fuzz_source_sdp.c tests/fuzz/run_corpus.c tests/fuzz/fuzz.h
tests_fuzz_corpus_source_sdp_CPPFLAGS = $(corpus_cppflags)

if FUZZERS
# and with libFuzzer
fuzzers: $(fuzzer_programs)
check_PROGRAMS += $(fuzzer_programs)
fuzzer_programs = \
	tests/fuzz/fuzz_aac_pair \
	tests/fuzz/fuzz_bridge_sdp_answer \
	tests/fuzz/fuzz_control_api \
	tests/fuzz/fuzz_h264_depay \
	tests/fuzz/fuzz_h264_filler \
	tests/fuzz/fuzz_h264_sps \
	tests/fuzz/fuzz_ll_request \
	tests/fuzz/fuzz_low_latency \
	tests/fuzz/fuzz_jpeg_maker \
	tests/fuzz/fuzz_m3u8 \
	tests/fuzz/fuzz_mp4_rules \
	tests/fuzz/fuzz_http_reader \
	tests/fuzz/fuzz_pipeline \
	tests/fuzz/fuzz_player_list \
	tests/fuzz/fuzz_playlist \
	tests/fuzz/fuzz_plugin_session \
	tests/fuzz/fuzz_request \
	tests/fuzz/fuzz_rtcp_packet \
	tests/fuzz/fuzz_rtp_packet \
	tests/fuzz/fuzz_rtp_reorder \
	tests/fuzz/fuzz_sdp_answer \
	tests/fuzz/fuzz_sdp_reader \
	tests/fuzz/fuzz_settings_reader \
	tests/fuzz/fuzz_source_sdp
fuzzer_flags = -fsanitize=fuzzer
tests_fuzz_fuzz_aac_pair_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_bridge_sdp_answer_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_control_api_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_h264_depay_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_h264_filler_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_h264_sps_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_ll_request_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_low_latency_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_jpeg_maker_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_m3u8_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_mp4_rules_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_http_reader_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_pipeline_SOURCES = tests/fuzz/fuzz_pipeline.c tests/fuzz/memory_parts.c tests/fuzz/memory_parts.h tests/fuzz/fuzz.h
tests_fuzz_fuzz_pipeline_CPPFLAGS = $(AM_CPPFLAGS) $(LIBAV_CFLAGS)
tests_fuzz_fuzz_pipeline_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_player_list_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_playlist_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_plugin_session_SOURCES = tests/fuzz/fuzz_plugin_session.c tests/fuzz/fuzz.h $(plugin_stubs)
tests_fuzz_fuzz_plugin_session_CPPFLAGS = $(plugin_stubs_cppflags)
tests_fuzz_fuzz_plugin_session_LDFLAGS = $(plugin_stubs_ldflags) $(fuzzer_flags)
tests_fuzz_fuzz_plugin_session_LDADD = $(plugin_stubs_libs)
tests_fuzz_fuzz_request_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_rtcp_packet_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_rtp_packet_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_rtp_reorder_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_sdp_answer_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_sdp_reader_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_settings_reader_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
tests_fuzz_fuzz_source_sdp_LDFLAGS = $(AM_LDFLAGS) $(fuzzer_flags)
endif
