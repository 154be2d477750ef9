// SPDX-License-Identifier: GPL-3.0-or-later

// The room of a class: who is live and how it goes, for the wall; and what the teacher may do to a stream: kick, keep out,
// mute, and the spotlight, which shows it large on every wall. What is asked of Janus and the bridge is an argument.

import { StreamHistory } from "../../web-publisher/js/stream-history.js";
import { STREAM_NAME } from "../../web-publisher/js/stream-name.js";
import { DeskError, sameSecret } from "./desk.mjs";

const LOOK_MS = 1000; // between two looks at the bridge: StreamHistory takes one a second
const NO_SUCH_STREAM = 470; // docs/protocol.md
const KNOWN_MAX = 1000; // names whose browsers are known

/** Where Janus asks who may publish (docs/protocol.md, "Admission webhook"). nginx passes nothing on to it. */
export const ADMISSION = "/admission";

/** "good", "weak" or "bad", with the rule of diagnosis.js that says so; what is wrong first counts. */
function healthOf(stream, warnings, muted) {
  if (stream.state !== "live") return { health: "bad", rule: "held" };
  const [worst] = warnings.filter(({ rule }) => !(muted && rule === "silent"));
  return worst ? { health: worst.bad ? "bad" : "weak", rule: worst.rule } : { health: "good" };
}

/** The last value of a figure that is known. */
const last = (history, key) => history.series(key).at(-1);

/** What the wall shows of a stream. */
function describe(stream, history, muted) {
  const { name, title, state, live_since: since, thumbnail, source } = stream;
  return {
    name, title, state, since, thumbnail, muted,
    width: source?.width, height: source?.height,
    fps: last(history, "fps"), bitrate: last(history, "bitrate"), loss: last(history, "loss"),
    ...healthOf(stream, history.warnings, muted),
  };
}

export class Room {
  #ask;
  #seats;
  #pass;
  #histories = new Map(); // name -> StreamHistory
  #streams = [];
  #muted = new Set();
  #spotlight = null;
  #browsers = new Map(); // name -> what is known of the browser that asked for it last: a hash of its key
  #keptOut = new Map(); // name -> the same of who is kept out; undefined: it is not known
  #timer = null;

  /**
   *   streams()        resolves to the bridge's status of all streams
   *   operate(request) asks the plugin in the name of the operator (docs/protocol.md), and resolves to its answer
   *   seats            how many may be live
   *   pass             of the class: who has it may publish
   */
  constructor({ streams, operate, seats, pass }) {
    this.#ask = { streams, operate };
    this.#seats = seats;
    this.#pass = pass;
  }

