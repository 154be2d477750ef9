# SPDX-License-Identifier: GPL-3.0-or-later

# The fuzz targets, a file each, in three programs: what puts something of its own in the place of a part of the
# bridge or of Janus does so for all of its program. Each program is linked twice: corpus-* runs targets over
# what has been found, a plain test; fuzz-* looks for more, with libFuzzer. A new target is one line here.
fuzz_parts = \
	%D%/fuzz_aac_pair.c \
	%D%/fuzz_bridge_sdp_answer.c \
	%D%/fuzz_cenc_reader.c \
	%D%/fuzz_control_api.c \
	%D%/fuzz_cpix_document.c \
	%D%/fuzz_event_line.c \
	%D%/fuzz_h264_filler.c \
	%D%/fuzz_h264_sps.c \
	%D%/fuzz_hook_answer.c \
	%D%/fuzz_http_reader.c \
	%D%/fuzz_jpeg_maker.c \
	%D%/fuzz_ll_request.c \
	%D%/fuzz_low_latency.c \
	%D%/fuzz_m3u8.c \
	%D%/fuzz_mp4_rules.c \
	%D%/fuzz_playback.c \
	%D%/fuzz_player_list.c \
	%D%/fuzz_playlist.c \
	%D%/fuzz_publish_token.c \
	%D%/fuzz_request.c \
	%D%/fuzz_rtcp_packet.c \
	%D%/fuzz_rtp_packet.c \
	%D%/fuzz_rtp_reorder.c \
	%D%/fuzz_rung_ladder.c \
	%D%/fuzz_sdp_answer.c \
	%D%/fuzz_sdp_reader.c \
	%D%/fuzz_settings_reader.c \
	%D%/fuzz_source_sdp.c \
	%D%/fuzz_transcode_wire.c \
	%D%/fuzz_transcode_work.c \
	%D%/fuzz_video_depay.c
fuzz_parts += tests/plugin/janus_offer.c
fuzz_pipeline = %D%/fuzz_pipeline.c %D%/fuzzed_rungs.c %D%/memory_parts.c
fuzz_plugin = %D%/fuzz_plugin_session.c $(plugin_stubs)

fuzz_cppflags = $(AM_CPPFLAGS) $(LIBAV_CFLAGS) -DFUZZ_CORPUS_DIR='"$(abs_top_srcdir)/%D%/corpus"'
fuzz_libs = libtranscode.a $(bridge_part_libs) $(plugin_libs) $(doctor_part_libs) $(viewers_part_libs) -lm

corpus_runner = %D%/mutate.c %D%/run_corpus.c
corpus_programs = %D%/corpus-parts %D%/corpus-pipeline %D%/corpus-plugin
check_PROGRAMS += $(corpus_programs)
%C%_corpus_parts_SOURCES = $(fuzz_parts) $(corpus_runner)
%C%_corpus_parts_CPPFLAGS = $(fuzz_cppflags)
%C%_corpus_parts_LDADD = $(fuzz_libs)
%C%_corpus_pipeline_SOURCES = $(fuzz_pipeline) $(corpus_runner)
%C%_corpus_pipeline_CPPFLAGS = $(fuzz_cppflags)
%C%_corpus_pipeline_LDADD = $(fuzz_libs)
%C%_corpus_plugin_SOURCES = $(fuzz_plugin) $(corpus_runner)
%C%_corpus_plugin_CPPFLAGS = $(fuzz_cppflags) $(plugin_stubs_cppflags)
%C%_corpus_plugin_LDFLAGS = $(plugin_stubs_ldflags)
%C%_corpus_plugin_LDADD = $(plugin_stubs_libs)

if FUZZERS
fuzzer_programs = %D%/fuzz-parts %D%/fuzz-pipeline %D%/fuzz-plugin
check_PROGRAMS += $(fuzzer_programs)
%C%_fuzz_parts_SOURCES = $(fuzz_parts) %D%/run_fuzzer.c
%C%_fuzz_parts_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_parts_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_parts_LDADD = $(fuzz_libs)
%C%_fuzz_pipeline_SOURCES = $(fuzz_pipeline) %D%/run_fuzzer.c
%C%_fuzz_pipeline_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_pipeline_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_pipeline_LDADD = $(fuzz_libs)
%C%_fuzz_plugin_SOURCES = $(fuzz_plugin) %D%/run_fuzzer.c
%C%_fuzz_plugin_CPPFLAGS = $(fuzz_cppflags) $(plugin_stubs_cppflags)
%C%_fuzz_plugin_LDFLAGS = $(plugin_stubs_ldflags) -fsanitize=fuzzer
%C%_fuzz_plugin_LDADD = $(plugin_stubs_libs)
endif
fuzzers: $(fuzzer_programs)
list-fuzzers:
	@printf '%s\n' $(fuzzer_programs)
