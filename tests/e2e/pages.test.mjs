// SPDX-License-Identifier: GPL-3.0-or-later

// The pages as people use them: what they are told when something fails, and the way back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import test from "node:test";
import { messageOf, openPage, publish, untilLive, withBrowser } from "./support/browser.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

const BUSY = 475; // docs/protocol.md

const says = (page, pattern) => until(`the page says ${pattern}`, async () => pattern.test(await messageOf(page)));

/** Everything is as wide as a phone at the most, and `selector` can be seen without scrolling. */
async function fitsPhone(page, selector) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  const { y, height } = await page.locator(selector).boundingBox();
  assert.ok(y + height <= 844, `${selector} ends at ${y + height}`);
  await page.setViewportSize(before);
}

test("from the preview to live and back, by keyboard alone", () =>
  withStack({}, (stack) =>
    withBrowser({ fakeCamera: true }, async (context) => {
      const page = await openPage(context, `${stack.url}/publish.html?stream=shop`);
      await page.focus("#show-preview");
      await page.keyboard.press("Enter");
      await says(page, /This is what viewers will see/);
      assert.ok(await page.evaluate(() => document.getElementById("preview").srcObject.active));

      await page.focus("#name");
      await page.keyboard.press("Enter");
      await untilLive(page);
      assert.equal(await page.inputValue("#vlc-link"), stack.playlist("shop"));
      assert.match(await page.inputValue("#watch-link"), /watch\.html\?stream=shop$/);
      assert.ok(!(await page.locator("#qr").isVisible()), "a phone would ask itself for 127.0.0.1");
      await until("figures", async () => /1280 × 720/.test(await page.textContent("#figure-size")));
      await says(page, /You are live/);
      await until("viewers can open it", async () => /can open it now/.test(await page.textContent("#links-state")));

      await fitsPhone(page, "#stop");
      await page.focus("#mute");
      await page.keyboard.press("Space");
      assert.equal(await page.getAttribute("#mute", "aria-pressed"), "true");
      await page.focus("#stop");
      await page.keyboard.press("Enter");
      await says(page, /not live any more/);
      assert.ok(await page.isVisible("#go"));
      assert.deepEqual(page.errors, []);
    })));

test("a phone may scan an address that it can reach", () =>
  withStack({}, (stack) => {
    const site = `http://live.example.com:${stack.port}`;
    const switches = ["--host-resolver-rules=MAP live.example.com 127.0.0.1", `--unsafely-treat-insecure-origin-as-secure=${site}`];
    return withBrowser({ switches }, async (context) => {
      await publish(context, { url: site }, "shop");
      await until("the QR code is there", () => context.pages()[0].locator("#qr svg").isVisible());
    });
  }));

test("a camera that is denied is explained, and the test card is a way on", () =>
  withStack({}, (stack) =>
    withBrowser({ denyCamera: true }, async (context) => {
      const page = await openPage(context, `${stack.url}/publish.html?stream=shop`);
      await page.click("#go");
      await says(page, /was not allowed to use/);
      await page.click("text=Test card");
      await page.click("#go");
      await untilLive(page);
      assert.deepEqual(page.errors, []);
    })));

/** Counts in window.opened what asks for a camera, a microphone or a screen. */
const countOpened = (context) => context.addInitScript(() => {
  window.opened = 0;
  for (const name of ["getUserMedia", "getDisplayMedia"]) {
    const open = navigator.mediaDevices[name].bind(navigator.mediaDevices);
    navigator.mediaDevices[name] = (...args) => (window.opened++, open(...args));
  }
});

