#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Shows that a change of the code is none of what comes out: replays each recording through two builds, over
// good and bad networks, and compares every file that they have left, byte for byte. Only what a run names after
// the clock is masked: the epoch in names of files, and dates. A file that no list names any more may be gone in one
// of them: when it goes depends on the steps in which a replay moves its clock.

import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { run } from "./e2e/support/programs.mjs";

const USAGE = `Usage: tests/same-output.mjs [OPTIONS] BEFORE AFTER [RECORDING...]
BEFORE and AFTER are rtp-replay of two builds. Compares what they make of each recording (all of tests/fixtures/rtp).

  --seconds S   of media in each replay (60)
  --list        print each replay with what it made
  --but NAMES   files that are meant to differ and are not compared, as master.m3u8,ts.m3u8

Exit status: 0 all is the same, 1 something differs, 2 it could not be compared.
`;

const FIXTURES = fileURLToPath(new URL("fixtures/rtp/", import.meta.url));

/** What publishers and networks do, as options of rtp-replay. */
const CASES = {
  "as recorded": [],
  "sound alone": ["--only", "audio"],
  "pictures alone": ["--only", "video"],
  "no reports": ["--no-reports", "both"],
  "loss that is sent again": ["--loss", "3"],
  "loss that stays": ["--loss", "3", "--no-nack"],
  bursts: ["--bursts", "7:1500"],
  "out of order": ["--reorder", "10:40", "--duplicate", "2"],
  "a slow network": ["--jitter", "120"],
  "a fast sound card": ["--audio-clock", "300"],
  "new SSRCs": ["--new-ssrc", "11"],
  "numbers that wrap": ["--first-sequence", "65500", "--first-timestamp", "4294900000"],
  "no sound for a while": ["--pause-audio", "9:14"],
  "a sound card that stalls": ["--lose-audio", "9:14"],
};
const FORMS = { classic: [], "low latency": ["--low-latency"] };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    list: { type: "boolean" },
    but: { type: "string", default: "" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help || positionals.length < 2) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const [before, after, ...named] = positionals;
const leftAlone = new Set(values.but.split(","));

/** Text of lists, with what the clock decides masked. */
const masked = (text) =>
  text
    .replaceAll(/-\d{10}-/g, "-EPOCH-")
    .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "DATE");

/** What a replay by `program` leaves: its own account, and each file's bytes as a hash; null if it refuses. */
async function made(program, options, recording) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "same-output-"));
  try {
    const { status, stdout } = await run(program, ["--json", "--hls", folder, "--seconds", values.seconds, ...options, recording]);
    if (status !== 0) return null;
    const { rss_early, rss_late, ...report } = JSON.parse(stdout);
    const files = {};
    let lists = "";
    for (const name of await readdir(path.join(folder, "replay"))) {
      if (name.startsWith(".") || leftAlone.has(name)) continue; // the log of numbers is of the disk
      const bytes = await readFile(path.join(folder, "replay", name));
      const plain = /\.(m3u8|mpd)$/.test(name) ? masked(bytes.toString()) : bytes;
      if (plain !== bytes) lists += plain;
      files[masked(name)] = createHash("sha256").update(plain).digest("hex");
    }
    return { report, files, lists };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Whether a file is a list, or named by one: the lists of HLS name all that DASH does. */
const isListed = (name, { lists }) => /\.(m3u8|mpd)$/.test(name) || lists.includes(name);

/** What differs of two flat objects; keys that only the newer one's report has are no difference. */
function differences(a, b, mayGrow) {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => String(a[key]) !== String(b[key]) && !(mayGrow && !(key in a)))
    .map((key) => `${key}: ${a[key] ?? "not there"} -> ${b[key] ?? "not there"}`);
}

const recordings = named.length
  ? named
  : (await readdir(FIXTURES)).filter((name) => name.endsWith(".pcap")).map((name) => path.join(FIXTURES, name));
const counts = { replays: 0, files: 0, outdated: 0, different: 0 };
const leftOut = [];

for (const recording of recordings)
  for (const [network, faults] of Object.entries(CASES))
    for (const [form, options] of Object.entries(FORMS)) {
      const what = `${path.basename(recording)}, ${network}, ${form}`;
      const [a, b] = await Promise.all([before, after].map((program) => made(program, [...faults, ...options], recording)));
      if (!a || !b) {
        leftOut.push(`${what}: refused by ${a ? "AFTER" : b ? "BEFORE" : "both"}`);
        continue;
      }
      for (const name of Object.keys({ ...a.files, ...b.files }))
        if (!(name in a.files && name in b.files) && !isListed(name, a) && !isListed(name, b)) {
          delete a.files[name];
          delete b.files[name];
          counts.outdated++;
        }
      const found = [...differences(a.report, b.report, true), ...differences(a.files, b.files, false)];
      counts.replays++;
      counts.files += Object.keys(a.files).length;
      counts.different += found.length > 0;
      if (found.length) console.log(`${what}:\n  ${found.slice(0, 10).join("\n  ")}`);
      else if (values.list) console.log(`${what}: ${Object.keys(a.files).length} files`);
    }

for (const line of leftOut) console.log(line);
console.log(`${counts.replays} replays, ${counts.files} files, ${counts.outdated} no longer listed and gone in one; ${counts.different} replays differ, ${leftOut.length} left out`);
process.exit(counts.replays === 0 || leftOut.some((line) => line.endsWith("AFTER")) ? 2 : counts.different ? 1 : 0);
