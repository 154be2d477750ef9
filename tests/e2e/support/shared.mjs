// SPDX-License-Identifier: GPL-3.0-or-later

// One stack and one browser for all tests of a file that do not disturb each other: each has a context of its own in the
// browser, and streams under names of its own.

import { after } from "node:test";
import { openContext, withBrowser } from "./browser.mjs";
import { withStack } from "./rig.mjs";

const FILE_MS = 540000; // what all tests of a file may take; each has a limit of its own

/**
 * Returns shared(body), which makes a test of `body({ stack, context, browser, t })`. The stack starts with the first of
 * them, with these options of withStack() and withBrowser(), and ends when the file does. Those of the browser may be a
 * function of the stack.
 */
export function shareStack(options = {}, browserOptions = {}) {
  const optionsFor = (stack) => (typeof browserOptions === "function" ? browserOptions(stack) : browserOptions);
  let begun, ended, finish, failed = false;

  const begin = () => (begun ??= new Promise((resolve, reject) => {
    ended = withStack({ bodyMs: FILE_MS, ...options }, (stack) =>
      withBrowser(optionsFor(stack), async (unused, browser) => {
        const over = new Promise((done) => (finish = done));
        resolve({ stack, browser });
        await over;
        if (failed) throw new Error("a test has failed"); // so that the logs stay
      }));
    ended.catch(reject);
  }));

  after(async () => {
    if (!begun) return;
    await begun.catch(() => {});
    finish?.();
    await ended.catch((error) => {
      if (!failed) throw error;
    });
  });

  return (body) => async (t) => {
    const { stack, browser } = await begin();
    const context = await openContext(browser, optionsFor(stack).context);
    try {
      await body({ stack, context, browser, t });
    } catch (error) {
      failed = true;
      error.message += `\n(logs: ${stack.options.folder})`;
      throw error;
    } finally {
      await context.close();
    }
  };
}