test("an address that somebody was sent opens no camera and no screen", () =>
  withStack({}, (stack) =>
    withBrowser({ fakeCamera: true }, async (context) => {
      await countOpened(context);
      for (const source of ["", "&source=camera", "&source=screen", "&source=nonsense"]) {
        const page = await openPage(context, `${stack.url}/publish.html?stream=theirs&key=theirs-too&auto=1${source}`);
        await says(page, /an address alone opens no camera/);
        assert.equal(await page.evaluate(() => window.opened), 0, source);
        assert.ok(await page.isVisible("#go"), source);
        assert.ok(await page.isVisible("#key"), "the key that was filled in is seen to be there");
        await page.close();
      }
      const page = await openPage(context, `${stack.url}/publish.html?stream=theirs&auto=1&source=camera`);
      assert.equal(await page.inputValue("#name"), "theirs");
      await page.click("#go");
      await untilLive(page);
      assert.equal(await page.evaluate(() => window.opened), 1);
      assert.deepEqual(page.errors, []);
    })));

test("an address that somebody was sent ends nothing that is live in another tab", () =>
  withStack({}, (stack) =>
    withBrowser({ fakeCamera: true }, async (context) => {
      const mine = await openPage(context, `${stack.url}/publish.html?stream=shop`);
      await mine.click("#go");
      await untilLive(mine);
      const link = await openPage(context, `${stack.url}/publish.html?stream=shop&source=testcard&auto=1`);
      await says(link, /Somebody else is live as shop/);
      await link.goto(`${stack.url}/publish.html?stream=theirs&source=testcard&auto=1`);
      await untilLive(link);
      const later = await openPage(context, `${stack.url}/publish.html`);
      assert.equal(await later.inputValue("#name"), "shop", "the name that was gone live with by hand");
      await says(mine, /You are live/);
      assert.deepEqual([...mine.errors, ...link.errors, ...later.errors], []);
    })));

/** Serves `text` as a page of another site, and gives `body` its address. */
async function withOtherSite(text, body) {
  const site = http.createServer((request, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(text));
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  try {
    await body(`http://127.0.0.1:${site.address().port}/`);
  } finally {
    site.closeAllConnections();
    site.close();
  }
}

test("another site may show the player in a frame, and no page that can do something", () =>
  withStack({ status: true }, (stack) =>
    withBrowser({}, async (context) => {
      const names = ["publish.html", "status.html", "watch.html?stream=shop"];
      const frames = names.map((name) => `<iframe src="${stack.url}/${name}"></iframe>`).join("");
      await withOtherSite(frames, async (address) => {
        const page = await openPage(context, address);
        const titles = await Promise.all(page.frames().slice(1).map((frame) => frame.title()));
        assert.deepEqual(titles.map((title) => /janus-hls/.test(title)), [false, false, true]);
      });
    })));

test("a browser without an H.264 encoder is told what to do", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await context.addInitScript(() => {
        const all = RTCRtpSender.getCapabilities.bind(RTCRtpSender);
        RTCRtpSender.getCapabilities = (kind) => {
          const found = all(kind);
          return { ...found, codecs: found.codecs.filter((codec) => codec.mimeType !== "video/H264") };
        };
      });
      const page = await openPage(context, `${stack.url}/publish.html?stream=shop&source=testcard&auto=1`);
      await says(page, /no H\.264 encoder/);
      assert.ok(await page.isVisible("#go"));
    })));

test("a server that is down is waited for", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await stack.parts.janus.stop();
      const page = await openPage(context, `${stack.url}/publish.html?stream=shop&source=testcard&auto=1`);
      await says(page, /Trying again/);
      await stack.startJanus();
      await untilLive(page, 20000);
    })));

/** The first answer to publish is an error that passes. */
async function refuseOnce(context) {
  let refused = false;
  await context.routeWebSocket(/\/janus$/, (page) => {
    page.connectToServer().onMessage((text) => {
      const message = JSON.parse(text);
      const isAnswer = message.plugindata?.data?.hls === "published";
      if (isAnswer && !refused) {
        refused = true;
        const data = { hls: "error", error_code: BUSY, error: "there is no room just now: try again in some seconds" };
        page.send(JSON.stringify({ ...message, jsep: undefined, plugindata: { ...message.plugindata, data } }));
      } else page.send(text);
    });
  });
}

