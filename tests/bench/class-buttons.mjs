#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Presses each button of the class page again and again, while somebody publishes the test card, and looks whether each
// does what it says: by what the page tells afterwards, and by the playlist and the bridge themselves. Then both players of
// the page must play on. It wants a network namespace of its own, and what ./bootstrap --tests installs:
//   tests/e2e/in-namespace tests/bench/class-buttons.mjs

import os from "node:os";
import { parseArgs } from "node:util";
import { PRESSES } from "../../web-publisher/js/class-lesson.js";
import { openPage, publish, SMALL_SIZE, withBrowser } from "../e2e/support/browser.mjs";
import { publishRecorded } from "../e2e/support/recorded.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/class-buttons.mjs [OPTIONS]
Presses each button of the class page, and prints what came of it. Its status is 1 if one did not do what it says.

  --times N    each so often (10)
  --button B   that button alone: ${[...new Set(PRESSES.map(({ button }) => button))].join(", ")}
  --recorded   a recording is published, not a browser's test card: on a machine that is so busy that an encoder
               stands still. Without the button keys: a recording's key frames come unasked
`;
const STREAM = "shop";
const LOST = { least: 2, most: 9 }; // percent, of 5 by chance

const { values } = parseArgs({ options: { times: { type: "string", default: "10" }, button: { type: "string" }, recorded: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
const times = Number(values.times);
const presses = PRESSES.filter(({ button }) => (!values.button || button === values.button) && !(values.recorded && button === "keys"));
if (values.help || !(times >= 1) || !presses.length) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

/** The classic playlist: its text, and what it says of itself. */
async function readList(stack) {
  const text = await (await fetch(stack.playlist(STREAM))).text();
  const of = (tag) => Number(new RegExp(`^#EXT-X-${tag}:(\\d+)`, "m").exec(text)?.[1]);
  return { target: of("TARGETDURATION"), sequence: of("MEDIA-SEQUENCE"), breaks: of("DISCONTINUITY-SEQUENCE") || 0,
    marks: (text.match(/^#EXT-X-DISCONTINUITY$/gm) ?? []).length, segments: (text.match(/^#EXTINF/gm) ?? []).length };
}

/** What is wrong with what a press has done; "": nothing. `pid`: the bridge's, before and after. */
const CHECKS = {
  lose({ before, after }) {
    const lost = after.dropped - before.dropped, percent = (100 * lost) / (lost + after.packets - before.packets);
    return [percent >= LOST.least && percent <= LOST.most || `${percent.toFixed(1)} % were lost`,
      after.requests > before.requests || "no key frame was asked for", after.made > before.made || "no segment was made"];
  },
  keys({ before, after }) {
    return [after.heldBack > before.heldBack || "no request was held back",
      after.forced > before.forced || "no cut was forced"];
  },
  kill({ lists: [was, is], pids: [old, now] }) {
    return [old !== now || "it is the same bridge", is.sequence + is.segments > was.sequence + was.segments || "numbers do not grow",
      is.marks + is.breaks > was.marks + was.breaks || "the list has no discontinuity"];
  },
  segment({ value, lists: [was, is] }) {
    return [is.target === value || `the list promises ${is.target} s`,
      is.sequence + is.segments > was.sequence + was.segments || "numbers do not grow"];
  },
  // one more stays while the others are a moment shorter than that many target durations
  window({ value, lists: [was, is] }) {
    return [is.segments >= value && is.segments <= value + 1 || `the list has ${is.segments} segments`,
      is.sequence >= was.sequence || "numbers do not grow"];
  },
};

class Teacher {
  constructor(stack, page) {
    this.stack = stack;
    this.page = page;
  }

  look() {
    return until("the desk answers", () => this.page.evaluate((stream) =>
      fetch(`class/look.json?stream=${stream}`).then((response) => response.json()), STREAM));
  }

  /** Presses, waits until the page says what happened, and resolves to what the lesson was. */
  async press({ button, value }) {
    const { page, stack } = this;
    await until("the stream is live", async () => (await this.look()).status?.state === "live");
    const old = (await this.look()).lesson?.id ?? 0, selector = `[data-press="${button}-${value}"]`;
    await until("the button can be pressed", () => page.isEnabled(selector));
    const lists = [await readList(stack)], pids = [stack.parts.bridge.pid];
    await page.click(selector);
    const lesson = await until("the lesson is over", async () => {
      const { lesson: now } = await this.look();
      return now?.id > old && now.state !== "running" && now;
    }, 180000);
    await until("the page says so", async () => /good|bad/.test(await page.getAttribute("#lesson", "data-mood")));
    const told = (await page.locator("#lesson-facts li").allTextContents()).join(" ");
    return { ...lesson, told, lists: [...lists, await readList(stack)], pids: [...pids, stack.parts.bridge.pid] };
  }

  /** The stream makes segments, and both players show pictures: how long that took, in seconds. */
  async recovers() {
    const from = performance.now();
    const { bridge } = await this.look();
    await until("segments are made", async () => (await this.look()).bridge?.newest.made > (bridge?.newest.made ?? 0));
    for (const id of ["classic", "low"]) {
      const at = () => this.page.evaluate((player) => document.getElementById(player).currentTime, id);
      const before = await at();
      await until(`the player ${id} plays on`, async () => Math.abs((await at()) - before) > 1);
    }
    await until("the page says that it is live", async () => /good/.test(await this.page.getAttribute("#state", "class")));
    return (performance.now() - from) / 1000;
  }
}

/** Presses one button as often as is asked: how often it was good. */
async function pressAgain(teacher, press) {
  const lasted = [];
  let good = 0, told = "";
  for (let i = 0; i < times; i++) {
    const wrong = await teacher.press(press).then(async (lesson) => {
      told = lesson.told;
      if (lesson.state !== "done") return lesson.error;
      lasted.push((lesson.backAt - lesson.beganAt) / 1000);
      const faults = CHECKS[press.button](lesson).filter((each) => each !== true);
      if (told.length < 20) faults.push(`the page says only "${told}"`);
      await teacher.recovers();
      return faults.join("; ");
    }).catch((error) => error.message);
    if (wrong) console.log(`  ${press.button} ${press.value}, time ${i + 1}: ${wrong} (the page: ${told})`);
    else good++;
  }
  lasted.sort((a, b) => a - b);
  const within = lasted.length ? `${lasted[0].toFixed(1)} to ${lasted.at(-1).toFixed(1)} s` : "";
  console.log(`${`${press.button} ${press.value}`.padEnd(10)} ${good} of ${times}; back after ${within}; the last time: ${told}`);
  return good;
}

console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`);
await withStack({ class: true, status: true, bodyMs: 7200000 }, (stack) => withBrowser({}, async (context) => {
  await (values.recorded ? publishRecorded(stack, STREAM) : publish(context, stack, STREAM, { size: SMALL_SIZE }));
  const page = await openPage(context, stack.classUrl);
  const teacher = new Teacher(stack, page);
  await teacher.recovers();
  let good = 0;
  for (const press of presses) good += await pressAgain(teacher, press);
  if (page.errors.length) console.log(`the page's errors: ${page.errors.join("; ")}`);
  if (good < presses.length * times || page.errors.length) process.exitCode = 1;
}));
