// SPDX-License-Identifier: GPL-3.0-or-later

// Plays a stream in a video element: it waits until the stream begins, plays it, and waits for the next
// time after its end. It plays at low latency if there is such a playlist and it plays well, else from
// the classic playlist. It knows nothing of the page around it; docs/examples/embed.html is such a page.
//
//   const player = new StreamPlayer(document.querySelector("video"), "demo");
//   player.start();
//
// Events, each a CustomEvent:
//   "state"    { state }   waiting (not live yet), unreachable (the server), playing, stalled, ended,
//                          unplayable (this browser has no decoder for it, not even for its sound),
//                          refused (by the server: no token, or a wrong one), expired (the token; that is the end)
//   "quality"  {}          there are other sizes to choose among, or another one is shown

import Hls from "../vendor/hls.mjs";
import { AHEAD_PARTS, aheadOf, classicRate, Distance, rateFor } from "./distance.js";
import { LateSizes } from "./late-sizes.js";
import { Lookout } from "./lookout.js";
import { lowLatency } from "./low-latency.js";
import { LowWater } from "./low-water.js";
import { PlaybackToken } from "./playback-token.js";
import { sameQuality, toQualities } from "./qualities.js";
import { Search } from "./search.js";
import { patienceMs, StoppedList } from "./stopped-list.js";
import { SwitchedSize } from "./switched-size.js";
import { Trust } from "./trust.js";
import { isUnknownCodec, isWithoutRoom, Undecodable } from "./undecodable.js";
import { ViewerWish } from "./viewer-wish.js";

const LIVE = new URL("../live/", import.meta.url); // the streams of the site that this file comes from
const FAR_S = 0.6; // further from live than it might be: if it stalls even so, that is a trouble
const STUCK_MS = 2500; // it does not move, though there is something to play further on
const PATIENCE_MS = 10000; // the same of a viewer who wants to be behind: what it went back to may take long to load
const AUTO = "auto"; // of quality
const BEGINNING_MS = 1000; // of what is shown: a skip in it is part of the beginning
const BEHIND_S = { classic: 6, low: 2 }; // behind what could be: "back to live" is offered
const LOST_S = { classic: 12, low: 4 }; // so far behind, not by choice: it skips to live
const SKIP_S = 0.08; // behind live at the beginning, for a skip
const BEYOND_S = 1; // behind the end of the list, which hls.js itself never goes

export class StreamPlayer extends EventTarget {
  #video;
  #url;
  #lowLatencyUrl;
  #lookout;
  #token;
  #isLow = false; // what is played is the low-latency playlist
  #trust = new Trust(); // in low latency
  #search;
  #stoppedList = new StoppedList();
  #distance = new Distance();
  #hls = null;
  #wish; // of the viewer
  #moved = { time: 0, at: 0 }; // where it was when it last moved, and when; isSought: it was moved
  #begunAt = null; // when it showed its first picture
  #fruitless = 0; // how often it was opened since it last played
  #hasSkipped = false; // to live, at its beginning
  #state = null;
  #isWaiting = false;
  #quality = AUTO; // what was chosen
  #timers = [];
  #stopping = new AbortController(); // of stop()

