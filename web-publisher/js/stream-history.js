// SPDX-License-Identifier: GPL-3.0-or-later

// What one stream has done in the last minutes: figures over time, and what is wrong. It
// knows the bridge's status (docs/protocol.md) and nothing of the page.

import { countersOf, diagnose, RECENT_S } from "./diagnosis.js";

export const SPAN = 120; // samples, one a second

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
      status,
      bitrate: live ? live.video_bitrate + live.audio_bitrate : null,
      fps: live && live.width ? live.frame_rate : null,
      loss: live ? (packets + lost > 0 && lost > 0 && packets >= 0 ? (100 * lost) / (packets + lost) : 0) : null,
      offset: live && live.sync.by_reports ? live.sync.correction_ms : null,
      publish: live && status.low_latency ? status.low_latency.publish_ms : null,
    });
    if (this.#samples.length > SPAN) this.#samples.shift();
    const past = this.#samples.at(-RECENT_S - 2);
    if (past) past.status = null; // two thirds of what all this takes
  }

  /** The values of one figure: bitrate, fps, loss, offset or publish. */
  series(key) {
    return this.#samples.map((sample) => sample[key]);
  }

  /** What is wrong now: [{ rule, bad, key, values }], the worst first. */
  get warnings() {
    const now = this.#samples.at(-1).status;
    const recent = this.#samples.slice(-RECENT_S - 1).filter(({ status }) => status.publishers === now.publishers);
    return diagnose(now, recent[0].status, recent.length - 1);
  }
}
