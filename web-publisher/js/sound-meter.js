// SPDX-License-Identifier: GPL-3.0-or-later

// Shows how loud it is what a publisher sends: a muted microphone is seen before anybody misses it.

const PERIOD_MS = 100;
const FLOOR_DB = -60; // what is taken for silence

/** How loud samples are, from 0 (silence) to 1 (as loud as can be), even to the ear. */
export function loudness(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  const db = 10 * Math.log10(Math.max(power, 1e-12));
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}

export class SoundMeter {
  #element;
  #context = null;
  #source = null;
  #analyser = null;
  #samples = null;

  /** `element` has the role meter, and a child that is as wide as it is loud. */
  constructor(element) {
    this.#element = element;
    setInterval(() => this.#look(), PERIOD_MS);
  }

  /** Looks at the sound of `stream` from now on; null, or one without sound: there is nothing to see. */
  watch(stream) {
    this.#source?.disconnect();
    this.#source = null;
    this.#element.hidden = !stream?.getAudioTracks().length;
    if (this.#element.hidden) return;
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#analyser = this.#context.createAnalyser();
      this.#samples = new Float32Array(this.#analyser.fftSize);
    }
    this.#context.resume(); // people have pressed something by now
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
  }

  #look() {
    if (!this.#source) return;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const percent = Math.round(100 * loudness(this.#samples));
    this.#element.firstElementChild.style.width = `${percent}%`;
    this.#element.setAttribute("aria-valuenow", String(percent));
  }
}
