#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What three sizes from one publisher cost: hls-bridge with all of them, beside hls-bridge with the largest alone,
// beside ffmpeg that makes the same two smaller sizes of the largest with libx264. All get the same pictures at the
// same time, so that whatever else the machine does meets all three. Not a part of ./check: it wants an idle machine.

import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { session } from "../e2e/support/session.mjs";
import { run } from "../e2e/support/programs.mjs";
import { bridgeStreams, startBridge } from "../../tools/stack/bridge.mjs";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { hold } from "./support/bounds.mjs";
import { ROUND, simulcastFile } from "./support/recording.mjs";
import { runSeconds, usage } from "./support/usage.mjs";

const USAGE = `Usage: tests/bench/ladder.mjs [OPTIONS]
Prints what hls-bridge takes of a machine for a publisher of three sizes, beside one of the largest size alone,
and beside ffmpeg (libx264 veryfast) that makes the two smaller sizes. It uses the build in build/, or in
$JANUS_HLS_BUILD.

  --recording FILE   of three sizes, the largest first (1280x720, 640x360 and 320x180, recorded once and kept in the build)
  --seconds S        how long it is measured (30)
  --classic          no low-latency HLS
  --directory DIR    where segments go (/dev/shm, or if it is not there, the system's temporary folder)
`;

const WARM_UP_S = 12; // ffmpeg has found the streams, and files are removed again
const TAIL_S = 5;
const LABELS = ["high", "mid", "low"];
const BOUND = 1.35; // what three may take, of what one takes
const TIMES_FFMPEG = 30; // what ffmpeg takes at least, of what the two smaller sizes take more
const FRAME_RATE = "30"; // else ffmpeg takes the RTP clock for it at times, and makes 90000 pictures a second

/** Sizes and bitrates of the recording's video: [{ width, height, kbit }]. */
async function sizesOf(recording) {
  const { stdout, stderr } = await run(built().replay, ["--info", recording]);
  const sizes = [...stdout.matchAll(/video.*?(\d+) kbit\/s[^]*?\n\s+(\d+)x(\d+)/g)]
    .map(([, kbit, width, height]) => ({ width: Number(width), height: Number(height), kbit: Number(kbit) }));
  if (sizes.length !== LABELS.length) throw new Error(`${recording} has not three sizes: ${stdout}${stderr}`);
  return sizes;
}

/** hls-bridge and who sends to it: the largest size alone, or all. `to`: where the same goes too. */
async function startPublished(started, { name, tracks, to, recording, folder, seconds, classic }) {
  const [port, llPort] = await freePorts(2);
  const own = path.join(folder, name);
  const bridge = await started(startBridge({ program: built().bridge, folder: own, hls: path.join(own, "hls"), port,
    llPort: classic ? undefined : llPort }));
  const replay = () => started(new Child("rtp-replay", built().replay,
    ["--bridge", `http://127.0.0.1:${port}`, "--stream", "bench", "--video-tracks", String(tracks),
      "--labels", LABELS.slice(0, tracks).join(), ...(to ? ["--to", to] : []), "--seconds", String(seconds), ...ROUND, recording],
    { logFile: path.join(own, "replay.log") }));
  return { name, bridge, port, replay, media: path.join(own, "hls", "bench") };
}

/** ffmpeg makes the smaller sizes of what comes, each as the bridge would have got it, and packs them. */
async function startTranscoder(started, { folder, ports: [audio, video], sizes }) {
  const own = path.join(folder, "ffmpeg");
  await mkdir(own);
  await writeFile(path.join(own, "session.sdp"), session(audio, video));
  const smaller = sizes.slice(1);
  const split = `[0:v]split=${smaller.length}${smaller.map((size, i) => `[in${i}]`).join("")}`;
  const scaled = smaller.map(({ width, height }, i) => `[in${i}]scale=${width}:${height}[out${i}]`);
  const outputs = smaller.flatMap(({ kbit }, i) => ["-map", `[out${i}]`, "-c:v", "libx264", "-preset", "veryfast",
    "-r", FRAME_RATE, "-b:v", `${kbit}k`, "-force_key_frames", "expr:gte(t,n_forced*2)", "-f", "hls", "-hls_time", "2",
    "-hls_list_size", "6", "-hls_flags", "delete_segments", path.join(own, `${i}.m3u8`)]);
  const ffmpeg = await started(new Child("ffmpeg", "ffmpeg",
    ["-nostdin", "-v", "error", "-protocol_whitelist", "file,rtp,udp", "-i", path.join(own, "session.sdp"),
      "-filter_complex", [split, ...scaled].join(";"), ...outputs], { logFile: path.join(own, "ffmpeg.log") }));
  return { ffmpeg, media: own };
}

