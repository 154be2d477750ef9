// SPDX-License-Identifier: GPL-3.0-or-later

// What a viewer wants of the element that plays live: a pause, another place than live, a speed of its own. A browser tells
// of what a viewer does by the same events as of what a player does.

const BACK_S = 0.5; // a seek that goes back so far is a viewer's: players go towards live

export class ViewerWish {
  isPaused = false; // until it plays on
  isBehind = false; // it made a pause, went back, or plays slowly: it has not been near live since
  hasRate = false; // it has chosen how fast to play
  #video;
  #time = 0; // what was shown last
  #rate = 1; // what a player has set

  /** Looks at what happens to `video` until `signal` is aborted. */
  constructor(video, signal) {
    this.#video = video;
    const handlers = {
      pause: () => !video.ended && (this.isPaused = this.isBehind = true), // at its end it pauses by itself
      play: () => (this.isPaused = false),
      ratechange: () => this.#onRate(),
      seeking: () => this.#onSeek(),
      timeupdate: () => video.seeking || (this.#time = video.currentTime),
      emptied: () => (this.#time = 0), // what comes has times of its own
    };
    for (const [event, handler] of Object.entries(handlers)) video.addEventListener(event, handler, { signal });
  }

  #onSeek() {
    if (this.#video.currentTime < this.#time - BACK_S) this.isBehind = true;
  }

  #onRate() {
    const { playbackRate } = this.#video;
    this.hasRate = playbackRate !== this.#rate && playbackRate !== 1;
    if (this.hasRate) this.isBehind = true;
  }

  /** Whether it wants what players do by themselves: to be at live. */
  get isLive() {
    return !this.isPaused && !this.isBehind && !this.hasRate;
  }

  get rate() {
    return this.#video.playbackRate;
  }

  /** A player's own choice; a viewer's is over. */
  set rate(rate) {
    this.#rate = rate;
    this.hasRate = false;
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
  }

  /** Another stream, or the same again: it is at live. Who made a pause goes on with it. */
  reset() {
    this.isBehind = false;
    this.#time = 0;
    this.rate = 1;
  }
}
