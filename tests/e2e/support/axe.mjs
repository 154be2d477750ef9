// SPDX-License-Identifier: GPL-3.0-or-later

// What axe-core finds wrong with a page.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What people would notice, as it is shown now: ["rule: element", …]. `rules`: those of axe.run(); at least `least` must pass. */
async function look(page, rules, least) {
  return page.evaluate(async ([runOnly, least]) => {
    const { violations, passes } = await window.axe.run(document, { resultTypes: ["violations"], ...(runOnly && { runOnly }) });
    if (passes.length < least) return [`only ${passes.length} rules passed`];
    return violations
      .filter(({ impact }) => ["serious", "critical"].includes(impact))
      .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target} ${any[0]?.message ?? ""}`));
  }, [rules, least]);
}

/** Schemes of colours, and what is looked at in each: in the second one nothing else has changed than the colours. */
const SCHEMES = [["dark", null, 10], ["light", ["color-contrast", "link-in-text-block"], 1]];

/** The same in both schemes of colours: ["dark: rule: element", …]. */
export async function axeFindings(page) {
  const found = [];
  await page.evaluate(await readFile(AXE, "utf8"));
  for (const [colorScheme, rules, least] of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" }); // half of one scheme and half of the other is neither
    found.push(...(await look(page, rules, least)).map((one) => `${colorScheme}: ${one}`));
  }
  return found;
}
