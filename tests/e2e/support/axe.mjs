// SPDX-License-Identifier: GPL-3.0-or-later

// What axe-core finds wrong with a page.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What people would notice, as it is shown now: ["rule: element", …]. */
async function look(page) {
  return page.evaluate(async () => {
    const { violations, passes } = await window.axe.run(document, { resultTypes: ["violations"] });
    if (passes.length < 10) return [`only ${passes.length} rules passed`];
    return violations
      .filter(({ impact }) => ["serious", "critical"].includes(impact))
      .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target} ${any[0]?.message ?? ""}`));
  });
}

/** The same in both schemes of colours: ["dark: rule: element", …]. */
export async function axeFindings(page) {
  const found = [];
  await page.evaluate(await readFile(AXE, "utf8"));
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" }); // half of one scheme and half of the other is neither
    found.push(...(await look(page)).map((one) => `${colorScheme}: ${one}`));
  }
  return found;
}
