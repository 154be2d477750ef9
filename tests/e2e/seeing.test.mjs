// SPDX-License-Identifier: GPL-3.0-or-later

// What operators and passers-by see: metrics with their alert rules and dashboard, thumbnails, the
// start page's list, the status page, event handlers.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { freePorts } from "../../tools/stack/ports.mjs";
import { SOURCE } from "../../tools/stack/stack.mjs";
import { beginReplay, beginWatch } from "./support/audience.mjs";
import { openPage, withBrowser } from "./support/browser.mjs";
import { run } from "./support/programs.mjs";
import { measured } from "./support/measured.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { newSecret } from "./support/webhooks.mjs";

const MONITORING = path.join(SOURCE, "monitoring");
const RATE_INTERVAL = "5m";

/** What the dashboard asks Prometheus: PromQL, with Grafana's variables filled in. */
async function dashboardQueries() {
  const { panels, templating } = JSON.parse(await readFile(path.join(MONITORING, "grafana.json"), "utf8"));
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const variables = templating.list.flatMap(({ definition }) => /label_values\((.*),/.exec(definition ?? "")?.[1] ?? []);
  return [...queries, ...variables].map((query) =>
    query.replaceAll("$__range", RATE_INTERVAL).replaceAll(/\$(instance|stream)/g, ".*"));
}

const metricsIn = (text) => new Set(text.match(/\b(hls_bridge|process)_[a-z_]+/g));

test("alert rules and the dashboard are sound, and speak when they should", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-rules-"));
  t.after(() => rm(folder, { recursive: true }));
  const rules = (await dashboardQueries()).map((expr, i) => ({ record: `dashboard:${i}`, expr }));
  assert.ok(rules.length > 40);
  await writeFile(path.join(folder, "dashboard.yml"), JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  for (const args of [["check", "rules", path.join(MONITORING, "alerts.yml"), path.join(folder, "dashboard.yml")],
    ["test", "rules", path.join(MONITORING, "alerts.test.yml")]]) {
    const { status, stdout, stderr } = await run("promtool", args);
    assert.equal(status, 0, `promtool ${args.join(" ")}:\n${stdout}${stderr}`);
  }
});

/** Where Janus's sample event handler sends what it hears; ends with the test. */
async function eventHandler(t) {
  const heard = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      heard.push(...[JSON.parse(body)].flat().map(({ event }) => event).filter((e) => e.plugin === "janus.plugin.hls"));
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const configuration = `general: { enabled = true events = "plugins" grouping = false json = "compact"
    backend = "http://127.0.0.1:${server.address().port}" }\n`;
  return {
    heard: (event) => heard.filter(({ data }) => data.event === event).map(({ data }) => data),
    janus: { eventHandlers: ["sampleevh"], files: { "janus.eventhandler.sampleevh.jcfg": configuration } },
  };
}

/** Settings of a webhook whose receiver is away, so that its events wait. */
async function webhookThatWaits(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const [port] = await freePorts(1);
  const secret = path.join(folder, "secret");
  await writeFile(secret, `${newSecret()}\n`, { mode: 0o600 });
  return { "events.directory": path.join(folder, "queues"),
    "events.webhooks": { away: { url: `http://127.0.0.1:${port}/`, secret_file: secret } } };
}

const metricsOf = async (stack) => (await fetch(`http://127.0.0.1:${stack.bridgePort}/metrics`)).text();

const CLOCK_S = 2; // how exact a process's start is known

/** The value of one sample; null: there is none. */
function valueOf(text, sample) {
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? null : Number(line.slice(sample.length + 1));
}

const COUNTED = ["pictures_total", "key_pictures_total", "segments_total", "thumbnails_total", "sender_reports_total"];

/** All metrics at once, of a stream that somebody watches at low latency, by a bridge that was started behind `began`. */
async function checkMetrics(stack, began) {
  for (const name of COUNTED)
    await until(`${name} counts`, async () => valueOf(await metricsOf(stack), `hls_bridge_${name}{stream="shop"}`) > 0);
  await until("events wait for a receiver that is away", async () =>
    valueOf(await metricsOf(stack), 'hls_bridge_oldest_waiting_event_timestamp_seconds{sink="webhook:away"}') >= Math.floor(began));
  const text = await metricsOf(stack);
  const of = (name, labels = "") => valueOf(text, `hls_bridge_${name}{stream="shop"${labels}}`);

  execFileSync("promtool", ["check", "metrics"], { input: text });
  const wanted = metricsIn(await readFile(path.join(MONITORING, "alerts.yml"), "utf8") + (await dashboardQueries()).join("\n"));
  const there = metricsIn(text);
  assert.deepEqual([...wanted].filter((name) => !there.has(name)), [], "the rules or the dashboard ask for what is not there");

  for (const kind of ["video", "audio"])
    for (const name of ["rtp_packets_total", "rtp_bytes_total", "parts_total"]) assert.ok(of(name, `,kind="${kind}"`) > 0, `${kind} ${name}`);
  for (const name of ["failed_writes_total", "kernel_dropped_packets_total"]) assert.equal(of(name), 0, name);
  // of what Janus has no time to take from the network, or a decoder no time for
  for (const name of ["dropped_pictures_total", "failed_thumbnails_total"]) {
    assert.ok(Number.isInteger(of(name)), name);
    measured(() => assert.equal(of(name), 0, name));
  }
  assert.ok(of("segment_duration_seconds_count") >= of("segments_total"));
  assert.equal(of("publish_latency_seconds_count", ',what="segment"'), of("segments_total"));
  assert.equal(of("publish_latency_seconds_bucket", ',what="part",le="+Inf"'), of("publish_latency_seconds_count", ',what="part"'));
  // dates are of when the first packets came: if those were late, all seems to be out before its time for a while
  measured(() => assert.ok(of("publish_latency_seconds_sum", ',what="part"') > 0));
  assert.ok(of("write_seconds_count") > of("segments_total"));
  assert.ok(of("picture_wait_seconds") >= 0.1 && of("picture_wait_seconds") <= 0.3);
  assert.ok(valueOf(text, "hls_bridge_waiting_requests_total") > 0);
  const started = valueOf(text, "process_start_time_seconds");
  assert.ok(started > began - CLOCK_S && started < Date.now() / 1000 + CLOCK_S, `started at ${started}`);
  for (const name of ["cpu_seconds_total", "resident_memory_bytes", "open_fds", "threads"])
    assert.ok(valueOf(text, `process_${name}`) > 0, name);
}

/** The picture of a stream, and how nginx serves it. */
async function checkThumbnail(stack, page) {
  const response = await fetch(`${stack.url}/live/shop/thumb.jpg`);
  assert.equal(response.headers.get("content-type"), "image/jpeg");
  assert.equal(response.headers.get("cache-control"), "public, max-age=5");
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal((await fetch(`${stack.url}/live/nobody/thumb.jpg`)).headers.get("cache-control"), "no-store");
  const size = await page.evaluate(async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  }, `${stack.url}/live/shop/thumb.jpg`);
  assert.deepEqual(size, [320, 180]);
}

