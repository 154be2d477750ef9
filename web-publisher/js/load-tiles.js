// SPDX-License-Identifier: GPL-3.0-or-later

// The head of the status page: what the bridge takes of what it may, and what it had no room for.

import { element, formatBitrate } from "./page-tools.js";
import { show as say, showAttribute, t } from "./strings.js";

const CPU_SPAN_S = 10; // over which the CPU's use is a mean
const NEARLY = 0.9; // of a limit

const sum = (streams, of) => streams.reduce((all, stream) => all + (of(stream) || 0), 0);

/** "of 200", and how many were refused since it was full. */
const limitText = (max, refused) => t(refused ? "status.of-refused" : "status.of", { max, count: refused });

/** How many cores the bridge keeps busy, as it says itself. */
class CpuUse {
  #samples = []; // the oldest first

  /** Takes what it says now, and returns the mean of the last seconds; null at first. */
  add(sample) {
    if (sample.up_seconds < this.#samples.at(-1)?.up_seconds) this.#samples = []; // it was started again
    this.#samples.push(sample);
    while (sample.up_seconds - this.#samples[0].up_seconds > CPU_SPAN_S) this.#samples.shift();
    const seconds = sample.up_seconds - this.#samples[0].up_seconds;
    return seconds > 0 ? (sample.cpu_seconds - this.#samples[0].cpu_seconds) / seconds : null;
  }
}

/** A figure, and below it what it may be at the most, with a bar of how much of that it is. */
class Tile {
  #value = element("span", "", "–");
  #limit = element("small");
  #level = element("span", "level");
  #bar = element("span", "limit", this.#level);
  element;

  /** `key`: of its name (strings.js). */
  constructor(id, key) {
    this.#value.id = `sum-${id}`;
    this.#bar.hidden = true;
    this.#bar.setAttribute("role", "meter");
    showAttribute(this.#bar, "aria-label", key);
    this.#bar.setAttribute("aria-valuemax", "100");
    this.element = element("div", "", say(element("dt"), key), element("dd", "", this.#value, this.#limit, this.#bar));
  }

  /** `used`: the share of the limit, from 0 on; null: there is no limit. */
  show(text, { limit = "", used = null, warned = used >= NEARLY, bad = used >= 1 } = {}) {
    this.#value.textContent = text;
    this.#limit.textContent = limit;
    this.element.className = bad ? "bad" : warned ? "warned" : "";
    this.#bar.hidden = used === null;
    const percent = Math.round(100 * Math.min(1, used));
    this.#level.style.width = `${percent}%`;
    this.#bar.setAttribute("aria-valuenow", percent);
    this.#bar.setAttribute("aria-valuetext", `${text} ${limit}`);
  }
}

export class LoadTiles {
  #cpu = new CpuUse();
  #live = new Tile("live", "status.live");
  #bitrate = new Tile("bitrate", "status.bitrate");
  #cores = new Tile("cpu", "status.cpu");
  #memory = new Tile("memory", "status.memory");
  #held = new Tile("held", "status.held-requests");
  #dropped = new Tile("dropped", "status.dropped");
  #warned = new Tile("warned", "status.warned");
  elements = [this.#live, this.#bitrate, this.#cores, this.#memory, this.#held, this.#dropped, this.#warned]
    .map((tile) => tile.element);

  /** What GET /streams answers; `warned`: how many streams want attention. */
  show({ load, process, streams }, warned) {
    const { refused } = load;
    const sent = sum(streams, ({ state, source }) => state === "live" && source && source.video_bitrate + source.audio_bitrate);
    const dropped = sum(streams, ({ source }) => source && source.kernel_drops + source.backlog_drops);

    this.#live.show(String(load.streams), {
      limit: limitText(load.max, refused.max),
      used: load.streams / load.max,
    });
    if (load.bandwidth)
      this.#bitrate.show(formatBitrate(load.bitrate), {
        limit: limitText(formatBitrate(load.bandwidth), refused.bandwidth),
        used: load.bitrate / load.bandwidth,
      });
    else this.#bitrate.show(formatBitrate(sent), { limit: t("status.no-limit") });
    if (process) this.#showProcess(process);
    this.#held.show(String(sum(streams, ({ low_latency: ll }) => ll?.held)));
    this.#dropped.show(String(dropped), { limit: dropped ? t("status.no-room") : "", bad: dropped > 0 });
    this.#warned.show(String(warned), { warned: warned > 0 });
  }

  #showProcess(process) {
    const cores = this.#cpu.add(process);
    this.#cores.show(cores === null ? "–" : cores.toFixed(2), {
      limit: t("status.cores", { count: process.cpus }),
      used: cores && cores / process.cpus,
    });
    this.#memory.show(`${Math.round(process.resident_bytes / 1e6)} MB`);
  }
}
