// SPDX-License-Identifier: GPL-3.0-or-later

// How many inputs fuzz targets are given beside their corpora, the same everywhere, however fast the machine: all by
// ./check fuzz, which looks for such as reach new code; some by ./check unit, made of the corpora at random.

/** Fuzz target -> inputs beside its corpus: about two seconds of one core. */
export const FUZZ_RUNS = {
  aac_pair: 100000, av1_depay: 1400, bridge_sdp_answer: 69000, cenc_reader: 40000, control_api: 17000, cpix_document: 10000, event_line: 100000,
  h264_depay: 1200,
  h264_filler: 71000, h264_sps: 73000, h265_depay: 1500, hook_answer: 100000, http_reader: 54000, jpeg_maker: 1000, ll_request: 110000,
  low_latency: 200000, m3u8: 2000, mp4_rules: 47000, pipeline: 80, playback: 60000, player_list: 55000, playlist: 68000,
  plugin_session: 1300, publish_token: 60000, request: 230000, rtcp_packet: 290000, rtp_packet: 250000, rtp_reorder: 13000,
  rung_ladder: 110000, sdp_answer: 5200, sdp_reader: 6500, settings_reader: 6100, source_sdp: 93000,
  transcode_wire: 230000, transcode_work: 180, vp8_depay: 1700, vp9_depay: 1700,
};

/** How many inputs ./check unit makes of the corpus of `target`; NaN if it is not known. Of many, the first thousands find what is found. */
export const madeInputs = (target) => Math.min(Math.ceil(FUZZ_RUNS[target] * RANDOM_PART), MADE_MAX);

const RANDOM_PART = 0.25; // of them
const MADE_MAX = 10_000;
