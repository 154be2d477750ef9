// SPDX-License-Identifier: GPL-3.0-or-later

// What one stream has done in the last minutes: figures over time, and what is wrong, in words. It
// knows the bridge's status (docs/protocol.md) and nothing of the page.

export const SPAN = 120; // samples, one a second

const RECENT = 10; // samples over which something is said to happen

const LOSS_PERCENT = 2;
const OFFSET_MS = 80;
const LATE_MS = 1500;

const percent = (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`;

/** Counters of a stream's status, which begin anew with each publisher. */
function countersOf({ source, output, low_latency: ll }) {
  const sum = (key) => (source?.tracks ?? []).reduce((all, track) => all + track[key], 0);
  return {
    packets: sum("packets"),
    lost: sum("lost"),
    dropped: (source?.pictures.damaged ?? 0) + (source?.pictures.undecodable ?? 0),
    silent: source?.samples.silent ?? 0,
    kernel: source?.kernel_drops ?? 0,
    backlog: source?.backlog_drops ?? 0,
    forced: output.forced_cuts,
    failed: output.failed_writes + (ll ? ll.video.gaps + ll.audio.gaps : 0),
  };
}

export class StreamHistory {
  #samples = []; // the oldest first

  /** Takes the status of now in. */
  add(status) {
    const live = status.state === "live" && status.source;
    const counters = countersOf(status);
    const before = this.#samples.at(-1)?.counters ?? counters;
    const packets = counters.packets - before.packets;
    const lost = counters.lost - before.lost;
    this.#samples.push({
      counters,
      publishers: status.publishers,
      bitrate: live ? live.video_bitrate + live.audio_bitrate : null,
      fps: live && live.width ? live.frame_rate : null,
      loss: live ? (packets + lost > 0 && lost > 0 && packets >= 0 ? (100 * lost) / (packets + lost) : 0) : null,
      offset: live && live.sync.by_reports ? live.sync.correction_ms : null,
      publish: live && status.low_latency ? status.low_latency.publish_ms : null,
    });
    if (this.#samples.length > SPAN) this.#samples.shift();
  }

  /** The values of one figure: bitrate, fps, loss, offset or publish. */
  series(key) {
    return this.#samples.map((sample) => sample[key]);
  }

  /** By how much counters of the present publisher have grown lately. */
  #grown() {
    const now = this.#samples.at(-1);
    const recent = this.#samples.slice(-RECENT - 1).filter(({ publishers }) => publishers === now.publishers);
    const grown = { seconds: recent.length - 1 };
    for (const key of Object.keys(now.counters)) grown[key] = Math.max(0, now.counters[key] - recent[0].counters[key]);
    return grown;
  }

  /** What is wrong with `status`: [{ bad, text }], the worst first. */
  warnings(status) {
    if (status.state === "held")
      return [{ bad: false, text: "The publisher has gone. Viewers wait, and the stream ends if nobody comes back." }];
    if (status.state !== "live" || !status.source) return [];
    const grown = this.#grown();
    const found = [];
    const say = (bad, text) => found.push({ bad, text });
    const loss = (100 * grown.lost) / Math.max(1, grown.lost + grown.packets);

    if (grown.failed) say(true, "Segments or parts cannot be written, and viewers lack them. Is the disk full?");
    if (grown.kernel) say(true, "This machine drops packets: it is too busy, or its receive buffers are small.");
    if (grown.backlog) say(true, "Packets were dropped while the disk was too slow to take what had come before.");
    if (loss > LOSS_PERCENT)
      say(loss > 5 * LOSS_PERCENT, `${percent(loss)} of the packets are lost on their way from the publisher. ` +
        "A lower bitrate or a cable helps.");
    if (grown.dropped) say(false, `${grown.dropped} pictures were left out lately, since something of them was lost.`);
    if (grown.forced) say(false, "The publisher sends no key frames when asked: segments end without.");
    if (status.source.width && status.source.frame_rate < 0.5) say(false, "No picture is coming.");
    if (grown.seconds >= RECENT / 2 && grown.silent > 24000 * grown.seconds) say(false, "No sound is coming: silence goes out.");
    if (Math.abs(status.source.sync.correction_ms) > OFFSET_MS)
      say(false, `Picture and sound are ${Math.abs(status.source.sync.correction_ms).toFixed(0)} ms apart. It is being corrected.`);
    if (status.low_latency?.publish_ms > LATE_MS) say(false, "Media is published late: this machine or its disk is slow.");
    return found.sort((a, b) => b.bad - a.bad);
  }
}
