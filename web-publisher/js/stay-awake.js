// SPDX-License-Identifier: GPL-3.0-or-later

// Keeps a phone's screen on while somebody is live: one that goes dark would end the camera. The browser lets it go dark
// again if the page is hidden.

export class StayAwake {
  #isWanted = false;
  #lock = null;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#hold());
  }

  begin() {
    this.#isWanted = true;
    return this.#hold();
  }

  end() {
    this.#isWanted = false;
    this.#lock?.release();
    this.#lock = null;
  }

  async #hold() {
    if (!this.#isWanted || document.visibilityState !== "visible") return;
    const lock = await navigator.wakeLock?.request("screen").catch(() => null);
    this.#lock?.release();
    this.#lock = lock;
    if (!this.#isWanted) this.end(); // it was over meanwhile
  }
}
