// SPDX-License-Identifier: GPL-3.0-or-later

// What ./demo runs once everything is built: the whole path, a few addresses to open, and a line for
// each stream until Ctrl-C.

import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openRoom } from "./class/open-room.mjs";
import { bridgeStreams } from "./stack/bridge.mjs";
import { makeCertificate } from "./stack/certificate.mjs";
import { sleep } from "./stack/child.mjs";
import { startChromium } from "./stack/chromium.mjs";
import { makeFolders } from "./stack/folders.mjs";
import { signToken } from "./stack/playback-token.mjs";
import { portTrouble } from "./stack/ports.mjs";
import { newSecret, SOURCE, Stack } from "./stack/stack.mjs";
import { ViewerCount } from "./stack/viewers.mjs";
import { STREAM_NAME } from "../web-publisher/js/stream-name.js";

const KEY_BYTES = 9; // of a stream key that people may have to type
const SEATS = "30"; // a class (docs/class.md)
const SEATS_MAX = 200; // what the bridge takes, unless it is told otherwise
const TOKEN_S = 24 * 3600; // of a playback token
const STATUS_MS = 1000;
const STATUS_MS_LOG = 5000; // if nobody looks: output goes to a file

/** An error that is told as one sentence. */
class Trouble extends Error {}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        testcard: { type: "string", multiple: true, default: [] },
        protect: { type: "string", multiple: true, default: [] },
        segment: { type: "string", default: "2" },
        playlist: { type: "string", default: "6" },
        lan: { type: "boolean", default: false },
        open: { type: "boolean", default: false },
        admin: { type: "boolean", default: false },
        class: { type: "boolean", default: false },
        seats: { type: "string", default: SEATS },
        dir: { type: "string" },
        verbose: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new Trouble(`${error.message.split(". ")[0]}. Try ./demo --help`);
  }
  values.port = Number(values.port);
  if (!Number.isInteger(values.port) || values.port < 1 || values.port > 65535)
    throw new Trouble("--port takes a port from 1 to 65535");
  values.segment = Number(values.segment);
  if (!(values.segment >= 1 && values.segment <= 60)) throw new Trouble("--segment takes 1 to 60 seconds");
  values.playlist = Number(values.playlist);
  if (!(Number.isInteger(values.playlist) && values.playlist >= 3 && values.playlist <= 60))
    throw new Trouble("--playlist takes 3 to 60 segments");
  values.seats = Number(values.seats);
  if (!(Number.isInteger(values.seats) && values.seats >= 1 && values.seats <= SEATS_MAX))
    throw new Trouble(`--seats takes 1 to ${SEATS_MAX} publishers`);
  values.lan ||= values.class;
  for (const option of ["testcard", "protect"])
    for (const name of values[option])
      if (!STREAM_NAME.test(name)) throw new Trouble(`--${option} ${name}: a stream name is 1 to 64 of A-Z a-z 0-9 _ -`);
  return values;
}

/** The addresses under which other machines see this one. */
function lanAddresses() {
  return Object.values(os.networkInterfaces())
    .flat()
    .filter((address) => address.family === "IPv4" && !address.internal)
    .map((address) => address.address);
}

async function checkPort(port, host) {
  const trouble = await portTrouble(port, host);
  if (trouble === "EADDRINUSE")
    throw new Trouble(`Port ${port} is in use by another program: end it, or choose another with --port`);
  if (trouble === "EACCES")
    throw new Trouble(`Port ${port} may be used by root alone: choose one above 1023 with --port`);
  if (trouble === "EBLOCKED")
    throw new Trouble(`Port ${port} is one that no browser opens, since other protocols have it: choose another with --port`);
  if (trouble) throw new Trouble(`Port ${port} cannot be used: ${trouble}`);
}

/* ---- what people see ---- */

const bold = (text) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
const say = (text) => console.log(text);

function printQr(text) {
  const require = createRequire(path.join(SOURCE, "web-publisher", "package.json"));
  const code = require("qrcode-generator")(0, "L");
  code.addData(text);
  code.make();
  say(code.createASCII(1, 2));
}

/** What `--lan` opens, and what it does not. */
function printOpened(stack, publishing) {
  say("");
  say(`  Open to your network while this runs, on ${stack.url}:`);
  say("  - the pages and all streams, to whoever asks");
  if (publishing.pass) say("  - publishing under any name, to whoever has the students' link");
  else if (publishing.key) say(`  - publishing as ${bold(publishing.name)}, to whoever has the key in the link above (any name: --open)`);
  else say("  - publishing under any name, to whoever asks (--open)");
  if (stack.options.class) say("  - the class page: what each part says of a stream; its buttons, to whoever has its link");
  say("  - UDP ports of Janus, to the browsers that publish");
  say("  All else is open to this machine alone: the status page, Janus's and the bridge's APIs.");
  say("");
  say("  The certificate is our own: browsers warn once, and VLC asks. Scan this with a phone:");
  printQr(publishing.url);
}

