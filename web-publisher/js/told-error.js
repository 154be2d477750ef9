// SPDX-License-Identifier: GPL-3.0-or-later

// Errors that people are told of, as a key of the strings and its values (strings.js).

// of the plugin, which no second try mends, or not soon (docs/protocol.md)
const FINAL_CODES = [460, 461, 462, 463, 464, 465, 466, 467, 468, 472, 473, 474, 476, 477, 479];

/** What the plugin says is no whole sentence, so that logs can quote it. */
export const asSentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** An error with a text for people. `code`: one of the plugin's API (docs/protocol.md), if it is one of those. */
export class ToldError extends Error {
  constructor(key, values, code) {
    super(values?.text ?? key);
    Object.assign(this, { key, values, code });
  }
}

/** What the plugin has answered. Its words are English; by its code it is told in other languages. */
export const pluginError = ({ error_code: code, error }, stream) => new ToldError(`error.${code}`,
  { stream, number: /\d+/.exec(error)?.[0] ?? "", text: asSentence(error || "it has failed") }, code);

/** Whether it is of no use to try again, or not soon. */
export const isFinal = ({ code }) => FINAL_CODES.includes(code);

/** What people are told of any error, also of those that browsers and janus.js make. */
export function textOf(error) {
  if (error.key) return { key: error.key, values: error.values };
  return { key: "publisher.failed", values: { text: asSentence(String(error.message ?? error) || "it has failed") } };
}