  /**
   * `stream`: its name. `live`: the address of the streams' folder, if it is not on the site that this
   * file comes from; `lowLatency` false: play the classic playlist, some seconds later. `token`: of a protected stream;
   * `renew(token)` gives a promise of a newer one.
   */
  constructor(video, stream, { live = LIVE, lowLatency = true, token, renew } = {}) {
    super();
    const folder = new URL(live, location.href);
    const at = (file) => new URL(`${stream}/${file}`, folder).href;
    this.#token = new PlaybackToken({ token, renew, live: folder.href,
      now: () => (this.#lookout.knowsClock ? Date.now() + this.#lookout.clockOffsetMs : null) });
    this.#video = video;
    this.#url = at("index.m3u8");
    this.#lowLatencyUrl = lowLatency ? at("master.m3u8") : null;
    this.#lookout = new Lookout({ url: this.#url, lowLatencyUrl: this.#lowLatencyUrl, waitUrl: at("wait.json"), fetch: this.#token.fetch });
    this.#search = new Search({ lookout: this.#lookout, lowLatencyUrl: this.#lowLatencyUrl, trust: this.#trust,
      signal: this.#stopping.signal });
  }

  /** The address of the classic playlist, for other players. */
  get url() {
    return this.#token.wire(this.#url);
  }

  /** Plays, or waits until it can. To be called once. */
  start() {
    const { signal } = this.#stopping;
    this.#wish = new ViewerWish(this.#video, signal);
    const handlers = {
      playing: () => this.#onPlaying(),
      waiting: () => !this.#video.seeking && this.#say("stalled"),
      loadeddata: () => this.#wish.isPaused && this.#say("playing"), // as far as it can
      ended: () => this.#onEnded(),
      error: () => this.#hls || this.#isWaiting || this.#onError({ fatal: true }), // of a browser that plays it itself
      timeupdate: () => this.#keepUp(),
    };
    for (const [event, handler] of Object.entries(handlers)) this.#video.addEventListener(event, handler, { signal });
    this.#timers = [
      setInterval(() => this.#unstick(), STUCK_MS / 5),
      setInterval(() => this.#lookAround(), STUCK_MS),
    ];
    this.#token.start(() => (this.#say("expired"), this.stop()));
    this.#wait();
  }

  /** Ends playing for good, and leaves the element empty: for pages that take the player away. */
  stop() {
    this.#stopping.abort();
    this.#timers.forEach(clearInterval);
    this.#lookout.stop();
    this.#token.stop();
    this.#close();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  /** What hls.js does not tell is looked for at the server. */
  async #lookAround() {
    if (this.#state === "playing") await this.#tryLowAgain();
    else if (this.#hls && !this.#video.paused) await this.#checkReach(this.#hls);
  }

  /**
   * Tells why it stands still: hls.js asks a server that is gone for a long time before it gives up. If it asks for no list any
   * more, though the server has more, all is opened again.
   */
  async #checkReach(hls) {
    const list = await this.#lookout.look();
    if (hls !== this.#hls || this.#state === "playing" || this.#video.paused) return;
    if (["stalled", "unreachable"].includes(this.#state)) this.#say(this.#lookout.reached ? "stalled" : "unreachable");
    const { live = true, edge = null, targetduration } = hls.latestLevelDetails ?? {};
    const now = performance.now();
    const newest = list ? (list.ended ? Infinity : list.sequence + list.segments) : null;
    if (!live || !this.#stoppedList.hasStopped({ edge, newest, patienceMs: patienceMs(targetduration, this.#fruitless), now })) return;
    if (this.#isLow) this.#trust.onTrouble(now);
    this.#wait();
  }

  /** The classic playlist plays well, but low latency may have come meanwhile, or go better now. */
  async #tryLowAgain() {
    const isFree = () => this.#state === "playing" && !this.#isLow && this.#wish.isLive;
    if (!isFree() || !this.#trust.tryAgain({ hasPicture: this.#video.videoWidth > 0 }, performance.now())) return;
    if ((await this.#lookout.isThere(this.#lowLatencyUrl)) && isFree()) this.#wait();
  }

  /**
   * After a restart of the bridge, what is shown may have left the playlist: then it goes on at the live end.
   * If it does not move there either, hls.js itself stands (seen in its state PARSING, behind a gap), and
   * all is opened again; as it is if the list ends before what is shown, since nothing comes until that is there.
   */
  #unstick() {
    const now = performance.now();
    const { currentTime: time, paused, seeking } = this.#video;
    if ((time !== this.#moved.time && !seeking) || paused || !this.#isLow) this.#moved = { time, at: now };
    if (now - this.#moved.at < (this.#wish.isBehind ? PATIENCE_MS : STUCK_MS)) return;
    this.#moved.at = now;
    if (this.#hls?.latestLevelDetails?.live === false) this.#onEnded(); // it stands just before its end
    else if (time > this.#hls?.latestLevelDetails?.edge + BEYOND_S || (this.#canSkip && this.#moved.isSought)) {
      this.#moved.isSought = false;
      this.#trust.onTrouble(now);
      this.#wait();
    } else if (this.#canSkip) {
      this.#skipToLive();
      this.#moved.isSought = true;
    }
  }

  #onPlaying() {
    this.#begunAt ??= performance.now();
    this.#fruitless = 0;
    this.#stoppedList.forget();
    this.#say("playing");
  }

  /**
   * hls.js begins where live was when it had the first playlist. What has come while it loaded is skipped
   * as soon as there is enough behind it: to catch it up would take ten seconds.
   */
  #skipTheStart() {
    if (!this.#isLow || this.#hasSkipped || performance.now() - (this.#begunAt ?? Infinity) > BEGINNING_MS) return;
    const live = this.#hls.liveSyncPosition;
    const behind = live - this.#video.currentTime;
    if (behind < SKIP_S || this.buffer < behind + AHEAD_PARTS * this.#partS) return;
    this.#hasSkipped = true;
    this.#video.currentTime = live;
  }

  /** How long a part may be. */
  get #partS() {
    return this.#hls?.latestLevelDetails?.partTarget || 0.2;
  }

  /** Seconds from the end of what there is to what is shown; hls.js's own figure is older than the event that asks for it. */
  get #distanceS() {
    const { edge, age } = this.#hls.latestLevelDetails;
    return edge + age - this.#video.currentTime;
  }

  /** Comes as near to live as the playlist allows, and as goes well; not if a viewer wants to be elsewhere. */
  #keepUp() {
    const wish = this.#wish;
    const hls = this.#hls;
    const list = hls?.latestLevelDetails;
    if (!list?.live || this.#video.paused) return void (wish.hasRate || (wish.rate = 1));
    if (this.#isLow && list.partHoldBack) {
      const aim = list.partHoldBack + this.#distance.extraS(this.#partS, performance.now());
      if (hls.targetLatency !== aim) hls.targetLatency = aim;
    }
    const behindS = this.#distanceS - hls.targetLatency;
    if (wish.hasRate && (wish.rate < 1 || behindS > 0)) return; // who plays fast comes to live, and goes no further
    if (behindS < this.#most(BEHIND_S)) wish.isBehind = false;
    if (wish.isBehind) return void (wish.rate = 1);
    if (behindS > this.#most(LOST_S) && this.#canSkip && !this.#video.seeking) return this.#skipToLive();
    const now = { behindS, aheadS: this.buffer, partS: this.#partS, rate: wish.rate };
    wish.rate = this.#isLow ? rateFor(now) : classicRate(now);
  }

  /** Of what differs by playlist, what holds now. */
  #most(limits) {
    return this.#isLow ? limits.low : limits.classic;
  }

  #say(state) {
    if (state === this.#state || this.#stopping.signal.aborted || (state === "stalled" && this.#state === "unplayable")) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state } }));
  }

  /** Looks for the playlist until it is there and live, then plays it. */
  async #wait() {
    this.#close();
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const found = await this.#search.find(this.#fruitless, (state) => this.#say(state));
    this.#isWaiting = false;
    if (!found || this.#stopping.signal.aborted) return;
    this.#fruitless++;
    this.#isLow = found.isLow;
    if (this.#lowLatencyUrl) this.#trust.onOpened(found, performance.now());
    this.#open();
  }

  #open() {
    const url = this.#isLow ? this.#lowLatencyUrl : this.#url;
    // Chromium says "maybe" to HLS without being able to: hls.js is asked first
    if (Hls.isSupported()) {
      this.#hls = new Hls({
        workerPath: new URL("../vendor/hls.worker.js", import.meta.url).href,
        backBufferLength: 30, // seconds; by itself it keeps all that was shown
        ...(this.#isLow && lowLatency(this.#token)),
        ...this.#token.forHls(Hls.DefaultConfig.loader),
      });
      if (this.#isLow) this.#lookAfter(this.#hls); // before it is asked for a size
      for (const event of ["MANIFEST_PARSED", "LEVELS_UPDATED"]) this.#hls.on(Hls.Events[event], () => this.#choosesAgain());
      this.#hls.on(Hls.Events.LEVEL_SWITCHED, () => this.#tellQuality());
      this.#hls.on(Hls.Events.BUFFER_APPENDED, () => this.#skipTheStart());
      this.#hls.on(Hls.Events.ERROR, (event, data) => this.#onError(data));
      this.#hls.loadSource(url);
      this.#hls.attachMedia(this.#video);
    } else {
      this.#video.src = this.#token.wire(url);
    }
    if (this.#wish.isPaused) this.#video.pause(); // else the attribute `autoplay` ends the pause
    else this.#video.play().catch(() => {}); // the page has a button for browsers that want a tap
  }

  /** What hls.js does not do by itself at low latency; these are told by it. */
  #lookAfter(hls) {
    new LateSizes(hls, this.#token.fetch);
    new SwitchedSize(hls, this.#video);
    new LowWater(hls, this.#video, this.#distance);
    new Undecodable(hls, () => hls === this.#hls && this.#leaveLowLatency({ wantsPicture: true }));
  }

  /** No picture of it can be decoded here, or none now: the classic playlist has its sound. */
  #leaveLowLatency(why) {
    this.#trust.giveUp(performance.now(), why);
    this.#wait();
  }

  #close() {
    this.#hls?.destroy();
    this.#hls = this.#begunAt = null;
    this.#wish?.reset();
    this.#hasSkipped = false;
    this.#stoppedList.forget();
  }

  #onError(data) {
    if (!this.#isLow && isWithoutRoom(data, this.#video)) {
      this.#trust.forget(); // what low latency has not gone well for is over
      return void this.#wait();
    }
    const stalled = data.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR;
    const now = performance.now();
    const isFar = this.#distance.extraS(this.#partS, now) >= FAR_S;
    if (stalled && this.#isLow) this.#distance.onTrouble(this.#partS, now);
    if (isUnknownCodec(data)) {
      if (this.#isLow) return this.#leaveLowLatency({ forGood: true });
      this.#say("unplayable");
      return void this.#wait(); // for what comes next, which may be something else
    }
    const hasSmaller = this.#quality === AUTO && this.#hls?.loadLevel > 0; // which comes next, and may be enough
    if (this.#isLow && (data.fatal || (stalled && isFar && !hasSmaller))) this.#trust.onTrouble(now);
    if (this.#isLow && this.#trust.isTroubled(now)) return void this.#wait(); // and then from the classic playlist
    if (!data.fatal) return;
    if (data.type !== Hls.ErrorTypes.MEDIA_ERROR || this.#begunAt === null)
      return void this.#wait(); // the playlist is gone, or the network: look until it is back
    this.#begunAt = null; // it is tried once until it plays again
    this.#hls.recoverMediaError();
  }

  #onEnded() {
    this.#say("ended");
    this.#wait();
  }

  /** Whether it plays at low latency. */
  get isLowLatency() {
    return this.#isLow && Boolean(this.#hls);
  }

  /** Seconds from capture to screen, by the dates in the playlist; null if they are not known. */
  get latency() {
    const date = this.#hls?.playingDate;
    if (!date) return null;
    return (Date.now() + this.#lookout.clockOffsetMs - date.getTime()) / 1000;
  }

  /** Seconds of media ahead of what is shown. */
  get buffer() {
    return aheadOf(this.#video);
  }

  /** bit/s of the media that is played, or null. */
  get bitrate() {
    const level = this.#hls?.levels?.[this.#hls.currentLevel];
    return level?.realBitrate || level?.bitrate || null;
  }

  /** The names of the sizes that can be chosen, the best first ("720p"); none if there is only one. */
  get qualities() {
    return toQualities(this.#hls?.levels ?? []).map(({ name }) => name);
  }

  /** What was chosen: one of `qualities`, or "auto": the best that the connection carries. */
  get quality() {
    return this.#quality;
  }

  /** The size that is shown, one of `qualities`, or null. */
  get shownQuality() {
    const shown = this.#hls?.currentLevel;
    return toQualities(this.#hls?.levels ?? []).find(({ index }) => index === shown)?.name ?? null;
  }

  /** Chooses one of `qualities`, or "auto". What is in the buffer is shown first, so nothing stands still. */
  set quality(name) {
    this.#quality = name;
    this.#choosesAgain();
  }

  /** What was chosen holds for the stream's next time, too. */
  #choosesAgain() {
    const levels = this.#hls?.levels ?? [];
    const chosen = this.#quality === AUTO ? null : sameQuality(toQualities(levels), this.#quality);
    if (levels.length > 1) this.#hls.loadLevel = chosen?.index ?? -1;
    this.#tellQuality();
  }

  #tellQuality() {
    this.dispatchEvent(new CustomEvent("quality"));
  }

  /** Whether what is shown is far behind what could be: after a pause, say. */
  get isBehind() {
    return Boolean(this.#hls?.latestLevelDetails) && this.#distanceS > this.#hls.targetLatency + this.#most(BEHIND_S);
  }

  /** A list that does not grow has nothing to skip to, and each seek would end what is being loaded. */
  get #canSkip() {
    return (this.#hls?.liveSyncPosition ?? 0) > this.#video.currentTime + 1;
  }

  #skipToLive() {
    const position = this.#hls?.liveSyncPosition;
    if (position) this.#video.currentTime = position;
  }

  toLive() {
    this.#wish.isBehind = false;
    this.#skipToLive();
    this.#video.play().catch(() => {});
  }
}
