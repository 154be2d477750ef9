// SPDX-License-Identifier: GPL-3.0-or-later

// What processes have used of the machine, by /proc.

import { readFile, readdir } from "node:fs/promises";

const TICKS_PER_S = 100; // USER_HZ, which Linux has fixed

const numberOf = (text, key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);

/** CPU that a process has taken up to now: { userS, systemS }, its own and the kernel's for it. */
async function cpu(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return { userS: Number(fields[11]) / TICKS_PER_S, systemS: Number(fields[12]) / TICKS_PER_S };
}

/** The same in one figure. */
export async function cpuSeconds(pid) {
  const { userS, systemS } = await cpu(pid);
  return userS + systemS;
}

/** What a process has used up to now. */
export async function usage(pid) {
  const read = (name) => readFile(`/proc/${pid}/${name}`, "utf8");
  const { userS, systemS } = await cpu(pid);
  const status = await read("status");
  return {
    userS,
    cpuS: userS + systemS,
    peakKb: numberOf(status, "VmHWM"),
    pssKb: numberOf(await read("smaps_rollup"), "Pss"),
    ownKb: numberOf(status, "RssAnon"),
  };
}

/** CPU of a process's threads, to the microsecond; what /proc/PID/stat tells is counted in ticks of 10 ms. */
export async function runSeconds(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")));
  return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]) / 1e9, 0);
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