test("a server that has no time for a publisher is asked again", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await refuseOnce(context);
      const page = await openPage(context, `${stack.url}/publish.html?stream=shop&source=testcard&auto=1`);
      await says(page, /no room just now.*Trying again/);
      await untilLive(page, 20000);
    })));

/** As if the low-latency playlist came a look later than the classic one. */
async function delayLowLatency(context) {
  let asked = 0;
  await context.route("**/master.m3u8", (route) => (asked++ ? route.continue() : route.fulfill({ status: 404 })));
}

test("the watch page waits, plays, tells the distance, and sees the end", () =>
  withStack({ bridgeSettings: { "hls.hold": 3 } }, (stack) =>
    withBrowser({}, async (context) => {
      await delayLowLatency(context);
      const watch = await openPage(context, `${stack.url}/watch.html?stream=shop&measure`);
      const overlay = () => watch.textContent("#waiting-text");
      await until("it waits", async () => /Not live yet/.test(await overlay()));
      const page = await publish(context, stack, "shop");
      await until("it starts by itself", () => watch.isHidden("#waiting"), 15000);
      await until("at low latency", async () => /Low latency/.test(await watch.textContent("#measure-text")));
      await until("the distance to live", async () => /^\d+\.\d s$/.test(await watch.textContent("#figure-latency")));
      const behind = parseFloat(await watch.textContent("#figure-latency"));
      assert.ok(behind > 0.3 && behind < 3, `${behind} s behind live`);
      await until("it says LIVE", async () => (await watch.textContent("#badge")) === "LIVE");
      await fitsPhone(watch, "#figure-latency");
      await watch.click("#unmute");
      assert.equal(await watch.evaluate(() => document.getElementById("player").muted), false);
      await until("the button has done its work", () => watch.isHidden("#unmute"));
      await page.click("#stop");
      await until("it sees the end", async () => /has ended/.test(await overlay()) && watch.isVisible("#waiting"), 20000);
      await page.click("#go");
      await until("and the stream coming back", () => watch.isHidden("#waiting"), 20000);
      assert.deepEqual(watch.errors, []);
    })));

/** Whether pictures come: the video element's clock goes on by a second. */
async function plays(page) {
  await until("the page says that it plays", async () => (await page.textContent("#state")) === "playing");
  const time = () => page.evaluate(() => document.querySelector("video").currentTime);
  const before = await time();
  await until("it goes on", async () => (await time()) > before + 1);
}

test("a shop's own page embeds the player in ten lines, on this site and on another one", () =>
  withStack({ sample: true }, async (stack) => {
    const sample = await readFile(new URL("../../docs/examples/embed.html", import.meta.url), "utf8");
    const elsewhere = sample.replace('from "/js/', `from "${stack.url}/js/`).replace("player.start();", "$& window.player = player;");
    assert.ok(sample.split("<script")[1].split("</script>")[0].trim().split("\n").length <= 10);
    await withOtherSite(elsewhere, (address) =>
      withBrowser({}, async (context) => {
        const pages = [await openPage(context, `${stack.url}/embed.html`), await openPage(context, address)];
        for (const page of pages)
          await until("it waits", async () => (await page.textContent("#state")) === "waiting");
        await publish(context, stack, "demo");
        for (const page of pages) await plays(page);
        const other = pages[1];
        assert.ok(await other.evaluate(() => window.player.isLowLatency));
        await other.evaluate(() => window.player.stop());
        const asked = [];
        other.on("request", (request) => asked.push(request.url()));
        await plays(pages[0]); // for more than a part's time: the page whose player was stopped asks nothing more
        assert.deepEqual(asked, []);
        assert.deepEqual(pages.flatMap((page) => page.errors), []);
      }));
  }));

