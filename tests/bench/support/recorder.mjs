// SPDX-License-Identifier: GPL-3.0-or-later

// Records the RTP that the plugin sends the bridge, for rtp-replay.

import { openPage, untilLive } from "../../e2e/support/browser.mjs";
import { until } from "../../e2e/support/rig.mjs";
import { Child, sleep } from "../../../tools/stack/child.mjs";
import { cardMedia, publishMedia } from "./behaviours.mjs";
import { shopSound } from "./sounds.mjs";

const SETTLE_MS = 4000; // until the encoder has its bitrate, and the reports have begun
const CAPTURE_BYTES = 262144; // longer than any packet on loopback

/**
 * In the page: draws noise below the card's clock, new in each picture, so that the encoder uses the
 * bitrate it is given. The card itself knows of none; the noise goes before the name is written.
 */
function addNoise(name) {
  const SIZE = 128, TILES = 16;
  const tiles = Array.from({ length: TILES }, () => {
    const tile = new OffscreenCanvas(SIZE, SIZE);
    const image = new ImageData(SIZE, SIZE);
    for (let i = 0; i < image.data.length; i++) image.data[i] = i % 4 === 3 ? 255 : 64 + Math.random() * 128;
    tile.getContext("2d").putImageData(image, 0, 0);
    return tile;
  });
  let picture = 0;
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (...args) {
    const context = getContext.apply(this, args);
    const { fillText } = context;
    context.fillText = function (text, ...rest) {
      const { width, height } = context.canvas;
      if (text === name)
        context.drawImage(tiles[picture++ % TILES], width * 0.3, height * 0.72, width * 0.4, height * 0.2);
      fillText.call(context, text, ...rest);
    };
    return context;
  };
}

/** Publishes the test card, `lifelike` with the picture and the sound of a shop, which publish() has not. */
async function publishCard(context, stack, stream, { width, height, rate, lifelike }) {
  const page = await openPage(context, `${stack.url}/publish.html?stream=${stream}`);
  if (lifelike) await page.evaluate(addNoise, stream);
  const sound = lifelike ? Buffer.from((await shopSound()).buffer).toString("base64") : undefined;
  await page.evaluate(async ({ sound, ...card }) => {
    const { startTestCard } = await import("/js/test-card.js");
    const under = sound && new Float32Array(Uint8Array.from(atob(sound), (c) => c.charCodeAt(0)).buffer);
    const { stream } = await startTestCard({ ...card, under });
    await window.janusHls.publisher.publish(stream, { name: card.name });
  }, { name: stream, width, height, rate, sound });
  await untilLive(page);
  return page;
}

/** Writes what is sent on loopback to `file` for so long; browsers' own packets have other addresses. */
async function capture(file, seconds) {
  // tcpdump gives root up for a user who may not write here
  const asRoot = process.getuid() === 0 ? ["-Z", "root"] : [];
  const tcpdump = new Child("tcpdump", "tcpdump",
    ["-i", "lo", ...asRoot, "-s", String(CAPTURE_BYTES), "-U", "-w", file,
      "udp and src host 127.0.0.1 and dst host 127.0.0.1"], { logFile: `${file}.log` });
  await sleep(seconds * 1000);
  await tcpdump.stop();
  if (tcpdump.status.code !== 0) throw new Error(await tcpdump.obituary());
}

/**
 * Records a publisher of the test card to the pcap file `file`.
 *   seconds, width, height, rate (pictures a second)
 *   lifelike   noise in the picture, so that the bitrate is used, and in the sound speech and music: to an
 *              encoder beeps in silence are next to nothing
 */
export async function recordTestCard(context, stack, { file, seconds, width, height, rate, lifelike }) {
  const page = await publishCard(context, stack, "recording", { width, height, rate, lifelike });
  await until("the playlist is there", async () => (await fetch(stack.playlist("recording"))).ok);
  await sleep(SETTLE_MS);
  await capture(file, seconds);
  await page.close();
}

/** Records a publisher that behaves in this way (behaviours.mjs) to the pcap file `file`. */
export async function recordBehaviour(context, stack, { prepare, media = cardMedia, publish = publishMedia, during }, { file, seconds, width, height }) {
  const card = { name: "recording", width, height };
  await prepare?.(context);
  const page = await openPage(context, `${stack.url}/publish.html?stream=${card.name}`);
  await media(page, card);
  await publish(page, card.name);
  await until("the playlist is there", async () => (await fetch(stack.playlist(card.name))).ok);
  await sleep(SETTLE_MS);
  const began = performance.now();
  const at = (second) => sleep(Math.max(0, began + second * 1000 - performance.now()));
  await Promise.all([capture(file, seconds), during?.(page, at, card)]);
  await page.close();
}
