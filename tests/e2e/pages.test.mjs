// SPDX-License-Identifier: GPL-3.0-or-later

// The pages as people use them: what they are told when something fails, and the way back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import test, { describe } from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { beginReplay } from "./support/audience.mjs";
import { messageOf, openPage, publish, SMALL_SIZE, untilLive } from "./support/browser.mjs";
import { measured } from "./support/measured.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";

const BUSY = 475; // docs/protocol.md

const says = (page, pattern) => until(`the page says ${pattern}`, async () => pattern.test(await messageOf(page)));

/** A recorded publisher, until the test ends. */
function publishRecording(t, stack, stream) {
  const publisher = beginReplay(stack, stream);
  t.after(() => publisher.stop());
  return publisher;
}

/** Everything is as wide as a phone at the most, and `selector` can be seen without scrolling. */
async function fitsPhone(page, selector) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await until("the page knows", () => page.evaluate(() => window.innerWidth === 390));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  const { y, height } = await page.locator(selector).boundingBox();
  assert.ok(y + height <= 844, `${selector} ends at ${y + height}`);
  await page.setViewportSize(before);
}

const WAIT_S = 1; // for which a page's request is held while it waits for a stream
const siteOf = (stack) => `http://live.example.com:${stack.port}`; // the same, by a name that others reach it by

/** A camera of few pictures leaves the machine to the rest. */
const seen = shareStack({ status: true, sample: true, bridgeSettings: { "hls.hold": 3, "ll.wait": WAIT_S } }, (stack) => ({
  shell: true, fakeCamera: true,
  switches: ["--use-fake-device-for-media-stream=fps=5", "--host-resolver-rules=MAP live.example.com 127.0.0.1",
    `--unsafely-treat-insecure-origin-as-secure=${siteOf(stack)}`],
  context: { permissions: ["camera", "microphone"] },
}));

/** Nobody looks at the pictures, which would be a third of what a page costs: they have their place, and are not painted. */
const shared = (body) => seen(async (given) => {
  await given.context.addInitScript(() => document.addEventListener("DOMContentLoaded", () => {
    for (const video of document.querySelectorAll("video")) video.style.visibility = "hidden";
  }));
  await body(given);
});

test("the start page lists what is live", shared(async ({ stack, context, t }) => {
  const page = await openPage(context, `${stack.url}/`);
  await until("nobody is live", async () => /Nobody is live/.test(await page.textContent("#live-state")));
  publishRecording(t, stack, "listed");
  await until("it is listed", () => page.locator(`.card[href$="stream=listed"]`).isVisible());
  await fitsPhone(page, "text=Live now");
  await page.click(".card");
  await page.waitForURL(/watch\.html\?stream=listed/);
}));

/** A publisher whose picture nobody looks at: of its usual size, and in layers, it takes a core. */
const CHEAP = `size=${SMALL_SIZE}&simulcast=0`;

