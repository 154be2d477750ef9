// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher wants to know while live, out of WebRTC's statistics.

/** Reads a peer connection again and again; each figure is about the time since the last call. */
export class PublishFigures {
  #before = null;

  /**
   * Resolves to { width, height, frameRate, videoBitrate, audioBitrate, loss, roundTripMs }; loss is
   * a part of 1; null if nothing is known yet.
   */
  async read(peerConnection) {
    const now = { at: performance.now(), video: 0, audio: 0, sent: 0, lost: 0 };
    const figures = { width: null, height: null, frameRate: null, roundTripMs: null };

    for (const report of (await peerConnection.getStats()).values()) {
      if (report.type === "outbound-rtp") {
        now[report.kind] += report.bytesSent;
        now.sent += report.packetsSent;
        if (report.kind === "video") {
          figures.width = report.frameWidth ?? null;
          figures.height = report.frameHeight ?? null;
          figures.frameRate = report.framesPerSecond ?? null;
        }
      } else if (report.type === "remote-inbound-rtp") {
        now.lost += Math.max(0, report.packetsLost ?? 0);
        if (report.roundTripTime !== undefined) figures.roundTripMs = report.roundTripTime * 1000;
      }
    }
    const before = this.#before;
    this.#before = now;
    if (!before || now.sent < before.sent)
      return { ...figures, videoBitrate: null, audioBitrate: null, loss: null };
    const seconds = (now.at - before.at) / 1000;
    const sent = now.sent - before.sent;
    return {
      ...figures,
      videoBitrate: ((now.video - before.video) * 8) / seconds,
      audioBitrate: ((now.audio - before.audio) * 8) / seconds,
      loss: sent > 0 ? Math.max(0, now.lost - before.lost) / sent : 0,
    };
  }
}
