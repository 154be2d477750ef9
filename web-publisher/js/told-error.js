// SPDX-License-Identifier: GPL-3.0-or-later

// Errors that people are told of, as a key of the strings and its values (strings.js).

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

/** What people are told of any error, also of those that browsers and janus.js make. */
export function textOf(error) {
  if (error.key) return { key: error.key, values: error.values };
  return { key: "publisher.failed", values: { text: asSentence(String(error.message ?? error) || "it has failed") } };
}
