// SPDX-License-Identifier: GPL-3.0-or-later

// A root with Debian 12 in a folder, and the services that are installed there. Its systemd does not run: a unit is started
// as systemd would, its command as its user with its folders; what it shuts out is tested by nobody here.

import { execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };

/** Settings of systemd in `text`: { name: value }. An empty one takes back what was before it. */
const settingsOf = (text) => Object.fromEntries([...text.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

export class Root {
  #services = new Map(); // unit -> { child, ended }

  constructor(folder) {
    this.folder = folder;
    execFileSync("mount", ["-t", "proc", "proc", this.path("/proc")]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "tmpfs", this.path("/run")]);
    // what packages start, nobody starts: there is no systemd
    writeFileSync(this.path("/usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  }

  path(file) {
    return path.join(this.folder, file);
  }

  read(file) {
    return readFileSync(this.path(file), "utf8");
  }

  has(file) {
    return existsSync(this.path(file));
  }

  /** Runs a command there, and resolves to { stdout, stderr }. Throws what it has said if it fails. */
  async run(...command) {
    try {
      return await promisify(execFile)("chroot", [this.folder, ...command], { env: ENV, maxBuffer: 1 << 26 });
    } catch (error) {
      throw new Error(`${command.join(" ")}: ${error.stdout}\n${error.stderr}`);
    }
  }

  /** All names of files and folders there, but for what is only while it runs. */
  files() {
    const names = execFileSync("find", [this.folder, "-xdev", "-printf", "/%P\n"], { encoding: "utf8", maxBuffer: 1 << 28 }).split("\n");
    return new Set(names.filter((name) => name && !/^\/(proc|run|tmp|packages)\//.test(name)));
  }

  #unit(name) {
    const files = ["/etc/systemd/system", "/lib/systemd/system"].flatMap((folder) => {
      const more = `${folder}/${name}.service.d`;
      return [`${folder}/${name}.service`, ...(this.has(more) ? readdirSync(this.path(more)).map((file) => `${more}/${file}`) : [])];
    });
    return settingsOf(files.filter((file) => this.has(file)).map((file) => this.read(file)).join("\n"));
  }

  /** The number of a user there. */
  #idOf(user) {
    return Number(this.read("/etc/passwd").match(new RegExp(`^${user}:[^:]*:(\\d+):`, "m"))[1]);
  }

  /** Starts the unit `name`. What it says goes to /tmp/NAME.log. */
  start(name) {
    const { ExecStart: command, User: user, Group: group, ...unit } = this.#unit(name);
    for (const [folder, setting] of [["/var/lib", "StateDirectory"], ["/run", "RuntimeDirectory"], ["/var/log", "LogsDirectory"]]) {
      for (const below of unit[setting]?.split(/\s+/) ?? []) {
        const place = this.path(path.join(folder, below));
        mkdirSync(place, { recursive: true });
        chmodSync(place, parseInt(unit[`${setting}Mode`] ?? "0755", 8));
        chownSync(place, this.#idOf(user), this.#idOf(user));
      }
    }
    this.spawn(name, ["--userspec", `${user}:${group}`, this.folder, ...command.split(/\s+/)]);
  }

  /** Starts `args` of chroot as `name`. */
  spawn(name, args) {
    const log = openSync(this.path(`/tmp/${name}.log`), "a");
    const child = spawn("chroot", args, { env: ENV, stdio: ["ignore", log, log] });
    closeSync(log);
    this.#services.set(name, { child, ended: new Promise((resolve) => child.on("close", resolve)) });
  }

  /** Ends one that runs, and resolves to its status. */
  async stop(name, signal = "SIGTERM") {
    const { child, ended } = this.#services.get(name);
    this.#services.delete(name);
    child.kill(signal);
    return ended;
  }

  async end() {
    for (const name of [...this.#services.keys()]) await this.stop(name);
  }
}
