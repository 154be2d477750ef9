// SPDX-License-Identifier: GPL-3.0-or-later

// The strings of the pages, for tests of what people are told.

import { readFileSync } from "node:fs";
import { t, take } from "../../web-publisher/js/strings.js";

/** The strings of one language. */
export const stringsOf = (language) =>
  JSON.parse(readFileSync(new URL(`../../web-publisher/strings/${language}.json`, import.meta.url), "utf8"));

take("en", stringsOf("en"), { current: true });

/** What `text`, a key and its values, says in English. */
export const english = ({ key, values }) => t(key, values);
