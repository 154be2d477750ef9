// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher wants to know while live, out of WebRTC's statistics.

const MOVING = 3; // pictures of another layer, after which a layer without any is paused; a still screen has one a second

/** The rids that are sent, the best first; none if the picture is sent in one size. */
function ridsOf(peerConnection) {
  const sender = peerConnection.getSenders().find(({ track }) => track?.kind === "video");
  const rids = sender?.getParameters().encodings?.map(({ rid }) => rid).filter(Boolean) ?? [];
  return rids.length > 1 ? rids : [];
}

/** What keeps a picture from being as good as it could be; null: nothing. */
const reasonOf = ({ qualityLimitationReason: reason = "none" }) => (reason === "none" ? null : reason);

/** Reads a peer connection again and again; each figure is about the time since the last call. */
export class PublishFigures {
  #before = null;
  #paused = new Set(); // rids

  /**
   * Resolves to { width, height, frameRate, limit, videoBitrate, audioBitrate, loss, roundTripMs, layers }; loss is
   * a part of 1; null if nothing is known yet. `limit`: what keeps the best picture from being better, as `why` below. Width, height and frame rate are those of the best layer that
   * is sent. `layers`: [{ rid, width, height, frameRate, bitrate, paused, why }], the best first, none if the
   * picture is sent in one size; `why`: "bandwidth", "cpu" or "other", what keeps it paused, or makes the
   * best one worse than it could be; else null. `now`: milliseconds.
   */
  async read(peerConnection, now = performance.now()) {
    const current = { at: now, video: 0, audio: 0, sent: 0, lost: 0, layers: new Map() };
    const pictures = [];
    let roundTripMs = null;

    for (const report of (await peerConnection.getStats()).values()) {
      if (report.type === "outbound-rtp") {
        current[report.kind] += report.bytesSent;
        current.sent += report.packetsSent;
        if (report.kind === "video") {
          pictures.push(report);
          if (report.rid) current.layers.set(report.rid, report);
        }
      } else if (report.type === "remote-inbound-rtp") {
        current.lost += Math.max(0, report.packetsLost ?? 0);
        if (report.roundTripTime !== undefined) roundTripMs = report.roundTripTime * 1000;
      }
    }
    const before = this.#before?.sent <= current.sent ? this.#before : null;
    this.#before = current;
    const layers = this.#readLayers(ridsOf(peerConnection), current, before);
    return { ...this.#best(pictures, layers), roundTripMs, layers, ...this.#rates(current, before) };
  }

  /** Size and frame rate of the best picture that is sent. */
  #best(pictures, layers) {
    const best = layers.find(({ paused, width }) => !paused && width) ?? pictures.find(({ frameWidth }) => frameWidth);
    return {
      width: best?.width ?? best?.frameWidth ?? null,
      height: best?.height ?? best?.frameHeight ?? null,
      frameRate: best?.frameRate ?? best?.framesPerSecond ?? null,
      limit: layers[0]?.why ?? (layers.length ? null : reasonOf(pictures[0] ?? {})),
    };
  }

  #rates(current, before) {
    if (!before) return { videoBitrate: null, audioBitrate: null, loss: null };
    const seconds = (current.at - before.at) / 1000;
    const sent = current.sent - before.sent;
    return {
      videoBitrate: ((current.video - before.video) * 8) / seconds,
      audioBitrate: ((current.audio - before.audio) * 8) / seconds,
      loss: sent > 0 ? Math.max(0, current.lost - before.lost) / sent : 0,
    };
  }

  #readLayers(rids, current, before) {
    const since = (rid, read) => {
      const [now, then] = [current, before].map((looked) => looked?.layers.get(rid));
      return now && then ? read(now) - read(then) : null;
    };
    const grown = rids.map((rid) => since(rid, (report) => report.framesEncoded ?? 0));
    const moves = Math.max(...grown) >= MOVING;
    return rids.map((rid, i) => {
      const report = current.layers.get(rid) ?? {};
      if (grown[i] > 0) this.#paused.delete(rid);
      else if (moves || report.active === false) this.#paused.add(rid);
      const paused = this.#paused.has(rid);
      const reason = reasonOf(report);
      const bytes = since(rid, (sent) => sent.bytesSent);
      return {
        rid,
        width: report.frameWidth ?? null,
        height: report.frameHeight ?? null,
        frameRate: paused ? 0 : report.framesPerSecond ?? null,
        // Chromium probes the network with padding, which it counts as sent of the lowest layer
        bitrate: bytes === null ? null : Math.min((bytes * 8 * 1000) / (current.at - before.at), report.targetBitrate ?? Infinity),
        paused,
        why: paused || i === 0 ? reason : null, // browsers say one for all
      };
    });
  }
}
