// SPDX-License-Identifier: GPL-3.0-or-later

// A stream name for somebody who has not thought of one: two words and a number, as "brave-otter-42". Pure: chance
// is an argument. All of it fits a stream name, so Spanish words here are those that need no accent; an adjective
// follows its noun there, and has one form for both genders.

const WORDS = {
  en: [
    ["agile", "amber", "brave", "bright", "calm", "clever", "cosmic", "eager", "fair", "gentle", "golden", "happy", "jolly",
      "kind", "lively", "lucky", "merry", "nimble", "polite", "quick", "quiet", "silver", "sunny", "swift", "tidy", "wise"],
    ["badger", "beaver", "bee", "cat", "crane", "deer", "dolphin", "falcon", "fox", "heron", "koala", "lark", "llama",
      "lynx", "otter", "owl", "panda", "parrot", "puma", "rabbit", "robin", "seal", "swan", "tiger", "turtle", "whale"],
  ],
  es: [
    ["abeja", "alpaca", "ardilla", "ballena", "caballo", "castor", "ciervo", "coyote", "cisne", "foca", "garza", "gato",
      "iguana", "koala", "lechuza", "llama", "lobo", "loro", "mariposa", "nutria", "panda", "pulpo", "puma", "tigre",
      "tortuga", "zorro"],
    ["alegre", "amable", "audaz", "azul", "brillante", "capaz", "celeste", "cordial", "elegante", "estelar", "feliz",
      "firme", "fuerte", "genial", "gentil", "grande", "libre", "leal", "noble", "paciente", "prudente", "sagaz",
      "sonriente", "tenaz", "valiente", "veloz"],
  ],
};
const NUMBERS = { from: 10, count: 90 };

/**
 * A name, which matches [A-Za-z0-9_-]{1,64}. `language`: as navigator.language has it; one without words gets
 * English. `random()`: from 0 on, below 1.
 */
export function friendlyName(language = "en", random = Math.random) {
  const lists = WORDS[language.slice(0, 2).toLowerCase()] ?? WORDS.en;
  const words = lists.map((list) => list[Math.floor(random() * list.length)]);
  return [...words, NUMBERS.from + Math.floor(random() * NUMBERS.count)].join("-");
}