test("who waits for a show asks next to nothing, and sees it begin", () =>
  withStack({ bridgeSettings: { "ll.wait": 3 } }, (stack) =>
    withBrowser({}, async (context) => {
      const asked = [];
      const answered = (name) => asked.filter(({ file, status }) => file === name && status).map(({ status }) => status);
      const watch = await context.newPage();
      watch.on("request", (request) => {
        const file = /\/live\/shop\/([^?]*)/.exec(request.url())?.[1];
        if (file) asked.push({ request, file, status: null });
      });
      watch.on("response", (response) => {
        const one = asked.find(({ request }) => request === response.request());
        if (one) one.status = response.status();
      });
      await watch.goto(`${stack.url}/watch.html?stream=shop`);
      await until("three requests were held", () => answered("wait.json").length >= 3, 30000);
      assert.deepEqual([...new Set(answered("wait.json"))], [204]);
      assert.ok(asked.length <= 6, `a look, and what is held: ${asked.map(({ file }) => file)}`);
      assert.deepEqual(asked.filter(({ file }) => file !== "wait.json").map(({ file }) => file), ["index.m3u8", "master.m3u8"]);

      await publish(context, stack, "shop");
      await until("it starts by itself", () => watch.isHidden("#waiting"), 15000);
      assert.equal(answered("wait.json").at(-1), 200, "it was told");
    })));

test("who waits asks less and less often where no request is held", () =>
  withStack({ bridgeSettings: { "ll.enabled": false } }, (stack) =>
    withBrowser({}, async (context) => {
      const page = await context.newPage();
      await page.clock.install();
      let asked = 0, open = 0;
      const isOurs = (request) => /\/live\/shop\//.test(request.url());
      page.on("request", (request) => isOurs(request) && (asked++, open++));
      page.on("response", (response) => (open -= isOurs(response.request())));
      await page.goto(`${stack.url}/watch.html?stream=shop`);
      await until("it waits", async () => /Not live yet/.test(await page.textContent("#waiting-text")));
      for (let i = 0; i < 120; i++) {
        await page.clock.runFor(500); // a minute, however long it takes here
        await until("all is answered", () => open === 0);
      }
      assert.ok(asked > 8 && asked < 120, `${asked} requests in a minute`);
    })));

test("a watch page that the server is lost to says so, and goes on by itself", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await publish(context, stack, "shop");
      const watch = await openPage(context, `${stack.url}/watch.html?stream=shop`);
      await until("it plays", () => watch.isHidden("#waiting"), 15000);
      await sleep(4000); // hls.js gives a playlist up at once, but not one that it has played from
      await stack.parts.nginx.stop();
      await until("it says what is wrong", async () => (await watch.isVisible("#waiting")) &&
        /server cannot be reached/.test(await watch.textContent("#waiting-text")));
      await stack.startNginx();
      await until("it plays again", () => watch.isHidden("#waiting"), 20000);
      assert.deepEqual(watch.errors, []);
    })));

test("an address without a stream offers nothing that needs one", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const watch = await openPage(context, `${stack.url}/watch.html`);
      assert.match(await watch.textContent("#waiting-text"), /names no stream/);
      assert.ok(await watch.isHidden("#full"));
    })));

test("the start page lists what is live", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await openPage(context, `${stack.url}/`);
      await until("nobody is live", async () => /Nobody is live/.test(await page.textContent("#live-state")));
      await publish(context, stack, "shop");
      await until("shop is listed", () => page.locator(".card", { hasText: "shop" }).isVisible());
      await fitsPhone(page, "text=Live now");
      await page.click(".card");
      await page.waitForURL(/watch\.html\?stream=shop/);
    })));

test("a network that goes away for a moment is come back from", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("segments", async () => (await fetch(stack.playlist("shop"))).ok);
      await stack.parts.nginx.stop(); // the WebSocket goes, the media flows on
      await sleep(3000);
      assert.ok(["LIVE", "RECONNECTING"].includes(await page.textContent("#badge")));
      await stack.startNginx();
      await untilLive(page, 20000);
    })));