  /** Looks once. A bridge that is away leaves nobody live. */
  async look() {
    const all = await this.#ask.streams().catch(() => []);
    const shown = all.filter(({ state, unlisted }) => state !== "ended" && !unlisted);
    const names = new Set(shown.map(({ name }) => name));
    for (const name of this.#histories.keys()) if (!names.has(name)) this.#histories.delete(name);
    this.#streams = shown.map((stream) => {
      if (!this.#histories.has(stream.name)) this.#histories.set(stream.name, new StreamHistory());
      const history = this.#histories.get(stream.name);
      history.add(stream);
      return describe(stream, history, this.#muted.has(stream.name));
    });
    if (this.#muted.size || this.#keptOut.size) await this.#doAgain().catch(() => {}); // Janus is away: at the next look
  }

  /**
   * Whoever is muted stays so, also if it has gone and come again; whoever is kept out and had been admitted before, but was not
   * there yet to be kicked, is ended as soon as it is.
   */
  async #doAgain() {
    const { streams = [] } = await this.#ask.operate({ request: "list" });
    for (const { stream, tracks } of streams) {
      if (this.#isKeptOut(stream, this.#browsers.get(stream))) await this.#ask.operate({ request: "kick", stream });
      else if (this.#muted.has(stream) && tracks.some(({ kind, paused }) => kind === "audio" && !paused))
        await this.#ask.operate({ request: "configure", stream, audio: false });
    }
  }

  open() {
    const next = async () => {
      await this.look();
      if (this.#timer !== null) this.#timer = setTimeout(next, LOOK_MS);
    };
    this.#timer = setTimeout(next, 0);
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** What everybody may know; `pass`: one that somebody has, and is told whether it is the class's. */
  #tell(pass) {
    const live = this.#streams.filter(({ state }) => state === "live").length;
    return { seats: this.#seats, live, spotlight: this.#spotlight, streams: this.#streams, kept_out: [...this.#keptOut.keys()],
      ...(pass === null ? {} : { pass: sameSecret(pass, this.#pass) }) };
  }

  /** Does what an operator may, or throws what a teacher understands. */
  async #operate(request) {
    const answer = await this.#ask.operate(request).catch(() => {
      throw new DeskError(503, "Janus does not answer. Try again in some seconds.");
    });
    if (answer.hls !== "error") return;
    if (answer.error_code === NO_SUCH_STREAM) throw new DeskError(404, `${request.stream} is not live any more.`);
    throw new DeskError(502, `Janus refuses it: ${answer.error}.`);
  }

  #named({ stream }) {
    if (typeof stream !== "string" || !STREAM_NAME.test(stream)) throw new DeskError(400, "\"stream\" is the name of a stream.");
    return stream;
  }

  async #kick(body) {
    const stream = this.#named(body);
    await this.#operate({ request: "kick", stream });
    if (this.#spotlight === stream) this.#spotlight = null;
  }

  /** Ends a stream, and lets neither its name nor its browser publish again until letIn(). */
  async #keepOut(body) {
    const stream = this.#named(body);
    this.#keptOut.set(stream, this.#browsers.get(stream));
    await this.#kick(body).catch((error) => {
      if (error.status !== 404) throw error; // it has gone by itself
    });
  }

  #letIn(body) {
    this.#keptOut.delete(this.#named(body));
  }

  /** Whether the teacher keeps a name out, or a browser; undefined: that is not known. */
  #isKeptOut(stream, browser) {
    return this.#keptOut.has(stream) || (browser !== undefined && [...this.#keptOut.values()].includes(browser));
  }

  /** What Janus is answered that asks about a publisher. */
  #admit({ data }) {
    const { stream, publisher } = data ?? {};
    const browser = publisher?.key_sha256;
    if (this.#isKeptOut(stream, browser)) return { allow: false, reason: "the teacher does not let you in now" };
    this.#browsers.delete(stream);
    if (this.#browsers.size >= KNOWN_MAX) this.#browsers.delete(this.#browsers.keys().next().value);
    this.#browsers.set(stream, browser);
    return { allow: true };
  }

  async #mute(body) {
    const stream = this.#named(body), muted = body.muted !== false;
    await this.#operate({ request: "configure", stream, audio: !muted });
    if (muted) this.#muted.add(stream);
    else this.#muted.delete(stream);
  }

  #spot(body) {
    this.#spotlight = body.stream === null ? null : this.#named(body);
  }

  /** The routes of the desk. */
  routes() {
    const act = (action) => ({ teacher: true, answer: async (body) => {
      await action(body);
      await this.look();
      return this.#tell(null);
    } });
    return {
      "GET /class/room.json": { answer: (body, query) => this.#tell(query.get("pass")) },
      "GET /class/teacher.json": { teacher: true, answer: () => ({}) },
      [`POST ${ADMISSION}`]: { answer: (body) => this.#admit(body) },
      "POST /class/kick.json": act((body) => this.#kick(body)),
      "POST /class/keepout.json": act((body) => this.#keepOut(body)),
      "POST /class/letin.json": act((body) => this.#letIn(body)),
      "POST /class/mute.json": act((body) => this.#mute(body)),
      "POST /class/spotlight.json": act((body) => this.#spot(body)),
    };
  }
}
