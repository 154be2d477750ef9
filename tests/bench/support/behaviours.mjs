// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher, or the network before it, can do while it is recorded. Each behaviour is
//   what        a line for people
//   seconds     of the recording, unless told otherwise
//   switches    of Chromium's command line
//   prepare(context)                 before the page is opened
//   media(page, card)                in the page: keeps what is published in window.media; the test card, unless told
//   publish(page, name)              publishes that, and waits until it is live; as one layer, unless told
//   during(page, at, card)           at(s) resolves when the recording is so old
// A card is { name, width, height }.

import { readdir, readFile, readlink } from "node:fs/promises";
import { mute, showInstead, untilLive } from "../../e2e/support/browser.mjs";
import { withLoss } from "../../e2e/support/network.mjs";
import { sleep, until } from "../../e2e/support/rig.mjs";
import { SIMULCAST_SWITCHES } from "../../e2e/support/simulcast.mjs";

const LOSS = 0.05;
const STALL_MS = 2500;

/** The test card, whose tracks go into window.media. */
export const cardMedia = (page, card) => page.evaluate(async (wanted) => {
  const { startTestCard } = await import("/js/test-card.js");
  window.media = (await startTestCard(wanted)).stream;
}, card);

/** The card's picture, with a sound that comes out of an AudioContext, and so from the browser's audio process. */
const cardWithContextSound = (page, card) => page.evaluate(async (wanted) => {
  const { startTestCard } = await import("/js/test-card.js");
  const { startTestSound } = await import("/js/test-sound.js");
  const { stream } = await startTestCard(wanted);
  const Generator = window.MediaStreamTrackGenerator;
  window.MediaStreamTrackGenerator = undefined; // so that it is not written sample by sample
  const { track } = await startTestSound();
  window.MediaStreamTrackGenerator = Generator;
  window.media = new MediaStream([...stream.getVideoTracks(), track]);
}, card);

/** A tab that shows a page that does not move, shared as people share a screen; and the test card's sound. */
async function sharedScreen(page, { width, height }) {
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.evaluate(async (size) => {
    for (const part of document.body.children) part.style.display = "none"; // whatever may move
    const slide = document.createElement("h1");
    slide.textContent = "A slide that stands still";
    slide.style = "background: #246; color: #fff; font-size: 90px";
    document.body.append(slide);
    const screen = await navigator.mediaDevices.getDisplayMedia({ video: size, preferCurrentTab: true, selfBrowserSurface: "include" });
    const { startTestSound } = await import("/js/test-sound.js");
    const { track } = await startTestSound();
    window.media = new MediaStream([...screen.getVideoTracks(), track]);
  }, { width, height });
}

/** Publishes what is in window.media as `name`, and waits until it is live. */
export async function publishMedia(page, name) {
  await page.evaluate((stream) =>
    window.janusHls.publisher.publish(window.media, { name: stream, key: "the recorder's key" }), name);
  await untilLive(page);
}

/** Changes the session description that the page is answered. */
const editAnswer = (context, from, to) => context.addInitScript(([text, other]) => {
  const apply = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    return apply.call(this, { type: description.type, sdp: description.sdp.replaceAll(text, other) });
  };
}, [from, to]);

/**
 * The page offers neither NACK nor PLI: Janus takes either for leave to ask for what is lost, and Chromium sends it again
 * when it is asked. Key frames come on request all the same.
 */
const offerNoRepair = (context) => context.addInitScript(() => {
  const { createOffer } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createOffer = async function (...args) {
    const { type, sdp } = await createOffer.apply(this, args);
    return { type, sdp: sdp.replace(/a=rtcp-fb:\d+ nack( pli)?\r\n/g, "") };
  };
});

/** The browser's audio processes in this network namespace, which is ours alone: [pid]. */
async function audioProcesses() {
  const ours = await readlink("/proc/self/ns/net");
  const found = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (/--utility-sub-type=audio\.mojom\.AudioService/.test(line) &&
        (await readlink(`/proc/${pid}/ns/net`).catch(() => "")) === ours) found.push(Number(pid));
  }
  if (found.length === 0) throw new Error("Chromium has no audio process");
  return found;
}

const LAYERS = { scales: [4, 8, 16], bitrates: [120000, 60000, 36000] }; // small, but each worth pausing

