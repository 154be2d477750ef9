// SPDX-License-Identifier: GPL-3.0-or-later

// Whether a program printed what a document says it does, in shape: a number stands for any number, unless it is what the
// text is about. "…" stands for anything, and a line of it for any lines.

const HEX = /^\s*0x[0-9a-f]{4}:/; // of tcpdump -X
const VERDICT = /^(nothing wrong|FAULT .*)$/; // of hls-doctor: what a busy machine does to a live stream is no fault of the document's
const ALONE = /^\d{1,3}$/; // a status or a count that is all that is printed

/** A line's pieces: what is exact, "…", a secret, a number, blanks, and any other character. */
const PIECE = new RegExp([
  String.raw`(HTTP/1\.1 \d+|max-age=\d+|TARGETDURATION:\d+|c96|c111|type-0x\w+|[\w-]+/\d+/2|` +
    String.raw`(?:H264|VP8)/90000|h264|mpegts|udp/rtp)`,
  "(…)", String.raw`(secret \S+)`, String.raw`(-?\d[\d.]*)`, String.raw`(\s+)`, String.raw`([\s\S])`].join("|"), "g");

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A line of a document as a pattern. */
export function patternOf(line) {
  const text = line.trim();
  if (HEX.test(line)) return /^0x[0-9a-f]{4}:/;
  if (VERDICT.test(text)) return VERDICT;
  if (ALONE.test(text)) return new RegExp(`^${text}$`);
  return new RegExp(text.replace(PIECE, (whole, exact, any, secret, number, blank) =>
    (exact ? literal(exact) : any ? ".*" : secret ? "secret \\S+" : number ? "-?\\d[\\d.]*" : blank ? "\\s+" : literal(whole))));
}

/** The first line of `expected` that is not in `text`, in that order; null: all are. */
export function missingFrom(text, expected) {
  const lines = text.split("\n").map((line) => line.trim());
  let at = 0;
  for (const line of expected.filter((each) => each.trim() && each.trim() !== "…")) {
    const pattern = patternOf(line);
    const found = lines.findIndex((each, i) => i >= at && pattern.test(each));
    if (found < 0) return line;
    at = found + 1;
  }
  return null;
}
