/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_PLUGIN_PLAY_H
#define TEST_PLUGIN_PLAY_H

/* What several tests of the plugin say to it: offers and packets. */

/* Sound is section 0, pictures are section 1. */
#define OFFER_HEAD                                                                                 \
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"                                          \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\n"                        \
    "a=rtpmap:111 opus/48000/2\r\n"
#define OFFER_SOUND OFFER_HEAD
#define OFFER_BOTH                                                                                 \
    OFFER_HEAD                                                                                     \
    "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\n"                        \
    "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 nack pli\r\n"                                        \
    "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n"

/* An RTP packet, and a sender report with a PLI behind it. */
#define RTP_PACKET  "\x80\x66\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\x41\x42"
#define RTCP_REPORT "\x80\xc9\x00\x01\x00\x00\x00\x01"
#define RTCP_PLI    "\x81\xce\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02"

#endif
