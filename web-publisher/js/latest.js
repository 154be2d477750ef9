// SPDX-License-Identifier: GPL-3.0-or-later

// Things that take long to open, since people are asked first: of several that were asked for, the last one counts.

export class Latest {
  #asked = 0;

  /**
   * What `open()` resolves to, which has a stop(). Null if another one was asked for meanwhile, or none is wanted any more:
   * it is stopped as soon as it is there, and nobody is told why it could not be opened.
   */
  async take(open) {
    const mine = ++this.#asked;
    try {
      const found = await open();
      if (mine === this.#asked) return found;
      found.stop();
    } catch (error) {
      if (mine === this.#asked) throw error;
    }
    return null;
  }

  /** What is being opened is not wanted any more. */
  forget() {
    this.#asked++;
  }
}