/** Publishes what is in window.media in three sizes, each a quarter of what the page would send, for a small recording. */
async function publishLayers(page, name) {
  await page.evaluate(([stream, { scales, bitrates }]) => {
    const publisher = window.janusHls.publisher;
    window.shrink = async () => {
      const sender = publisher.peerConnection.getSenders().find(({ track }) => track?.kind === "video");
      const parameters = sender.getParameters();
      parameters.encodings.forEach((encoding, i) =>
        Object.assign(encoding, { scaleResolutionDownBy: scales[i], maxBitrate: bitrates[i] }));
      await sender.setParameters(parameters);
    };
    return publisher.publish(window.media, { name: stream, key: "the recorder's key", simulcast: true });
  }, [name, LAYERS]);
  await untilLive(page);
  await page.evaluate(() => window.shrink());
  await untilLayersRun(page, LAYERS.scales.length);
}

/** Waits until the page sends `count` layers. */
const untilLayersRun = (page, count) => until(`${count} layers run`, () => page.evaluate(async (wanted) => {
  let running = 0;
  (await window.janusHls.publisher.peerConnection.getStats()).forEach(({ type, kind, framesPerSecond }) =>
    (running += type === "outbound-rtp" && kind === "video" && framesPerSecond > 0));
  return running === wanted;
}, count));

const cap = (page, bitrate) => page.evaluate((bps) => window.janusHls.publisher.configure({ bitrate: bps }), bitrate);

const losing = async (page, at) => {
  await at(3);
  await withLoss(LOSS, () => at(11));
};

export const BEHAVIOURS = {
  clean: { what: "the test card", seconds: 13 },
  dtx: {
    what: "DTX: silence is not sent, neither between the beeps nor while it is muted from 4 s to 10 s",
    seconds: 15,
    prepare: (context) => editAnswer(context, "usedtx=0", "usedtx=1"),
    async during(page, at) {
      await at(4);
      await mute(page, true);
      await at(10);
      await mute(page, false);
    },
  },
  mute: {
    what: "muted from 4 s to 10 s, without DTX: silence is sent",
    seconds: 15,
    async during(page, at) {
      await at(4);
      await mute(page, true);
      await at(10);
      await mute(page, false);
    },
  },
  still: { what: "a shared screen that stands still, with the test card's sound", seconds: 15, media: sharedScreen,
    switches: ["--auto-accept-this-tab-capture"] },
  resize: {
    what: "half the size from 5 s to 10 s: the encoder scales down, as for a slow network",
    seconds: 15,
    async during(page, at) {
      const scale = (by) => page.evaluate(async (factor) => {
        const sender = window.janusHls.publisher.peerConnection.getSenders().find(({ track }) => track.kind === "video");
        const parameters = sender.getParameters();
        parameters.encodings[0].scaleResolutionDownBy = factor;
        await sender.setParameters(parameters);
      }, by);
      await at(5);
      await scale(2);
      await at(10);
      await scale(1);
    },
  },
  rotation: {
    what: "turned from 5 s to 10 s: width and height change places, and back",
    seconds: 15,
    async during(page, at, { width, height }) {
      await at(5);
      await showInstead(page, { width: height, height: width });
      await at(10);
      await showInstead(page, { width, height });
    },
  },
  "loss-repaired": {
    what: "5 % of all packets are lost from 3 s to 11 s, and sent again when Janus asks (NACK)",
    seconds: 15,
    during: losing,
  },
  "loss-stays": {
    what: "5 % of all packets are lost from 3 s to 11 s, and stay lost: no NACK",
    seconds: 15,
    prepare: offerNoRepair,
    during: losing,
  },
  reload: {
    what: "the page is loaded again at 5 s, and goes live under the same name: other SSRCs, numbers and ports",
    seconds: 17,
    async during(page, at, card) {
      await at(5);
      await page.reload();
      await cardMedia(page, card);
      await publishMedia(page, card.name);
    },
  },
  layers: {
    what: "three layers of a quarter of SIZE and less; two of them pause at 5 s, for lack of bandwidth, and come back after 12 s",
    seconds: 23,
    switches: SIMULCAST_SWITCHES,
    publish: publishLayers,
    async during(page, at) {
      await at(5);
      await cap(page, 64000);
      await at(12);
      await cap(page, 2500000);
    },
  },
  stall: {
    what: "the sound card stalls at 5 s for 2.5 s: the browser's audio process stands still",
    seconds: 16,
    media: cardWithContextSound,
    async during(page, at) {
      const processes = await audioProcesses();
      await at(5);
      for (const pid of processes) process.kill(pid, "SIGSTOP");
      await sleep(STALL_MS);
      for (const pid of processes) process.kill(pid, "SIGCONT");
    },
  },
};
