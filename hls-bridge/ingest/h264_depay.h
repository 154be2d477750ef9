/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H264_DEPAY_H
#define H264_DEPAY_H

/* Builds whole, decodable access units from ordered RTP packets (RFC 6184: single NAL unit packets,
 * STAP-A and FU-A, which is all that packetization-mode 1 has).
 *
 * A decoder that has decoded all earlier access units can decode the next one. After a loss nothing
 * comes out until the next whole IDR picture, so a damaged picture is never shown. Parameter sets
 * are kept, from the stream and from SDP, and stand before every IDR picture.
 *
 * Pure: nothing is allocated after create but the bytes of what is handed out. Thread-safety: one
 * thread. */

#include "base/media.h"
#include "base/media_stats.h"
#include "h264_sps.h"
#include "rtp_packet.h"

typedef struct H264Depay H264Depay;

/* Returns NULL if there is no memory. */
H264Depay *h264_depay_create(void);

/* Accepts NULL, leaves NULL. */
void h264_depay_destroy(H264Depay **depay);

/* Takes a parameter set NAL unit from outside the stream (sprop-parameter-sets, RFC 6184 section
 * 8.1). Returns 0, or -1 if it is none or cannot be read. */
int h264_depay_add_parameter_set(H264Depay *depay, const uint8_t *nal, size_t len);

/* Takes the next packet in order. `lost`: how many are missing directly before it. `restarted`: it
 * does not continue the packets before it. Drain h264_depay_pop() before the next call. */
void h264_depay_push(H264Depay *depay, const RtpPacket *packet, int64_t rtp_ts, int64_t arrival_us,
                     uint32_t lost, bool restarted);

/* The next access unit that is whole and decodable. */
bool h264_depay_pop(H264Depay *depay, AccessUnit *out);

/* The caller did not use the last picture: nothing comes out until the next IDR picture. */
void h264_depay_lose(H264Depay *depay);

/* Whether nothing can come out before an IDR picture: the sender must be asked for one. */
bool h264_depay_needs_idr(const H264Depay *depay);

/* The parameter set of the last IDR picture handed out; width 0: there was none yet. */
const H264Sps *h264_depay_sps(const H264Depay *depay);

H264DepayStats h264_depay_stats(const H264Depay *depay);

#endif
