// SPDX-License-Identifier: GPL-3.0-or-later

// A playlist as a class reads it: which segments it lists, and what has come and gone since the last look. Pure.

/** { sequence, target, segments: [{ number, name, seconds, begins }] } of a media playlist; `begins`: behind a discontinuity. */
export function readPlaylist(text) {
  const list = { sequence: 0, target: 0, segments: [] };
  let seconds = 0, begins = false;
  for (const line of text.split(/\r?\n/)) {
    const [, tag, value] = /^#(EXT[A-Z-]+|EXTINF):?(.*)$/.exec(line) ?? [];
    if (tag === "EXT-X-MEDIA-SEQUENCE") list.sequence = Number(value) || 0;
    else if (tag === "EXT-X-TARGETDURATION") list.target = Number(value) || 0;
    else if (tag === "EXTINF") seconds = parseFloat(value) || 0;
    else if (tag === "EXT-X-DISCONTINUITY") begins = true;
    else if (line && !line.startsWith("#")) {
      list.segments.push({ number: list.sequence + list.segments.length, name: line, seconds, begins });
      [seconds, begins] = [0, false];
    }
  }
  return list;
}

/** What `now` has that `before` had not, and the other way round: { added, removed }, names. None without `before`. */
export function compare(before, now) {
  const names = (list) => new Set(list.segments.map(({ name }) => name));
  if (!before) return { added: [], removed: [] };
  const [was, is] = [names(before), names(now)];
  return { added: [...is].filter((name) => !was.has(name)), removed: [...was].filter((name) => !is.has(name)) };
}

/** "max-age=1" of a Cache-Control field, and whether it never changes: { seconds, immutable }. */
export function lifetime(cacheControl) {
  const found = /max-age=(\d+)/.exec(cacheControl ?? "");
  return { seconds: found ? Number(found[1]) : 0, immutable: /\bimmutable\b/.test(cacheControl ?? "") };
}