/** nginx lets one answer of the control API out, and nothing in. */
async function checkStatusPath(stack) {
  const streams = (target) => until(`${target} is answered in time`, async () => (await (await fetch(stack.url + target)).json()).streams);
  assert.ok(Array.isArray(await streams("/status.json")));
  for (const method of ["POST", "PUT", "DELETE"])
    assert.equal((await fetch(`${stack.url}/status.json`, { method })).status, 403, method);
  for (const target of ["/status.json/shop", "/status", "/streams", "/streams/shop", "/metrics", "/healthz"])
    assert.equal((await fetch(stack.url + target)).status, 404, target);
  assert.ok(Array.isArray(await streams("/status.json?x=/../metrics")));
}

/** The head of the status page: what is taken of what may be, and one more who is refused. */
async function checkLoad(stack, page) {
  const tile = (id) => page.locator("#load > div", { has: page.locator(`#sum-${id}`) });
  const meter = (id) => tile(id).getByRole("meter").getAttribute("aria-valuetext");

  await until("two are live of two", async () => (await meter("live")) === "2 of 2");
  assert.equal(await tile("live").getAttribute("class"), "bad", "there is no room");
  beginReplay(stack, "third");
  await until("one was refused", async () => (await meter("live")) === "2 of 2, 1 refused");
  await until("they count for what they send", async () =>
    /^(\d\.\d\d Mbit|\d{3} kbit)\/s of 900 Mbit\/s$/.test(await meter("bitrate")));
  const { process } = await (await fetch(`${stack.url}/status.json`)).json();
  assert.ok(process.cpu_seconds > 0 && process.cpu_seconds < process.cpus * process.up_seconds, JSON.stringify(process));
  assert.match(await meter("cpu"), new RegExp(`^[0-2]\\.\\d\\d of ${process.cpus} cores?$`));
  assert.match(await tile("memory").textContent(), /^Memory\d+ MB$/);
  await until("somebody waits for a part", async () => Number(await page.textContent("#sum-held")) > 0);
  assert.equal(await page.textContent("#sum-dropped"), "0");
  assert.equal(await tile("dropped").getAttribute("class"), "");
  await page.setViewportSize({ width: 390, height: 844 });
  await until("the page knows", () => page.evaluate(() => window.innerWidth === 390));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, "it fits a phone");
}

