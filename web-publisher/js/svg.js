// SPDX-License-Identifier: GPL-3.0-or-later

// Elements of SVG.

const NS = "http://www.w3.org/2000/svg";

/** Gives an element attributes. */
export function setAll(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
}

/** A new element, with `children`: elements and text. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(NS, name);
  setAll(made, attributes);
  made.append(...children);
  return made;
}
