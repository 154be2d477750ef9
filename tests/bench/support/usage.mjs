// SPDX-License-Identifier: GPL-3.0-or-later

// What processes have used of the machine, by /proc.

import { readFile, readdir } from "node:fs/promises";

const TICKS_PER_S = 100; // USER_HZ, which Linux has fixed

const numberOf = (text, key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);

/** What a process has used up to now. */
export async function usage(pid) {
  const read = (name) => readFile(`/proc/${pid}/${name}`, "utf8");
  const fields = (await read("stat")).replace(/^.*\) /s, "").split(" ");
  const status = await read("status");
  return {
    userS: Number(fields[11]) / TICKS_PER_S,
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
    peakKb: numberOf(status, "VmHWM"),
    pssKb: numberOf(await read("smaps_rollup"), "Pss"),
    ownKb: numberOf(status, "RssAnon"),
  };
}

/** What some processes have used up together. */
export async function usageOf(children) {
  const all = await Promise.all(children.map((child) => usage(child.pid)));
  return Object.fromEntries(Object.keys(all[0]).map((key) => [key, all.reduce((sum, one) => sum + one[key], 0)]));
}

/** How often threads of a process have slept until something woke them. */
export async function wakeUps(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(threads.map((thread) =>
    readFile(`/proc/${pid}/task/${thread}/status`, "utf8").catch(() => ""))); // it has ended meanwhile
  return texts.reduce((sum, text) => sum + numberOf(text, "voluntary_ctxt_switches"), 0);
}
