/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VIDEO_DEPAY_H
#define VIDEO_DEPAY_H

/* Builds whole, decodable pictures from ordered RTP packets, of any codec that there is a
 * DepayCodec for (video_depay_inner.h).
 *
 * A decoder that has decoded all earlier pictures can decode the next one. After a loss nothing
 * comes out until the next whole key frame, so a damaged picture is never shown.
 *
 * Pure: nothing is allocated after create but the bytes of what is handed out. Thread-safety: one
 * thread. */

#include "base/media.h"
#include "base/media_stats.h"
#include "rtp_packet.h"

typedef struct VideoDepay VideoDepay;

/* Returns NULL if there is no memory. */
VideoDepay *video_depay_create(Codec codec);

/* Accepts NULL, leaves NULL. */
void video_depay_destroy(VideoDepay **depay);

/* Takes a parameter set from outside the stream (sprop-parameter-sets, RFC 6184 section 8.1;
 * sprop-vps, sprop-sps, sprop-pps, RFC 7798 section 7.1). Returns 0, or -1 if it is none, cannot be
 * read, or the codec has none. */
int video_depay_add_parameter_set(VideoDepay *depay, const uint8_t *nal, size_t len);

/* Takes the next packet in order. `lost`: how many are missing directly before it. `restarted`: it
 * does not continue the packets before it. Drain video_depay_pop() before the next call. */
void video_depay_push(VideoDepay *depay, const RtpPacket *packet, int64_t rtp_ts,
                      int64_t arrival_us, uint32_t lost, bool restarted);

/* The next picture that is whole and decodable. */
bool video_depay_pop(VideoDepay *depay, AccessUnit *out);

/* The caller did not use the last picture: nothing comes out until the next key frame. */
void video_depay_lose(VideoDepay *depay);

/* Whether nothing can come out before a key frame: the sender must be asked for one. */
bool video_depay_needs_key(const VideoDepay *depay);

/* Of the last key frame handed out; width 0: there was none yet. Borrowed. */
const VideoFormat *video_depay_format(const VideoDepay *depay);

VideoDepayStats video_depay_stats(const VideoDepay *depay);

#endif
