// SPDX-License-Identifier: GPL-3.0-or-later

// The box of a station on the class page: what it is and does, what is there just now, and how a terminal shows the same.

import { commandsFor } from "./class-values.js";
import { byId, element } from "./page-tools.js";

const FACTS = ["actor", "role", "protocol", "actions", "analogy", "concept"];
const LINES_MAX = 60;

const pretty = (value) => JSON.stringify(value, null, 2);

const describe = ({ type, protocol, address, port }) => `${type} ${protocol} ${address}:${port}`;

/** What is there now, as text. */
const NOW = {
  seller: ({ look }) => look?.seller && [
    ...look.seller.candidates.seller.map((each) => `candidate ${describe(each)}`),
    `pair ${look.seller.pair}`, "", ...look.seller.offer].join("\n"),
  janus: ({ look }) => look && [
    ...(look.seller?.candidates.janus ?? []).map((each) => `candidate ${describe(each)}`),
    pretty(look.gateway?.tracks ?? null), "", ...(look.seller?.answer ?? [])].join("\n"),
  bridge: ({ look }) => look && pretty(look.bridge),
  files: ({ look, list }) => list.text && [list.text.trim(), "",
    ...(look?.folder.files ?? []).map(({ name, bytes, age }) => `${String(bytes).padStart(9)}  ${age.toFixed(1).padStart(6)} s  ${name}`)].join("\n"),
  viewer: ({ players }) => pretty(players),
};

export class ClassBoxes {
  #dialog = byId("box");
  #open = null;
  #now;
  #t;

  /** `now()`: { look, list, stream, players } as they are. */
  constructor({ t, now }) {
    this.#t = t;
    this.#now = now;
    byId("box-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("close", () => (this.#open = null));
  }

  open(id) {
    const t = this.#t;
    this.#open = id;
    this.#dialog.dataset.station = id;
    byId("box-title").textContent = t(`class.${id}`);
    byId("box-facts").replaceChildren(...FACTS.map((fact) => element("div", `fact ${fact}-fact`,
      element("dt", "", t(`class.box.${fact}`)),
      ...t(`class.${id}.${fact}`).split("\n").map((line) => element("dd", "", line)))));
    this.show();
    this.#dialog.showModal();
  }

  /** What is there now, in the box that is open. */
  show() {
    if (!this.#open) return;
    const { stream, look } = this.#now(), command = commandsFor(this.#open, { site: location.origin, stream: stream || "demo", look });
    if (byId("box-command").textContent !== command) byId("box-command").textContent = command;
    const text = NOW[this.#open](this.#now()) || "–";
    const lines = text.split("\n");
    const shown = [...lines.slice(0, LINES_MAX), ...(lines.length > LINES_MAX ? ["…"] : [])].join("\n");
    if (byId("box-now").textContent !== shown) byId("box-now").textContent = shown;
  }
}