/** Throws unless a folder has as many playlists that begin so as there should be, all of a stream that goes on. */
async function checkLists(folder, pattern, count) {
  const names = (await readdir(folder)).filter((name) => pattern.test(name));
  if (names.length !== count) throw new Error(`${folder} has ${names.join(", ") || "no lists"}`);
  for (const name of names) {
    const text = await readFile(path.join(folder, name), "utf8");
    if (text.split("#EXTINF").length < 4 || text.includes("ENDLIST")) throw new Error(`${name}: ${text}`);
  }
}

/** Throws if something of what was sent was lost. */
async function checkLosses({ name, port }) {
  const [{ source }] = await bridgeStreams(port);
  const missing = source.tracks.reduce((all, track) => all + track.lost, 0);
  if (source.kernel_drops + source.backlog_drops + missing > 0)
    throw new Error(`${name}: packets were lost: ${JSON.stringify(source)}`);
}

/** What each of them takes in `seconds`: [{ cpu, system }] in % of a core. */
async function watch(children, seconds) {
  const all = () => Promise.all(children.map(async ({ pid }) => ({ ...(await usage(pid)), runS: await runSeconds(pid) })));
  const before = await all(), from = performance.now();
  await sleep(seconds * 1000);
  const after = await all(), took = (performance.now() - from) / 1000;
  const of = (now, then) => ({ cpu: (100 * (now.runS - then.runS)) / took,
    system: (100 * (now.cpuS - now.userS - then.cpuS + then.userS)) / took });
  return after.map((now, i) => of(now, before[i]));
}

async function measure({ recording, seconds, classic, directory }) {
  const folder = await mkdtemp(path.join(directory, "janus-hls-bench-"));
  const children = [];
  const started = async (child) => (children.push(await child), children.at(-1));
  try {
    const sizes = await sizesOf(recording);
    const [port] = await freePorts(1);
    const ports = [port & ~1, (port & ~1) + 2].map((number) => number - 1000 * (number > 60000)); // RTCP is one above
    const both = { recording, folder, classic, seconds: WARM_UP_S + seconds + TAIL_S };
    const one = await startPublished(started, { ...both, name: "one", tracks: 1, to: `127.0.0.1:${ports.join()}` });
    const three = await startPublished(started, { ...both, name: "three", tracks: LABELS.length });
    const transcoder = await startTranscoder(started, { folder, ports, sizes });
    await sleep(1000); // until ffmpeg listens
    for (const { replay } of [one, three]) await replay();
    await sleep(WARM_UP_S * 1000);
    const figures = await watch([one.bridge, three.bridge, transcoder.ffmpeg], seconds);
    for (const child of children) if (!child.running) throw new Error(await child.obituary());
    for (const each of [one, three]) await checkLosses(each);
    const lists = classic ? /^index.*\.m3u8$/ : /^video.*\.m3u8$/;
    await checkLists(one.media, lists, 1);
    await checkLists(three.media, lists, LABELS.length);
    await checkLists(transcoder.media, /\.m3u8$/, LABELS.length - 1);
    return { sizes, figures };
  } finally {
    for (const child of children.reverse()) await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    recording: { type: "string" },
    seconds: { type: "string", default: "30" },
    classic: { type: "boolean" },
    directory: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const seconds = Number(values.seconds);
if (values.help || !(seconds > 0)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const directory = values.directory ?? await readFile("/proc/mounts", "utf8")
  .then((mounts) => (/^\S+ \/dev\/shm tmpfs /m.test(mounts) ? "/dev/shm" : os.tmpdir()));
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}; segments go to ${directory}`);
const recording = values.recording ?? (await simulcastFile());
const { sizes, figures } = await measure({ recording, seconds, classic: values.classic, directory });
const all = figures.map(({ cpu }) => cpu);
const name = ({ width, height }) => `${width}x${height}`;
const [largest, ...smaller] = sizes.map(name);
[`hls-bridge, ${largest}`, "hls-bridge, three sizes", `ffmpeg, ${smaller.join(" and ")}`].forEach((what, i) =>
  console.log(`${what.padEnd(32)}${all[i].toFixed(2).padStart(7)} % of a core, the kernel's part ` +
    `${figures[i].system.toFixed(1)}`));
const times = (a, b) => (b > 0 ? `${(a / b).toFixed(2)} times` : "not to be told");
hold("CPU of three sizes beside one", times(all[1], all[0]), `${BOUND} times`, all[1] < BOUND * all[0]);
hold("CPU of ffmpeg beside what the two smaller sizes take more", `${times(all[2], all[1] - all[0])} (beside all: ${times(all[2], all[1])})`,
  `${TIMES_FFMPEG} times and more`, all[2] >= TIMES_FFMPEG * (all[1] - all[0]));
