#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The ports that a stack takes: what listens there later has to find them free.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import test from "node:test";
import { freePorts, portTrouble } from "../../tools/stack/ports.mjs";

test("no port is given twice, also to two who ask at the same time", async () => {
  const ports = (await Promise.all(Array.from({ length: 50 }, () => freePorts(6)))).flat();
  assert.equal(new Set(ports).size, 300);
});

test("no port is one that Linux gives to connections of its own accord", async () => {
  const [first] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s/).map(Number);
  for (const port of await freePorts(200)) assert.ok(port < first, `${port} is not below ${first}`);
});

test("a port that somebody listens on is none that can be had", async () => {
  const [port] = await freePorts(1);
  const server = net.createServer();
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  assert.equal(await portTrouble(port), "EADDRINUSE");
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await portTrouble(port), null);
  assert.equal(await portTrouble(10080), "EBLOCKED", "no browser opens it");
});
