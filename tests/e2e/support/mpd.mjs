// SPDX-License-Identifier: GPL-3.0-or-later

// A DASH manifest as a test wants to see it.

const attribute = (text, name) => new RegExp(`[ \n]${name}="([^"]*)"`).exec(text)?.[1];
const seconds = (duration) => Number(/^PT([\d.]+)S$/.exec(duration)?.[1] ?? NaN);
const elements = (text, name) => text.split(`<${name} `).slice(1).map((rest) => ` ${rest}`);

/** The files of a representation: [{ file, start, duration }], times in seconds of its media. */
function segments(text) {
  const timescale = Number(attribute(text, "timescale"));
  let number = Number(attribute(text, "startNumber")), start = 0;
  const found = [];
  for (const s of elements(text, "S")) {
    const duration = Number(attribute(s, "d"));
    start = Number(attribute(s, "t") ?? start);
    for (let n = Number(attribute(s, "r") ?? 0); n >= 0; n--, number++, start += duration)
      found.push({
        file: attribute(text, "media").replace("$Number$", number),
        start: start / timescale,
        duration: duration / timescale,
      });
  }
  return found;
}

export function parseMpd(text) {
  return {
    type: attribute(text, "type"),
    end: seconds(attribute(text, "mediaPresentationDuration")),
    delay: seconds(attribute(text, "suggestedPresentationDelay")),
    periods: elements(text, "Period").map((period) => ({
      id: attribute(period, "id"),
      start: seconds(attribute(period, "start")),
      sets: elements(period, "AdaptationSet").map((set) => ({
        kind: attribute(set, "contentType"),
        codecs: attribute(set, "codecs"),
        size: `${attribute(set, "width")}x${attribute(set, "height")}`,
        init: attribute(set, "initialization"),
        offset: Number(attribute(set, "presentationTimeOffset")) / Number(attribute(set, "timescale")),
        segments: segments(set),
      })),
    })),
  };
}
