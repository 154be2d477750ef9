// SPDX-License-Identifier: GPL-3.0-or-later

// The buttons of the class page: what to expect of each, and what came of the last one.

import { factsOf, failureOf, keyOf, PRESSES } from "./class-lesson.js";
import { byId, element } from "./page-tools.js";
import { timeLimit } from "./time-limit.js";

const REFUSALS = { 401: "wall.wrong-key", 409: "class.refused.busy" }; // by the desk's status; others in its own words

const stateOf = (lesson) => lesson && `${lesson.id} ${lesson.state}`;

export class ClassLessons {
  #t;
  #key;
  #stream;
  #reopen;
  #buttons = [];
  #shown = "";
  #lesson = null; // that was shown last
  #seen = null; // the state of the last one that there was
  #isAsking = false;
  #refused = { text: "", state: null }; // of the lesson then: it is over with that

  /** `key`: of the page's address; without it there are no buttons. `reopen()`: what a lesson has changed for players. */
  constructor({ t, key, stream, reopen }) {
    this.#t = t;
    this.#key = key;
    this.#stream = stream;
    this.#reopen = reopen;
    byId("buttons").hidden = !key;
    for (const press of PRESSES) {
      const about = { title: element("h3"), text: element("p"), button: element("button", "button") };
      about.button.type = "button";
      about.button.dataset.press = `${press.button}-${press.value}`;
      about.button.addEventListener("click", () => this.#press(press));
      this.#buttons.push({ press, ...about });
      byId("lessons").append(element("article", "lesson", about.title, about.text, about.button));
    }
  }

  /** Its words. */
  name() {
    this.#shown = "";
    for (const { press, title, text, button } of this.#buttons) {
      title.textContent = this.#t(keyOf(press));
      text.replaceChildren(element("b", "", this.#t("class.expect")), ` ${this.#t(`${keyOf(press)}.expect`)}`);
      button.textContent = this.#t("class.press");
      button.setAttribute("aria-label", `${this.#t("class.press")}: ${this.#t(keyOf(press))}`);
    }
  }

  async #press(press) {
    if (this.#isAsking) return; // pressed twice
    this.#isAsking = true;
    for (const { button } of this.#buttons) button.disabled = true;
    const response = await fetch("class/press.json", {
      method: "POST",
      signal: timeLimit(10000),
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.#key}` },
      body: JSON.stringify({ ...press, stream: this.#stream() }),
    }).catch((error) => ({ ok: false, json: () => ({ error: error.message }) }));
    const answer = await Promise.resolve(response.json()).catch(() => ({ error: String(response.status) }));
    this.#isAsking = false;
    this.#shown = ""; // what is shown says as well which buttons there are
    const text = response.ok ? "" : this.#t(REFUSALS[response.status] ?? "class.refused", { error: answer.error });
    this.#refused = { text, state: stateOf(this.#lesson) };
    this.show(response.ok ? answer.lesson ?? null : this.#lesson);
  }

  /** Shows a lesson of the desk; null: there was none. */
  show(lesson) {
    const running = lesson?.state === "running", state = stateOf(lesson);
    const refused = state === this.#refused.state && this.#refused.text;
    const text = JSON.stringify([lesson, refused]);
    const bar = byId("lesson-progress");
    if (running && lesson.seconds) bar.value = Math.min(1, (Date.now() - lesson.beganAt) / (lesson.seconds * 1000));
    if (text === this.#shown) return;
    this.#shown = text;
    this.#lesson = lesson;
    for (const { button } of this.#buttons) button.disabled = running || this.#isAsking;
    bar.hidden = !(running && lesson.seconds);
    byId("lesson").hidden = !lesson && !refused;
    if (refused) this.#tell("bad", refused, []);
    else if (lesson) this.#describe(lesson);
    if (!lesson) return;
    if (this.#seen !== null && state !== this.#seen && lesson.button === "segment" && !running) this.#reopen();
    this.#seen = state;
  }

  #describe(lesson) {
    const name = this.#t(keyOf(lesson));
    if (lesson.state === "running") this.#tell("busy", `${name}: ${this.#t("class.running")}`, []);
    else if (lesson.state === "failed") this.#tell("bad", name, [this.#t(failureOf(lesson), lesson)]);
    else this.#tell("good", `${name}: ${this.#t("class.done")}`, factsOf(lesson).map(({ key, numbers }) => this.#t(key, numbers)));
  }

  #tell(mood, title, facts) {
    byId("lesson").className = `message ${mood}`;
    byId("lesson").dataset.mood = mood;
    byId("lesson-title").textContent = title;
    byId("lesson-facts").replaceChildren(...facts.map((fact) => element("li", "", fact)));
  }
}