test("operators see how each publisher does, and everybody sees what is live", async (t) => {
  const events = await eventHandler(t);
  const options = { status: true, janus: events.janus, bridgeSettings: { "hls.hold": 1, "hls.keep": 1, "hls.thumbnail": 2,
    "sources.max": 2, "sources.bitrate": 3000000, "sources.bandwidth": 900, ...await webhookThatWaits(t) } };
  const began = Date.now() / 1000;
  await withStack(options, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      const index = await openPage(context, `${stack.url}/`);
      const status = await openPage(context, `${stack.url}/status.html`);
      const row = (name) => status.locator(`[data-stream="${name}"]`);
      await until("nobody is live", async () => /Nobody is live/.test(await index.textContent("#live-state")));
      await until("the status page says so too", () => status.isVisible("#none"));

      const publisher = await publishRecorded(stack, "shop", { title: "Sandals & more" });
      const lossy = beginReplay(stack, "lossy", { options: ["--loss", "6", "--no-nack"] });
      await until("it can be watched", async () => (await fetch(stack.master("shop"))).ok);
      const watching = beginWatch(stack, stack.master("shop"), ["-n", 1]);
      await until("somebody waits for a part", async () => valueOf(await metricsOf(stack), 'hls_bridge_held_requests{stream="shop"}') > 0);
      await until("both have a thumbnail", async () => {
        const { streams } = await (await fetch(`${stack.url}/live/streams.json`)).json();
        return streams.length === 2 && streams.every(({ thumbnail }) => thumbnail);
      });

      await until("the start page shows them", async () =>
        (await index.locator(".card .thumb img:visible").count()) === 2);
      assert.match(await index.locator('.card[href$="stream=shop"]').textContent(), /Sandals & more320 × 180 · on air for/);
      await until("the status page has its figures", async () =>
        /^Sandals & more.*320 × 180/s.test(await row("shop").locator(".what").innerText().then((s) => s.replace(/^Live\s+/, ""))));
      await until("and its picture", () => row("shop").locator(".thumb img").isVisible());
      await until("and its graphs", async () =>
        /^Bitrate in: .*bit\/s, between/.test(await row("shop").locator("svg").first().getAttribute("aria-label")));
      await until("it says what is lost", async () =>
        /of the packets are lost/.test(await row("lossy").locator(".warnings").textContent()));
      await checkLoad(stack, status);
      await checkThumbnail(stack, index);
      await checkStatusPath(stack);
      await until("segments are published", async () => valueOf(await metricsOf(stack), 'hls_bridge_segments_total{stream="shop"}') >= 2);
      await checkMetrics(stack, began);

      const { low_latency: ll, title } = (await (await fetch(`http://127.0.0.1:${stack.bridgePort}/streams/shop`)).json());
      assert.equal(title, "Sandals & more");
      assert.ok(ll.video.parts > 0 && ll.audio.parts > 0 && ll.picture_wait_ms >= 100, JSON.stringify(ll));
      measured(() => assert.ok(ll.publish_ms >= 0, JSON.stringify(ll))); // by the dates, as in the metrics

      await Promise.all([lossy.stop(), watching.end()]);
      // the first may be of before it sent
      const figures = await until("event handlers hear figures", () => events.heard("figures")
        .find(({ stream, tracks }) => stream === "shop" && tracks.every(({ packets }) => packets > 0)));
      await publisher.leave();
      await until("they hear the end", () => events.heard("unpublished").length > 0);
      const [published, unpublished] = ["published", "unpublished"].map((event) => events.heard(event)[0]);
      assert.equal(published.title, "Sandals & more");
      for (const event of [figures, unpublished]) {
        const video = event.tracks.find(({ kind }) => kind === "video");
        assert.ok(video.packets > 0 && video.lost >= 0 && video.width === 320, JSON.stringify(event));
        measured(() => assert.equal(video.lost, 0, JSON.stringify(event)));
      }
      // in whole seconds, and the first figures may be of the first one
      assert.ok(figures.age_seconds >= 0 && unpublished.age_seconds >= figures.age_seconds, JSON.stringify([figures, unpublished]));

      await until("the thumbnail goes with the stream", async () => (await fetch(`${stack.url}/live/shop/thumb.jpg`)).status === 404);
      await stack.parts.bridge.stop();
      await until("the status page says that the bridge is away", async () =>
        /has not answered since/.test(await status.textContent("#gone-text")));
      assert.deepEqual(JSON.parse(await readFile(path.join(stack.hls, "streams.json"), "utf8")).streams, [], "it takes its leave");
      const left = { at: Date.now() / 1000 - 60, streams: [{ name: "shop", live_since: 0 }] };
      await writeFile(path.join(stack.hls, "streams.json"), JSON.stringify(left)); // as one that was killed
      await until("the start page trusts no list of long ago", async () =>
        /cannot be reached/.test(await index.textContent("#live-state")));
      await stack.startBridge();
      await until("and shows the new one", async () => /Nobody is live/.test(await index.textContent("#live-state")));
      await until("and that it is back", () => status.isHidden("#gone"));
      assert.deepEqual([...index.errors, ...status.errors], []);
    }));
});
