// SPDX-License-Identifier: GPL-3.0-or-later

/** A signal that ends a request after `ms`. Safari can do so itself from 16 on, and some phones stay at 15. */
export function timeLimit(ms) {
  if (AbortSignal.timeout) return AbortSignal.timeout(ms);
  const limit = new AbortController();
  setTimeout(() => limit.abort(), ms);
  return limit.signal;
}