function printInside(stack) {
  const own = `${stack.options.tls ? "https" : "http"}://localhost:${stack.port}`;
  say("");
  say("  Inside:");
  say(`  Status    ${own}/status.html`);
  say(`  Embed     ${own}/embed.html, the page docs/examples/embed.html`);
  if (stack.options.admin) {
    say(`  Janus     http://127.0.0.1:${stack.janusHttpPort}/janus`);
    say(`  admin     http://127.0.0.1:${stack.adminHttpPort}/admin, secret ${stack.adminSecret}`);
  }
  say(`  bridge    http://127.0.0.1:${stack.bridgePort}/streams, /metrics`);
  say(`  files     ${stack.options.folder}`);
}

/** The links of a class. Those of the teacher have the key of the buttons, behind #, and are for no screen of the room. */
function printClass(stack, publishing) {
  say("");
  say("  The class:");
  say(`  Students  ${bold(publishing.url)}`);
  say(`  Wall      ${bold(`${stack.url}/wall.html?pass=${publishing.pass}`)}`);
  say(`  Teacher   ${bold(`${stack.url}/wall.html?pass=${publishing.pass}#key=${stack.classKey}`)}  (secret: it kicks and mutes)`);
  say(`  Slides    ${bold(`${stack.url}/slides.html`)}`);
  say(`  Class     ${bold(stack.classUrl)}  (secret: its buttons make trouble)`);
}

/** What viewers of protected streams need, each with a token for a day. */
function printProtected(stack, names) {
  for (const stream of names) {
    const token = signToken(stack.options.secrets, { stream, exp: Math.floor(Date.now() / 1000) + TOKEN_S });
    say("");
    say(`  Protected ${bold(`${stack.url}/watch.html?stream=${stream}#token=${token}`)}`);
    say(`  VLC       ${stack.withToken(stack.playlist(stream), token)}`);
  }
}

/** `publishing`: as of whoMayPublish(). */
function printAddresses(stack, { lan, testcard, protect }, publishing) {
  const watched = testcard.find((name) => !protect.includes(name)) ?? publishing.name;
  say("");
  say(`  Publish   ${bold(publishing.url)}`);
  say(`  Watch     ${bold(`${stack.url}/`)}`);
  say(`  VLC       ${bold(`vlc ${stack.playlist(watched)}`)}`);
  say(`  Sizes     ${stack.sizes(watched)}`);
  say(`  DASH      ${stack.manifest(watched)}`);
  printProtected(stack, protect);
  if (stack.options.class) printClass(stack, publishing);
  if (lan) printOpened(stack, publishing);
  printInside(stack);
  say("");
  say("Ctrl-C ends everything.");
  say("");
}

function describe(stream, viewers) {
  const s = stream.source;
  const columns = [stream.name.padEnd(12)];
  if (stream.state !== "live" || !s) {
    columns.push(stream.state === "held" ? "waiting for its publisher" : "ended");
  } else {
    const received = s.tracks.reduce((sum, track) => sum + track.packets, 0);
    const lost = s.tracks.reduce((sum, track) => sum + track.lost, 0);
    columns.push(
      s.width ? `${s.width}x${s.height}` : "sound only",
      `${s.frame_rate.toFixed(0)} fps`,
      `${((s.video_bitrate + s.audio_bitrate) / 1e6).toFixed(2)} Mbit/s`,
      `loss ${((100 * lost) / Math.max(1, received + lost)).toFixed(1)} %`,
      `${stream.output.segments} segments`,
      `${viewers} ${viewers === 1 ? "viewer" : "viewers"}`,
    );
  }
  return columns.join("  ");
}

/** Prints a line for each stream, over the last ones if there is a terminal. */
class StatusLines {
  #printed = 0;

  print(lines) {
    if (process.stdout.isTTY) {
      if (this.#printed) process.stdout.write(`\x1b[${this.#printed}A\x1b[J`);
      this.#printed = lines.length;
    }
    for (const line of lines) say(line);
  }
}

async function showStatus(stack, viewers, stopped) {
  const status = new StatusLines();
  let before = "";
  while (!stopped()) {
    const streams = await bridgeStreams(stack.bridgePort).catch(() => []);
    await viewers.read();
    await viewers.tell(stack.hls, streams).catch(() => {}); // a full disk: the lines here go on
    const lines = streams
      .filter((stream) => stream.state !== "ended")
      .map((stream) => describe(stream, viewers.of(stream.name)));
    if (lines.length || before) status.print(lines.length ? lines : ["Nobody is live."]);
    before = lines.join();
    await sleep(process.stdout.isTTY ? STATUS_MS : STATUS_MS_LOG);
  }
}

/* ---- life ---- */

/**
 * Who may publish: on this machine anybody, in a network those who have been given a key, unless --open.
 * Returns { open, keys } for the stack, a Map of each name's, and the { name, key } for people; test cards have keys of
 * their own. In a class it is those who have its `pass`, under any name.
 */
function whoMayPublish({ lan, open, testcard, class: isClass }) {
  if (isClass) return { open: true, keys: new Map(), name: "NAME", pass: newSecret(KEY_BYTES) };
  const name = !testcard.includes("demo") ? "demo" : lan ? "phone" : "camera"; // one that is free
  if (!lan || open) return { open: true, keys: new Map(), name };
  const keys = new Map([...testcard, name].map((each) => [each, newSecret(KEY_BYTES)]));
  return { open: false, keys, name, key: keys.get(name) };
}

/** The publish page, filled in. */
function publishUrl(stack, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return `${stack.url}/publish.html${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

async function makeFolder(options) {
  if (!options.dir) return mkdtemp(path.join(os.tmpdir(), "janus-hls-"));
  const folder = path.resolve(options.dir);
  await makeFolders(folder).catch((error) => {
    throw new Trouble(`--dir ${folder} cannot be made: ${error.message}`);
  });
  return folder;
}

/** What the stack is told; `addresses`: of lanAddresses(). */
async function stackOptions({ lan, port, admin, protect, segment, playlist, verbose, class: isClass }, folder, addresses) {
  const localNames = ["localhost", "127.0.0.1"];
  return {
    folder,
    port,
    listenAll: lan,
    host: lan ? addresses[0] : "localhost",
    hosts: lan ? [...localNames, ...addresses, os.hostname(), `${os.hostname()}.local`] : localNames,
    tls: lan ? await makeCertificate(folder, addresses) : null,
    usualPorts: true,
    admin: admin ? "http" : undefined,
    status: true,
    sample: true,
    class: isClass,
    protect,
    secrets: protect.length ? { demo: newSecret() } : undefined,
    bridgeSettings: { "hls.segment": segment, "hls.playlist": playlist },
    bridgeArgs: verbose ? ["--verbose"] : [],
  };
}

/** The addresses of this machine that WebRTC can use: there is one at least. */
function usableAddresses() {
  const addresses = lanAddresses();
  if (addresses.length === 0)
    throw new Trouble("No network interface is up, and WebRTC does not use loopback: connect to any network");
  return addresses;
}

/** Publishes test cards, with a browser each, which `others` takes as it comes; none once `isEnding()`. */
async function publishCards(stack, names, publishing, { folder, onDeath, others, isEnding }) {
  for (const name of names) {
    if (isEnding()) return;
    say(`Publishing the test card as ${name} …`);
    others.push(await startChromium({
      url: publishUrl(stack, { stream: name, key: publishing.keys.get(name), pass: publishing.pass, source: "testcard", auto: "again" }),
      folder,
      onDeath,
    }));
  }
}

async function main() {
  const options = readOptions();
  const addresses = usableAddresses();
  await checkPort(options.port, options.lan ? "0.0.0.0" : "127.0.0.1");

  const folder = await makeFolder(options);
  const others = []; // what runs beside the stack
  let end; // called with the exit status, once
  let ending = false;
  const isEnding = () => ending;
  const ended = new Promise((resolve) => {
    end = (status) => {
      ending = true;
      resolve(status);
    };
  });
  const onDeath = async (child) => {
    if (ending) return;
    ending = true; // what dies next dies of it
    console.error(`\n${await child.obituary()}`);
    end(1);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(0));

  const publishing = whoMayPublish(options);
  const stack = new Stack({
    ...(await stackOptions(options, folder, addresses)),
    open: publishing.open,
    keys: Object.fromEntries(publishing.keys),
    say,
    onDeath,
  });
  let room = null; // of a class
  const started = (async () => {
    if (options.class) room = await openRoom(stack, { seats: options.seats, pass: publishing.pass });
    await stack.start();
    if (ending) return;
    // if many publish, each has a name of its own
    publishing.url = publishUrl(stack, publishing.pass ? { pass: publishing.pass }
      : options.open ? {} : { stream: publishing.name, key: publishing.key });
    printAddresses(stack, options, publishing);
    await publishCards(stack, options.testcard, publishing, { folder, onDeath, others, isEnding });
  })();
  const life = started.then(() => showStatus(stack, new ViewerCount(stack.logs), isEnding));
  life.catch((error) => {
    if (!ending) console.error(error.message);
    end(1);
  });

  const status = await ended;
  if (process.stdout.isTTY) say("");
  say("Stopping …");
  await started.catch(() => {}); // Ctrl-C may come before all is up
  for (const child of others) await child.stop();
  room?.close();
  await stack.stop();
  if (options.dir || status !== 0) say(`Logs and segments are in ${folder}`);
  else await rm(folder, { recursive: true, force: true });
  return status;
}

main().then(
  (status) => process.exit(status),
  (error) => {
    console.error(error instanceof Trouble ? `demo: ${error.message}` : error);
    process.exit(1);
  },
);
