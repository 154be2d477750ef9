// SPDX-License-Identifier: GPL-3.0-or-later

// Other codecs than H.264, from a real browser through the real path: VP9 and AV1 are seen, as they were sent, in players
// that take them; of VP8 the sound is heard, and everybody is told why there is no picture.

import assert from "node:assert/strict";
import test from "node:test";
import { messageOf, openPage, publish, withBrowser } from "./support/browser.mjs";
import { openPlayer, plays } from "./support/npm-player.mjs";
import { until, withStack } from "./support/rig.mjs";
import { servePages } from "./support/viewer.mjs";

const SIZE = "320x180";
const CODECS = { vp9: /CODECS="vp09\.00\.\d\d\.08,mp4a\.40\.2"/, av1: /CODECS="av01\.0\.\d\dM\.08,mp4a\.40\.2"/ };

const textOf = async (url) => {
  const response = await fetch(url, { cache: "no-store" });
  assert.equal(response.status, 200, url);
  return response.text();
};

const bridgeSays = async (stack, stream) => (await fetch(`http://127.0.0.1:${stack.bridgePort}/streams/${stream}`)).json();

/** Plays on, with a picture of one of these sizes; none: it is to have no picture. */
async function shows(t, page, ...expected) {
  const { sizes } = await plays(page, t);
  const seen = [...new Set(sizes.filter((size) => size !== "0x0"))];
  assert.ok(seen.every((size) => expected.includes(size)), `${page.player}: ${seen}`);
  assert.equal(seen.length > 0, expected.length > 0, page.player);
}

/** Seen untouched: the lists, hls.js, and a player of DASH. */
async function isSeen(t, stack, context, pages, codec, dashPlayer) {
  await until(`${codec} is listed`, async () => CODECS[codec].test(await textOf(stack.master(codec))));
  await until(`${codec} is in the manifest`, async () =>
    (await textOf(stack.manifest(codec))).includes(codec === "vp9" ? 'codecs="vp09.' : 'codecs="av01.'));
  const players = [["hls12", stack.master(codec), SIZE], [dashPlayer, stack.manifest(codec), SIZE], ["hls12", stack.playlist(codec)]];
  await Promise.all(players.map(async ([player, url, ...sizes]) => {
    const page = await openPlayer(context, pages, player, url);
    await shows(t, page, ...sizes);
    await page.close();
  }));
  const { source } = await bridgeSays(stack, codec);
  assert.ok(source.tracks.some((track) => track.kind === "video" && track.codec === codec), JSON.stringify(source.tracks));
  assert.equal(source.problem, "codec"); // classic HLS has the sound alone
}

async function isHeard(t, stack, context, pages, publisher) {
  await until("the page says that nobody sees it", async () => /VP8 is heard and not seen/.test(await messageOf(publisher)));
  await until("the status says why there is no picture", async () =>
    (await bridgeSays(stack, "vp8")).source.problem === "no-player");
  await Promise.all([stack.playlist("vp8"), stack.master("vp8")].map(async (url) => {
    await until(`${url} is there`, async () => (await fetch(url)).ok);
    const page = await openPlayer(context, pages, "hls12", url);
    await shows(t, page);
    await page.close();
  }));
}

test("a browser sends VP9, AV1 and VP8", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ janus: { general: '  video_codecs = "h264, vp8, vp9, av1"\n' } }, async (stack) => {
    await withBrowser({}, async (context) => {
      const publishers = {};
      for (const codec of ["vp9", "av1", "vp8"]) publishers[codec] = await publish(context, stack, codec, { size: SIZE, codec });
      await Promise.all([
        isSeen(t, stack, context, pages, "vp9", "shaka"),
        isSeen(t, stack, context, pages, "av1", "dashjs"),
        isHeard(t, stack, context, pages, publishers.vp8),
      ]);

      const page = await openPage(context, `${stack.url}/publish.html?stream=other&source=testcard&auto=1&codec=h265`);
      await until("a codec that this browser does not send is refused with a sentence", async () =>
        /does not send that video codec/.test(await messageOf(page)));
    });
  });
});

// what the bridge makes of a picture of SIZE; one rung, so that it costs little
const RUNG = "160x90";

/** Whether the newest whole segment of each size begins with a key frame: an encoder that is short of time is behind. */
async function keepsUp(stack, codec) {
  const lists = (await textOf(stack.master(codec))).match(/^video.*m3u8$/gm) ?? [];
  const texts = await Promise.all(lists.map((list) => textOf(new URL(list, stack.master(codec)))));
  return texts.length > 0 && texts.every((text) => {
    const parts = text.split(/^#EXTINF/m).at(-2)?.match(/^#EXT-X-PART:.*$/gm);
    return /INDEPENDENT=YES/.test(parts?.[0] ?? "");
  });
}

test("with a ladder, what a browser sends as VP9, AV1 and VP8 is seen as H.264", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ bridgeSettings: { "transcode.ladder": "90p:100k" }, janus: { general: '  video_codecs = "h264, vp8, vp9, av1"\n' } }, async (stack) => {
    await withBrowser({}, async (context) => {
      for (const codec of ["vp9", "av1", "vp8"]) {
        const publisher = await publish(context, stack, codec, { size: SIZE, codec });
        const copied = CODECS[codec] ? [SIZE] : [];
        await until(`the rung of ${codec} is listed`, async () => /CODECS="avc1[^"]*",RESOLUTION=160x90/.test(await textOf(stack.master(codec))));
        await until(`the encoder of ${codec} keeps up`, () => keepsUp(stack, codec)); // or an old player never begins
        // of classic HLS; and of low latency as it was sent, if the player takes that
        await Promise.all([[stack.playlist(codec), RUNG], [stack.master(codec), ...copied, RUNG], [stack.manifest(codec), ...copied, RUNG]]
          .map(async ([url, ...sizes]) => {
            await until(`${url} is there`, async () => (await fetch(url)).ok);
            const page = await openPlayer(context, pages, url.endsWith(".mpd") ? "dashjs" : "hls12", url);
            await shows(t, page, ...sizes);
            await page.close();
          }));
        assert.equal((await bridgeSays(stack, codec)).source.problem, undefined);
        await publisher.close();
      }
    });
  });
});
