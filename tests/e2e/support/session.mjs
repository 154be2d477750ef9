// SPDX-License-Identifier: GPL-3.0-or-later

/** A session description of what the plugin forwards, for who listens on these ports of loopback. */
export const session = (audioPort, videoPort) => `v=0
o=- 0 0 IN IP4 127.0.0.1
s=janus-hls
c=IN IP4 127.0.0.1
t=0 0
m=video ${videoPort} RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
m=audio ${audioPort} RTP/AVP 111
a=rtpmap:111 opus/48000/2
`;

/** An offer to the bridge, of sound alone. */
export const SOUND_OFFER = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 40000 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n";
