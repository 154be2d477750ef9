// SPDX-License-Identifier: GPL-3.0-or-later

// Moves through the slides: arrow keys, space, buttons, or a tap. An answer is shown before the next slide is. A classic script:
// a page that is opened as a file may have no module.

(() => {
  const LANGUAGES = ["en", "es"];
  const LABELS = {
    en: { back: "Back", on: "On", notes: "N: the teacher's notes", language: "ES: en español", other: "ES" },
    es: { back: "Atrás", on: "Adelante", notes: "N: notas para quien enseña", language: "EN: in English", other: "EN" },
  };
  const byId = (id) => document.getElementById(id);
  const KEPT = "janus-hls-language"; // what the pages have been told to speak

  function kept() {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null; // a browser that keeps nothing
    }
  }

  const first = new URLSearchParams(location.search).get("lang") ?? kept() ?? navigator.language.slice(0, 2);
  let language = LANGUAGES.includes(first) ? first : "en";
  let at = 0;

  const slides = () => [...document.querySelectorAll(`main[lang=${language}] .slide`)];

  /** Shows what language and place say; what stays hidden is of no use to screen readers either. */
  function show() {
    for (const main of document.querySelectorAll("main")) main.hidden = main.lang !== language;
    document.documentElement.lang = language;
    slides().forEach((slide, i) => slide.classList.toggle("now", i === at));
    byId("place").textContent = `${at + 1} / ${slides().length}`;
    document.title = `${slides()[at].querySelector("h2").textContent} – janus-hls`;
    for (const id of ["back", "on", "notes", "language"]) byId(id).title = LABELS[language][id];
    for (const id of ["back", "on", "notes", "language"]) byId(id).setAttribute("aria-label", LABELS[language][id]);
    byId("language").textContent = LABELS[language].other;
    scrollTo(0, 0);
    const hash = `#${language}-${at + 1}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }

  /** From the address, "#es-3"; whether it names a slide. */
  function readHash() {
    const [, lang, number] = /^#(en|es)-(\d+)$/.exec(location.hash) ?? [];
    if (!lang) return;
    language = lang;
    at = Math.min(Math.max(number, 1), slides().length) - 1;
  }

  function go(to) {
    at = Math.min(Math.max(to, 0), slides().length - 1);
    show();
  }

  function on() {
    const answer = slides()[at].querySelector(".answer:not(.shown)");
    if (answer) answer.classList.add("shown");
    else go(at + 1);
  }

  function toggleNotes() {
    byId("notes").setAttribute("aria-pressed", document.body.classList.toggle("with-notes"));
  }

  function toggleLanguage() {
    language = LANGUAGES.find((each) => each !== language);
    try {
      localStorage.setItem(KEPT, language);
    } catch {
      // it is asked again the next time
    }
    show();
  }

  const KEYS = {
    ArrowRight: on, ArrowDown: on, PageDown: on, " ": on, Enter: on,
    ArrowLeft: () => go(at - 1), ArrowUp: () => go(at - 1), PageUp: () => go(at - 1),
    Home: () => go(0), End: () => go(Infinity),
    n: toggleNotes, l: toggleLanguage,
    f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  };

  document.addEventListener("keydown", (event) => {
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
    if ((event.key === " " || event.key === "Enter") && event.target.closest("button")) return; // it has a click coming
    event.preventDefault();
    act();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("nav") || getSelection().toString()) return;
    if (event.clientX < innerWidth / 3) go(at - 1);
    else on();
  });
  byId("back").addEventListener("click", () => go(at - 1));
  byId("on").addEventListener("click", on);
  byId("notes").addEventListener("click", toggleNotes);
  byId("language").addEventListener("click", toggleLanguage);
  addEventListener("hashchange", () => {
    readHash();
    show();
  });

  readHash();
  show();
})();
