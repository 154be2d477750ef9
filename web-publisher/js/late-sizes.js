// SPDX-License-Identifier: GPL-3.0-or-later

// Sizes that begin after a viewer has opened a stream. hls.js reads the multivariant playlist once, so they would be
// missing until the page is loaded again, as would the right names of sizes that began with the pictures of another.
// A low-latency playlist names all others (EXT-X-RENDITION-REPORT), so nobody has to ask whether there are new ones.

import Hls, { Level, M3U8Parser } from "../vendor/hls.mjs";
import { mergeLevels, withoutCopies, withOneSound } from "./qualities.js";
import { timeLimit } from "./time-limit.js";

const CHANGE_MS = 500; // for what is shown to become what hls.js says
const ANSWER_MS = 10000; // what takes longer will not come
const AGAIN_MS = { first: 1000, most: 60000 }; // until the playlist is read again that did not have what is looked for

/** Every fragment of the picture that hls.js holds: each has the index of its level. */
function fragmentsOf({ streamController, abrController, levels }) {
  const { fragmentTracker: tracker, fragCurrent, fragPrevious, fragPlaying, backtrackFragment } = streamController;
  const found = new Set([fragCurrent, fragPrevious, fragPlaying, backtrackFragment, ...abrController.heldFragments]);
  for (const { body } of Object.values(tracker.fragments)) found.add(body);
  for (const part of tracker.activePartLists.main ?? []) found.add(part.fragment);
  for (const { details } of levels)
    for (const fragment of [...(details?.fragments ?? []), details?.fragmentHint]) found.add(fragment).add(fragment?.initSegment);
  return [...found].filter((fragment) => fragment?.type === "main");
}

/** What hls.js keeps by the level of a fragment. */
function keyAgain(tracker) {
  const entities = Object.values(tracker.fragments);
  for (const key of Object.keys(tracker.fragments)) delete tracker.fragments[key];
  for (const entity of entities) {
    const { type, level, sn } = entity.body;
    tracker.fragments[`${type}_${level}_${sn}`] = entity;
  }
}

/**
 * Gives `hls` these levels, which have all that it has. Nothing that it has loaded is lost, and nothing is loaded again:
 * levels are known by their index in many places, and each is told the new one.
 */
function replaceLevels(hls, levels) {
  const { levelController, streamController, abrController } = hls;
  const before = hls.levels;
  const toNew = (index) => (before[index] ? levels.indexOf(before[index]) : index);
  const shift = (object, ...names) => names.forEach((name) => (object[name] = toNew(object[name])));

  for (const fragment of fragmentsOf(hls)) shift(fragment, "level");
  keyAgain(streamController.fragmentTracker);
  const { context } = hls.networkControllers[0].loaders.level ?? {}; // of a playlist that is being loaded
  if (context) shift(context, "level");
  shift(levelController, "currentLevelIndex", "manualLevelIndex", "_firstLevel", "_startLevel");
  shift(streamController, "level");
  shift(abrController, "lastLoadedFragLevel");
  hls.trigger(Hls.Events.LEVELS_UPDATED, { levels });
}

/** Leaves `hls`, which has just read the multivariant playlist and loaded nothing, these of its levels. */
function take(hls, taken) {
  const { levels, firstLevel } = hls;
  if (taken.length === levels.length) return;
  hls.firstLevel = Math.max(0, taken.indexOf(levels[firstLevel]));
  hls.trigger(Hls.Events.LEVELS_UPDATED, { levels: taken });
}

/** Looks after an `hls` that plays at low latency, and has been told nothing of its levels yet. */
export class LateSizes {
  #hls;
  #fetch;
  #hadGrown = false; // when the last list came
  #isAsking = false;
  #seen = new Set(); // addresses of levels that hls.js has, or has given up
  #missed = new Set(); // those that lists have named, and hls.js does not have
  #next = null; // levels, for the moment at which nothing is on its way through hls.js
  #again = { at: -Infinity, ms: AGAIN_MS.first };

  /** `fetch`: as the browser's. */
  constructor(hls, fetch = (...args) => globalThis.fetch(...args)) {
    this.#hls = hls;
    this.#fetch = fetch;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      const levels = withoutCopies(hls.levels); // the others come when they show something else
      this.#see(levels);
      take(hls, withOneSound(levels));
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (event, { details }) => this.#onList(details, performance.now()));
    hls.on(Hls.Events.FRAG_BUFFERED, (event, { frag }) => frag.type === "main" && this.#apply());
  }

  #see(levels = this.#hls.levels) {
    for (const { uri } of levels) this.#seen.add(uri);
  }

  #onList({ renditionReports, url }, now) {
    this.#see();
    const known = new Set([...this.#seen, ...this.#hls.allAudioTracks.map((track) => track.url)]);
    const missing = (renditionReports ?? []).map(({ URI }) => new URL(URI, url).href).filter((one) => !known.has(one));
    if (missing.some((one) => !this.#missed.has(one))) this.#again = { at: now, ms: AGAIN_MS.first }; // however often others were not there
    for (const one of missing) this.#missed.add(one);
    const isUnclear = this.#isUnclear();
    const hasGrown = this.#hasGrown();
    if (hasGrown && !this.#hadGrown) this.#again = { at: now + CHANGE_MS, ms: AGAIN_MS.first };
    this.#hadGrown = hasGrown;
    if (missing.length || isUnclear || hasGrown) this.#ask(now);
  }

  /**
   * Whether two levels of one codec say the same size: one of them may have begun with the pictures of the other, and be none that is
   * shown. They may as well stay so, as rungs above the publisher's size do.
   */
  #isUnclear() {
    const sized = this.#hls.levels.filter(({ width, height }) => width && height);
    return new Set(sized.map(({ width, height, codecSet }) => `${width}x${height} ${codecSet}`)).size < sized.length;
  }

  /** Whether what is shown began with the pictures of a smaller size, and has its own now. */
  #hasGrown() {
    const { levels, currentLevel, media } = this.#hls;
    const level = levels[currentLevel];
    return Boolean(level && media) && media.videoWidth * media.videoHeight > level.width * level.height;
  }

  async #ask(now) {
    if (this.#isAsking || this.#next || now < this.#again.at) return;
    this.#isAsking = true;
    const { url } = this.#hls;
    const text = await this.#fetch(url, { cache: "no-store", signal: timeLimit(ANSWER_MS) })
      .then((answer) => (answer.ok ? answer.text() : "")).catch(() => ""); // none came, or it broke off
    this.#isAsking = false;
    if (!this.#hls.url) return; // it is gone
    const has = this.#hls.levels;
    const isGivenUp = ({ uri }) => this.#seen.has(uri) && !has.some((level) => level.uri === uri);
    const { levels: parsed } = M3U8Parser.parseMasterPlaylist(text, url);
    const levels = mergeLevels(has, parsed.map((data) => new Level(data)).filter((level) => !isGivenUp(level)));
    this.#next = levels;
    this.#again = levels ? { at: now + AGAIN_MS.first, ms: AGAIN_MS.first } :
      { at: now + this.#again.ms, ms: Math.min(2 * this.#again.ms, AGAIN_MS.most) };
  }

  #apply() {
    const levels = this.#next;
    this.#next = null;
    if (levels) replaceLevels(this.#hls, levels);
  }
}
