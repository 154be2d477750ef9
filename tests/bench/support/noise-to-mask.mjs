// SPDX-License-Identifier: GPL-3.0-or-later

// How far coded sound is from what it was made of: by the noise as such, and by how much of it a listener
// could hear beside the sound.

const FRAME = 2048, HOP = 1024; // of 48000 samples a second
const RATE = 48000;
const SILENT_DB = -60; // of full scale: frames below are not judged
const FULL_SCALE_SPL = 90; // dB, as loud as people listen
const SNR_MIN = -10, SNR_MAX = 50; // of one frame, as segmental SNR has it: neither extreme may rule the mean

const bark = (hz) => 13 * Math.atan(0.00076 * hz) + 3.5 * Math.atan((hz / 7500) ** 2);
const dB = (power) => 10 * Math.log10(power + 1e-20);
const power = (db) => 10 ** (db / 10);

const WINDOW = Float64Array.from({ length: FRAME }, (none, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FRAME));
const BAND = Int32Array.from({ length: FRAME / 2 }, (none, i) => Math.floor(bark((i * RATE) / FRAME)));
const BANDS = BAND[FRAME / 2 - 1] + 1;

/** The threshold in quiet by frequency in kHz, dB SPL (Terhardt). */
const quiet = (khz) => 3.64 * khz ** -0.8 - 6.5 * Math.exp(-0.6 * (khz - 3.3) ** 2) + 0.001 * khz ** 4;

/** The power that nobody hears anyway, of each bin: full scale is FULL_SCALE_SPL. */
const QUIET = Float64Array.from({ length: FRAME / 2 }, (none, i) =>
  power(quiet(Math.max(i, 1) * RATE / FRAME / 1000) - FULL_SCALE_SPL));

/** In place; radix 2. */
function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const angle = (-2 * Math.PI) / size, half = size / 2;
    for (let k = 0; k < half; k++) {
      const c = Math.cos(angle * k), s = Math.sin(angle * k);
      for (let i = k; i < n; i += size) {
        const j = i + half;
        const x = re[j] * c - im[j] * s, y = re[j] * s + im[j] * c;
        re[j] = re[i] - x;
        im[j] = im[i] - y;
        re[i] += x;
        im[i] += y;
      }
    }
  }
}

/** Powers of the bins of a frame; a sine of full scale has power 1 in all of them together. */
function spectrum(samples, at) {
  const re = new Float64Array(FRAME), im = new Float64Array(FRAME);
  for (let i = 0; i < FRAME; i++) re[i] = samples[at + i] * WINDOW[i];
  fft(re, im);
  return Float64Array.from({ length: FRAME / 2 }, (none, i) =>
    ((re[i] ** 2 + im[i] ** 2) * 16) / (3 * FRAME * FRAME)); // 3/8: of the window
}

function byBand(bins) {
  const sums = new Float64Array(BANDS);
  bins.forEach((p, i) => (sums[BAND[i]] += p));
  return sums;
}

/** What each band of a sound hides, after Johnston (1988): spread over the bands, less 5.5 dB beside noise, more beside tones. */
function mask(bins) {
  const energy = byBand(bins);
  const quietest = byBand(QUIET);
  const audible = bins.filter((p) => p > 0);
  const flatness = audible.reduce((sum, p) => sum + dB(p), 0) / audible.length -
    dB(audible.reduce((sum, p) => sum + p, 0) / audible.length);
  const tonal = Math.min(flatness / -60, 1);
  return energy.map((none, band) => {
    let spread = 0;
    for (let from = 0; from < BANDS; from++) {
      const d = band - from + 0.474;
      spread += energy[from] * power(15.81 + 7.5 * d - 17.5 * Math.sqrt(1 + d * d));
    }
    return Math.max(spread * power(-(tonal * (14.5 + band) + (1 - tonal) * 5.5)), quietest[band]);
  });
}

/**
 * Holds one channel of coded sound against what it was made of. Returns lists of
 *   snr    dB, a frame each
 *   nmr    dB, noise to mask: a frame and band each; above 0 it could be heard
 */
export function compare(original, coded) {
  const snr = [], nmr = [];
  for (let at = 0; at + FRAME <= Math.min(original.length, coded.length); at += HOP) {
    const noise = new Float64Array(FRAME);
    let signalPower = 0, noisePower = 0;
    for (let i = 0; i < FRAME; i++) {
      noise[i] = coded[at + i] - original[at + i];
      signalPower += original[at + i] ** 2;
      noisePower += noise[i] ** 2;
    }
    if (dB(signalPower / FRAME) < SILENT_DB) continue;
    snr.push(Math.max(SNR_MIN, Math.min(SNR_MAX, dB(signalPower) - dB(noisePower))));
    const hidden = mask(spectrum(original, at));
    byBand(spectrum(noise, 0)).forEach((p, band) => nmr.push(dB(p) - dB(hidden[band])));
  }
  return { snr, nmr };
}
