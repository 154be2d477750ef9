#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What the class page costs that stays open beside a stream: of the bridge, with it and without, and of the browser, which
// may not grow. It wants a network namespace of its own, and what ./bootstrap --tests installs:
//   tests/e2e/in-namespace tests/bench/class-page.mjs

import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import { Child } from "../../tools/stack/child.mjs";
import { CHROMIUM_SWITCHES } from "../../tools/stack/chromium.mjs";
import { publishRecorded } from "../e2e/support/recorded.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { runSeconds } from "./support/usage.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/class-page.mjs [OPTIONS]
Has the class page open beside a stream, and prints for each minute what the bridge took of a core, and what the browser
holds after it has collected its garbage; before and after, what the bridge takes with no page.

  --minutes N   the page is open for so long (60)
  --without N   minutes with no page, before and after (5)
`;
const MINUTE_MS = 60000;
const SETTLED = 10; // minutes, after which nothing may grow any more

const { values } = parseArgs({ options: {
  minutes: { type: "string", default: "60" },
  without: { type: "string", default: "5" },
  help: { type: "boolean", short: "h" },
} });
const minutes = Number(values.minutes), without = Number(values.without);
if (values.help || !(minutes >= 1) || !(without >= 1)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

/** What the bridge takes of a core, in per cent, while so much time goes by. */
async function bridgeTakes(stack, ms) {
  const { pid } = stack.parts.bridge;
  const before = await runSeconds(pid), from = performance.now();
  await sleep(ms);
  return (100 * (await runSeconds(pid)) - 100 * before) / ((performance.now() - from) / 1000);
}

const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;

/** The bridge with no page, minute by minute: their list. */
async function alone(stack) {
  const taken = [];
  for (let i = 0; i < without; i++) taken.push(await bridgeTakes(stack, MINUTE_MS));
  console.log(`no page: ${taken.map((one) => one.toFixed(2)).join(", ")} % of a core in the bridge`);
  return taken;
}

/**
 * Memory of the process that shows the page, in MB, of all of its kind the largest: { own, shared }. What is shared is mostly pictures
 * that Chromium keeps as long as nobody wants the memory.
 */
async function memoryOf(processes) {
  const texts = await Promise.all(processes.filter(({ type }) => type === "renderer").map(({ id }) => readFile(`/proc/${id}/status`, "utf8")));
  const megabytes = (text, key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)[1]) / 1024;
  return texts.map((text) => ({ own: megabytes(text, "RssAnon"), shared: megabytes(text, "RssShmem") })).sort((a, b) => b.own - a.own)[0];
}

/* A browser that nobody looks at but for a moment each minute: who drives it all the time has it keep all that it has fetched. */

/** Chromium with a page: { child, port } of its protocol for developers. */
async function startBrowser(stack, url) {
  const profile = await mkdtemp(path.join(os.tmpdir(), "janus-hls-chromium-"));
  const child = new Child("Chromium", "chromium", ["--headless=new", ...CHROMIUM_SWITCHES, "--remote-debugging-port=0",
    "--window-size=1280,860", `--user-data-dir=${profile}`, url], {
    logFile: path.join(stack.options.folder, "chromium.log"),
    cleanUp: () => rm(profile, { recursive: true, force: true }),
  });
  const port = await until("Chromium says where it listens", async () => (await readFile(path.join(profile, "DevToolsActivePort"), "utf8")).split("\n")[0]);
  return { child, port };
}

/** Runs `body(ask)` with ask(method, parameters) of one of the browser's targets. */
async function askTarget(url, body) {
  const socket = new WebSocket(url), waiting = new Map();
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.on("message", (data) => {
    const { id, result, error } = JSON.parse(data);
    const { resolve, reject } = waiting.get(id) ?? {};
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  });
  const ask = (method, params = {}) => new Promise((resolve, reject) => {
    const id = waiting.size + 1;
    waiting.set(id, { resolve, reject });
    socket.send(JSON.stringify({ id, method, params }));
  });
  try {
    return await body(ask);
  } finally {
    socket.close();
  }
}

const targetsOf = async (port, what) => (await fetch(`http://127.0.0.1:${port}/json/${what}`)).json();
const askPage = async ({ port }, body) => askTarget((await targetsOf(port, "list")).find(({ type }) => type === "page").webSocketDebuggerUrl, body);
const askBrowser = async ({ port }, body) => askTarget((await targetsOf(port, "version")).webSocketDebuggerUrl, body);

/** How far behind live both players are, as the page says it. */
const behind = (browser) => askPage(browser, async (ask) => (await ask("Runtime.evaluate", {
  expression: `["classic", "low"].map((id) => id + " " + document.getElementById(id + "-behind").textContent).join(", ")` })).result.value);

/** What the browser holds for the page now: { heap, nodes, listeners, own, shared }, memory in MB. */
async function held(browser) {
  const metrics = await askPage(browser, async (ask) => {
    await ask("HeapProfiler.collectGarbage");
    await ask("Performance.enable");
    return (await ask("Performance.getMetrics")).metrics;
  });
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  const { processInfo } = await askBrowser(browser, (ask) => ask("SystemInfo.getProcessInfo"));
  return { heap: of("JSHeapUsedSize") / 1e6, nodes: of("Nodes"), listeners: of("JSEventListeners"), ...(await memoryOf(processInfo)) };
}

/** By how much a figure grows in an hour, of a line through its values. */
function perHour(list, key) {
  const x = mean(list.map(({ minute }) => minute)), y = mean(list.map((one) => one[key]));
  const slope = list.reduce((sum, one) => sum + (one.minute - x) * (one[key] - y), 0) / list.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return 60 * slope;
}

const COLUMNS = { bridge: 2, heap: 2, nodes: 0, listeners: 0, own: 1, shared: 1 };
const row = (title, of) => console.log([title.padEnd(8), ...Object.entries(COLUMNS).map(([key, digits]) => of(key, digits).padStart(10))].join(""));

console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`);
await withStack({ class: true, status: true, bodyMs: (minutes + 2 * without + 10) * MINUTE_MS }, async (stack) => {
  await publishRecorded(stack, "shop");
  const off = await alone(stack);
  const on = [];
  const browser = await startBrowser(stack, stack.classUrl);
  stack.guests.add({ end: () => browser.child.stop() });
  await until("both players play", async () => /classic \d.*low \d/.test(await behind(browser)));
  row("minute", (key) => key);
  for (let minute = 1; minute <= minutes; minute++) {
    const bridge = await bridgeTakes(stack, MINUTE_MS);
    on.push({ minute, bridge, ...(await held(browser)) });
    row(String(minute), (key, digits) => on.at(-1)[key].toFixed(digits));
  }
  const settled = on.filter(({ minute }) => minute > SETTLED);
  if (settled.length > 1) row("per hour", (key, digits) => perHour(settled, key).toFixed(digits));
  console.log(`behind live: ${await behind(browser)}`);
  await browser.child.stop();
  off.push(...(await alone(stack)));
  const takes = mean(on.map(({ bridge }) => bridge)), takesAlone = mean(off);
  console.log(`bridge: ${takes.toFixed(2)} % of a core with the page, ${takesAlone.toFixed(2)} % without, so ${(takes - takesAlone).toFixed(2)} % for it`);
});