describe("pages that disturb nobody", { concurrency: 2 }, () => {
  test("from the preview to live and back, by keyboard alone", seen(async ({ stack, context }) => {
    const page = await openPage(context, `${stack.url}/publish.html?stream=preview&${CHEAP}`);
    await page.focus("#show-preview");
    await page.keyboard.press("Enter");
    await says(page, /This is what viewers will see/);
    assert.ok(await page.evaluate(() => document.getElementById("preview").srcObject.active));

    await page.focus("#name");
    await page.keyboard.press("Enter");
    await untilLive(page);
    assert.equal(await page.inputValue("#vlc-link"), stack.playlist("preview"));
    assert.match(await page.inputValue("#watch-link"), /watch\.html\?stream=preview$/);
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
  }));

  /** Counts in window.opened what asks for a camera, a microphone or a screen. */
  const countOpened = (context) => context.addInitScript(() => {
    window.opened = 0;
    for (const name of ["getUserMedia", "getDisplayMedia"]) {
      const open = navigator.mediaDevices[name].bind(navigator.mediaDevices);
      navigator.mediaDevices[name] = (...args) => (window.opened++, open(...args));
    }
  });

  test("an address that somebody was sent opens no camera and no screen", shared(async ({ stack, context }) => {
    await countOpened(context);
    const address = `${stack.url}/publish.html?stream=linked&auto=1&${CHEAP}`;
    const page = await openPage(context, address);
    for (const source of ["", "&source=camera", "&source=screen", "&source=nonsense"]) {
      await page.goto(`${address}&key=linked-too${source}`);
      await says(page, /an address alone opens no camera/);
      assert.equal(await page.evaluate(() => window.opened), 0, source);
      assert.ok(await page.isVisible("#go"), source);
      assert.ok(await page.isVisible("#key"), "the key that was filled in is seen to be there");
    }
    await page.goto(`${address}&source=camera`);
    assert.equal(await page.inputValue("#name"), "linked");
    await page.click("#go");
    await untilLive(page);
    assert.equal(await page.evaluate(() => window.opened), 1);
    assert.deepEqual(page.errors, []);
  }));

  /** A camera that is asked for waits for window.allow(); window.given has those that were given. A screen is there at once. */
  const askFirst = (context) => context.addInitScript(() => {
    const draw = () => {
      const canvas = document.createElement("canvas");
      const paint = canvas.getContext("2d");
      setInterval(() => paint.fillRect(0, 0, Math.random() * canvas.width, 9), 100);
      const sound = new AudioContext().createMediaStreamDestination();
      return new MediaStream([...canvas.captureStream().getTracks(), ...sound.stream.getTracks()]);
    };
    window.given = [];
    const allowed = new Promise((resolve) => (window.allow = resolve));
    navigator.mediaDevices.getUserMedia = async () => {
      await allowed;
      window.given.push(draw());
      return window.given.at(-1);
    };
    navigator.mediaDevices.getDisplayMedia = async () => (window.shown = draw());
  });

  test("a camera that is allowed too late is not shown, and closed; Go live asks for one once", shared(async ({ stack, context }) => {
    await askFirst(context);
    const given = (page) => page.evaluate(() => window.given.map((media) => media.active));
    const page = await openPage(context, `${stack.url}/publish.html?stream=late&${CHEAP}`);
    await page.click("#show-preview");
    await page.click("text=Test card");
    await says(page, /This is what viewers will see/);
    await page.evaluate(() => window.allow());
    await until("the camera is closed", async () => (await given(page)).every((active) => !active) && (await given(page)).length === 1);
    assert.ok(await page.evaluate(() => document.getElementById("preview").srcObject.active), "the card is shown still");
    await page.close();

    const again = await openPage(context, `${stack.url}/publish.html?stream=late&${CHEAP}`);
    await again.click("#go");
    assert.ok(await again.isDisabled("#show-preview"));
    assert.ok(await again.isHidden("#go"));
    await again.click("#stop");
    await again.click("#go");
    await again.evaluate(() => window.allow());
    await untilLive(again);
    assert.deepEqual(await given(again), [false, true], "of the one that was stopped, and of this one");
    assert.deepEqual([...page.errors, ...again.errors], []);
  }));

  test("a microphone that is unplugged is told of, and the picture goes on", shared(async ({ stack, context }) => {
    await askFirst(context);
    const page = await openPage(context, `${stack.url}/publish.html?stream=unplugged&${CHEAP}`);
    await page.evaluate(() => window.allow());
    await page.click("#go");
    await untilLive(page);
    await page.evaluate(() => {
      const [sound] = window.given.at(-1).getAudioTracks();
      sound.stop(); // of which no event tells
      sound.dispatchEvent(new Event("ended"));
    });
    await says(page, /The microphone is gone/);
    assert.ok(await page.isVisible("#stop"));
    assert.ok(await page.evaluate(() => document.getElementById("preview").srcObject.active));
    assert.deepEqual(page.errors, []);
  }));

  test("a phone may scan an address that it can reach; its screen stays on while live, after another app was shown, too", shared(async ({ stack, context }) => {
    await context.addInitScript(() => {
      window.locks = []; // those that hold the screen
      const request = async () => {
        const lock = { release: async () => (window.locks = window.locks.filter((one) => one !== lock)) };
        window.locks.push(lock);
        return lock;
      };
      Object.defineProperty(navigator, "wakeLock", { value: { request } });
    });
    const page = await openPage(context, `${siteOf(stack)}/publish.html?stream=awake&source=testcard&${CHEAP}`);
    const held = (count) => until(`${count} locks`, () => page.evaluate((wanted) => window.locks.length === wanted, count));
    await page.click("#go");
    await untilLive(page);
    await until("the QR code is there", () => page.locator("#qr svg").isVisible());
    await held(1);
    await page.evaluate(() => {
      window.locks = []; // browsers do so when a page is hidden
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await held(1);
    await page.click("#stop");
    await held(0);
    assert.deepEqual(page.errors, []);
  }));

  test("who is muted stays so with whatever is shown next; a browser may keep nothing for a site", shared(async ({ stack, context }) => {
    await askFirst(context);
    await context.addInitScript(() => {
      const refuse = { get: () => { throw new DOMException("denied", "SecurityError"); } };
      for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, refuse);
    });
    const page = await openPage(context, `${stack.url}/publish.html?stream=muted&source=testcard&${CHEAP}`);
    await page.click("#go");
    await untilLive(page);
    await page.click("#mute");
    await page.click("#stop");
    await page.click("text=Screen");
    await page.click("#go");
    await until("the screen is shown", () => page.evaluate(() => document.getElementById("preview").srcObject === window.shown));
    assert.equal(await page.textContent("#mute"), "Muted");
    assert.deepEqual(await page.evaluate(() => window.shown.getAudioTracks().map(({ enabled }) => enabled)), [false]);
    assert.deepEqual(page.errors, []);
  }));

  test("an address that somebody was sent ends nothing that is live in another tab", shared(async ({ stack, context }) => {
    const mine = await openPage(context, `${stack.url}/publish.html?stream=tabs&${CHEAP}`);
    await mine.click("#go");
    await untilLive(mine);
    const link = await openPage(context, `${stack.url}/publish.html?stream=tabs&source=testcard&auto=1&${CHEAP}`);
    await says(link, /Somebody else is live as tabs/);
    await link.goto(`${stack.url}/publish.html?stream=tabs-2&source=testcard&auto=1&${CHEAP}`);
    await untilLive(link);
    const later = await openPage(context, `${stack.url}/publish.html`);
    assert.equal(await later.inputValue("#name"), "tabs", "the name that was gone live with by hand");
    await says(mine, /You are live/);
    assert.deepEqual([...mine.errors, ...link.errors, ...later.errors], []);
  }));

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

  test("another site may show the player in a frame, and no page that can do something", shared(async ({ stack, context }) => {
    const names = ["publish.html", "status.html", "watch.html?stream=framed"];
    const frames = names.map((name) => `<iframe src="${stack.url}/${name}"></iframe>`).join("");
    await withOtherSite(frames, async (address) => {
      const page = await openPage(context, address);
      const titles = await Promise.all(page.frames().slice(1).map((frame) => frame.title()));
      assert.deepEqual(titles.map((title) => /janus-hls/.test(title)), [false, false, true]);
    });
  }));

  test("a browser without an H.264 encoder is told what to do", shared(async ({ stack, context }) => {
    await context.addInitScript(() => {
      const all = RTCRtpSender.getCapabilities.bind(RTCRtpSender);
      RTCRtpSender.getCapabilities = (kind) => {
        const found = all(kind);
        return { ...found, codecs: found.codecs.filter(({ mimeType }) => !/H26[45]/.test(mimeType)) };
      };
    });
    const page = await openPage(context, `${stack.url}/publish.html?stream=encoder&source=testcard&auto=1&${CHEAP}`);
    await says(page, /no H\.264 encoder/);
    assert.ok(await page.isVisible("#go"));
    await page.goto(`${stack.url}/publish.html?stream=encoder&source=testcard&auto=1&${CHEAP}&codec=h265`);
    await says(page, /does not send that video codec/);
    await page.goto(`${stack.url}/publish.html?stream=encoder&source=testcard&auto=1&${CHEAP}&codec=vp8`);
    await says(page, /server does not take/); // it may be sent, and here the server says no
  }));

  test("the watch page waits, plays, tells the distance, and sees the end", shared(async ({ stack, context, t }) => {
    const watch = await openPage(context, `${stack.url}/watch.html?stream=watched&measure`);
    const overlay = () => watch.textContent("#waiting-text");
    await until("it waits", async () => /Not live yet/.test(await overlay()));
    const publisher = publishRecording(t, stack, "watched");
    await until("it starts by itself", () => watch.isHidden("#waiting"));
    await until("at low latency", async () => /Low latency/.test(await watch.textContent("#measure-text")));
    // dates are of when the first packets came: if those were late, it seems to be too near at first
    const behind = await until("the distance to live", async () => {
      const seconds = Number(/^(\d+\.\d) s$/.exec(await watch.textContent("#figure-latency"))?.[1]);
      return seconds > 0.3 && seconds;
    });
    measured(() => assert.ok(behind < 3, `${behind} s behind live`));
    await until("it says LIVE", async () => (await watch.textContent("#badge")) === "LIVE");
    await fitsPhone(watch, "#figure-latency");
    await watch.click("#unmute");
    assert.equal(await watch.evaluate(() => document.getElementById("player").muted), false);
    await until("the button has done its work", () => watch.isHidden("#unmute"));
    await publisher.stop();
    await until("it sees the end", async () => /has ended/.test(await overlay()) && watch.isVisible("#waiting"));
    publishRecording(t, stack, "watched");
    await until("and the stream coming back", () => watch.isHidden("#waiting"));
    assert.deepEqual(watch.errors, []);
  }));

  /** Whether pictures come: the video element's clock goes on by a second. */
  async function plays(page) {
    await until("the page says that it plays", async () => (await page.textContent("#state")) === "playing");
    const time = () => page.evaluate(() => document.querySelector("video").currentTime);
    const before = await time();
    await until("it goes on", async () => (await time()) > before + 1);
  }

  test("a shop's own page embeds the player in ten lines, on this site and on another one", shared(async ({ stack, context, t }) => {
    const sample = await readFile(new URL("../../docs/examples/embed.html", import.meta.url), "utf8");
    const elsewhere = sample.replace('from "/js/', `from "${stack.url}/js/`).replace("player.start();", "$& window.player = player;");
    assert.ok(sample.split("<script")[1].split("</script>")[0].trim().split("\n").length <= 10);
    const parts = []; // by the sites whose pages they came to
    context.on("response", (response) => {
      if (/\/live\/demo\/.*\.\d+\.m4s$/.test(response.url()) && response.ok()) parts.push(new URL(response.frame().url()).origin);
    });
    await withOtherSite(elsewhere, async (address) => {
      const pages = [await openPage(context, `${stack.url}/embed.html`), await openPage(context, address)];
        for (const page of pages)
          await until("it waits", async () => (await page.textContent("#state")) === "waiting");
        publishRecording(t, stack, "demo");
        for (const page of pages) await plays(page);
        const other = pages[1];
        await until("it has played at low latency", () => parts.includes(new URL(address).origin));
        await other.evaluate(() => window.player.stop());
        const asked = [];
        other.on("request", (request) => asked.push(request.url()));
        await plays(pages[0]); // for more than a part's time: the page whose player was stopped asks nothing more
        assert.deepEqual(asked, []);
        assert.deepEqual(pages.flatMap((page) => page.errors), []);
      });
    }));

  test("a page that waits for a show asks next to nothing, and sees it begin", shared(async ({ stack, context, t }) => {
    const asked = [];
    const answered = (name) => asked.filter(({ file, status }) => file === name && status).map(({ status }) => status);
    const watch = await context.newPage();
    watch.on("request", (request) => {
      const file = /\/live\/awaited\/([^?]*)/.exec(request.url())?.[1];
      if (file) asked.push({ request, file, status: null });
    });
    watch.on("response", (response) => {
      const one = asked.find(({ request }) => request === response.request());
      if (one) one.status = response.status();
    });
    const began = performance.now();
    await watch.goto(`${stack.url}/watch.html?stream=awaited`);
    await until("three requests were held", () => answered("wait.json").length >= 3);
    const seconds = (performance.now() - began) / 1000, held = answered("wait.json");
    assert.deepEqual([...new Set(held)], [204]);
    assert.ok(held.length <= seconds / WAIT_S + 1, `${held.length} were answered in ${seconds} s`);
    const [waits, others] = [true, false].map((isWait) => asked.map(({ file }) => file).filter((file) => (file === "wait.json") === isWait));
    assert.ok(waits.length <= answered("wait.json").length + 1, `one at a time: ${waits.length} asked`);
    assert.deepEqual([...new Set(others)], ["index.m3u8", "master.m3u8"], "a look");
    assert.ok(others.length <= 4, `${others}: once more, if there was no answer in time`);

    publishRecording(t, stack, "awaited");
    await until("it starts by itself", () => watch.isHidden("#waiting"));
    assert.equal(answered("wait.json").at(-1), 200, "it was told");
  }));

  test("an address without a stream offers nothing that needs one", shared(async ({ stack, context }) => {
    const watch = await openPage(context, `${stack.url}/watch.html`);
    assert.match(await watch.textContent("#waiting-text"), /names no stream/);
    assert.ok(await watch.isHidden("#full"));
  }));

  test("a name of 64 letters fits a phone, and the browser keeps its own keys", shared(async ({ stack, context }) => {
    const watch = await openPage(context, `${stack.url}/watch.html?stream=${"n".repeat(64)}`);
    await until("the name is there", async () => (await watch.textContent("#title")).length === 64);
    await fitsPhone(watch, "#figure-latency");
    const taken = (key) => watch.evaluate((options) => {
      const event = new KeyboardEvent("keydown", { ...options, bubbles: true, cancelable: true });
      return !document.body.dispatchEvent(event);
    }, key);
    assert.ok(await taken({ key: "m" }));
    for (const modifier of ["ctrlKey", "metaKey", "altKey"]) assert.ok(!(await taken({ key: "f", [modifier]: true })), modifier);
  }));
});

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

/** All that pages say from their beginning on, for what is said only for a moment: in window.said. */
const hearAll = (context) => context.addInitScript(() => {
  window.said = [];
  document.addEventListener("DOMContentLoaded", () => {
    const message = document.getElementById("message");
    new MutationObserver(() => window.said.push(message.textContent))
      .observe(message, { characterData: true, childList: true, subtree: true });
  });
});

test("a server that is down is waited for, and asked again if it has no time for a publisher", shared(async ({ stack, context }) => {
  await refuseOnce(context);
  await hearAll(context);
  await stack.parts.janus.stop();
  const page = await openPage(context, `${stack.url}/publish.html?stream=down&source=testcard&auto=1&${CHEAP}`);
  await says(page, /Trying again/);
  await stack.startJanus();
  await untilLive(page);
  const said = await page.evaluate(() => window.said);
  assert.ok(said.some((text) => /no room just now.*Trying again/.test(text)), JSON.stringify(said));
}));

test("who presses Stop while a class is asked whether it lets people in does not go live", shared(async ({ stack, context }) => {
  await context.route("**/settings.json", (route) => route.fulfill({ json: { iceServers: [], class: true } }));
  const asked = new Promise((resolve) => context.route("**/class/room.json*", resolve));
  const page = await openPage(context, `${stack.url}/publish.html?stream=unwanted&source=testcard&${CHEAP}`);
  await says(page, /This is what viewers will see/);
  await page.click("#go");
  const route = await asked;
  await page.click("#stop");
  await Promise.all([page.waitForResponse(/room\.json/), route.fulfill({ json: { pass: true } })]);
  await page.evaluate(() => fetch("settings.json").then((response) => response.json())); // it has heard that by then
  assert.ok(await page.isVisible("#go"));
  assert.equal(await page.getAttribute("#message", "data-text"), "publisher.stopped");
}));

test("a watch page that the server is lost to says so, and goes on by itself", shared(async ({ stack, context, t }) => {
  publishRecording(t, stack, "lost");
  const watch = await openPage(context, `${stack.url}/watch.html?stream=lost`);
  await until("it plays", () => watch.isHidden("#waiting"));
  const time = () => watch.evaluate(() => document.querySelector("video").currentTime);
  const from = await time();
  await until("it plays on", async () => (await time()) > from + 3); // hls.js gives a playlist up at once, but not one that it has played from
  await stack.parts.nginx.stop();
  await until("it says what is wrong", async () => (await watch.isVisible("#waiting")) &&
    /server cannot be reached/.test(await watch.textContent("#waiting-text")));
  await stack.startNginx();
  await until("it plays again", () => watch.isHidden("#waiting"));
  assert.deepEqual(watch.errors, []);
}));

test("a network that goes away for a moment is come back from", shared(async ({ stack, context }) => {
  const heard = []; // of Janus, by each WebSocket
  context.on("page", (page) => page.on("websocket", (socket) => {
    const one = { socket, count: 0 };
    socket.on("framereceived", () => one.count++);
    heard.push(one);
  }));
  const page = await publish(context, stack, "away", { size: SMALL_SIZE });
  const away = async () => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === "away");
  await stack.parts.nginx.stop();
  await until("the WebSocket is gone", () => heard[0].socket.isClosed());
  const { segments } = (await away()).output;
  await until("the media flows on", async () => (await away()).output.segments > segments);
  await stack.startNginx();
  await until("Janus is heard by another one", () => heard.slice(1).some(({ count }) => count > 0));
  await untilLive(page);
  await page.click("#stop");
  await until("and hears the page", async () => (await away()).state !== "live");
}));

test("a page that waits asks less and less often if no request is held", shared(async ({ stack, context }) => {
  await stack.parts.bridge.stop(); // as if it had no low latency; to the end of this file
  const page = await context.newPage();
  await page.clock.install();
  const open = new Set();
  let asked = 0;
  page.on("request", (request) => /\/live\/polled\//.test(request.url()) && (asked++, open.add(request)));
  page.on("response", (response) => open.delete(response.request()));
  page.on("requestfailed", (request) => open.delete(request));
  await page.goto(`${stack.url}/watch.html?stream=polled`);
  await until("it waits", async () => /Not live yet/.test(await page.textContent("#waiting-text")));
  for (let i = 0; i < 120; i++) {
    await page.clock.runFor(500); // a minute, however long it takes here
    await until("all is answered", () => open.size === 0);
  }
  assert.ok(asked > 8 && asked < 120, `${asked} requests in a minute`);
}));
