// SPDX-License-Identifier: GPL-3.0-or-later

// Something to be done again and again, in step with the wall clock.

/** The wall clock in milliseconds, to a fraction of one. */
export const wallClock = () => performance.timeOrigin + performance.now();

/**
 * Calls `tick` `rate` times a second, in a hidden page too: workers are not slowed down there. Ticks
 * are in step with the wall clock, so that one falls on each whole second. Fractions of a millisecond are
 * rounded up, where setTimeout() would come before the second and its flash a picture late.
 */
export function startTicker(rate, tick) {
  const source = `
    const period = 1000 / ${rate};
    const next = () => {
      const now = Date.now();
      const due = (Math.floor(now / period + 0.1) + 1) * period;
      setTimeout(() => { postMessage(0); next(); }, Math.ceil(due - now));
    };
    next();`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = tick;
  return () => {
    worker.terminate();
    URL.revokeObjectURL(url);
  };
}
