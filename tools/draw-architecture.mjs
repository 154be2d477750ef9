#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Draws the five stations of the path, in English and Spanish, for the documents, the slides and the wall of a classroom.
// Usage: tools/draw-architecture.mjs           writes the SVG and, by Chromium, the PNG files of docs/img/
//        tools/draw-architecture.mjs --check   says whether the SVG files there are what this draws

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../docs/img", import.meta.url));
const SIZE = { width: 1600, height: 880 };
const CARD = { width: 244, height: 366, top: 190 };
const GAP = 71;
const LEFT = (SIZE.width - 5 * CARD.width - 4 * GAP) / 2;

const INK = "#161b26", MUTED = "#4a5568", LINE = "#cbd5e0";
const FAST = "#c8330f", FAST_TINT = "#fff0ea"; // WebRTC
const WIDE = "#1a5aa8", WIDE_TINT = "#eaf2fc"; // HLS

const TEXTS = {
  streaming_architecture: {
    lang: "en",
    title: "From one camera to a million screens",
    idea: "Nothing is reinvented: the two best wheels are joined by one short axle.",
    fast: "In: WebRTC, low latency",
    wide: "Out: HLS, any number of viewers",
    stations: [
      { name: "Publisher", who: "the seller's browser", lines: ["encodes H.264 and Opus", "finds a way (ICE)", "agrees on keys (DTLS)", "sends at once,", "what is lost stays behind"] },
      { name: "Gatekeeper", who: "Janus and our plugin", lines: ["answers the offer (SDP)", "decrypts SRTP", "asks again for packets", "forwards plain RTP", "to a local port"] },
      { name: "Packager", who: "hls-bridge", lines: ["Opus becomes AAC", "H.264 is copied", "cuts pieces of 2 s", "writes index.m3u8:", "“these are the last ones”"] },
      { name: "Distribution", who: "nginx and any CDN", lines: ["plain files over HTTP,", "as images and HTML", "kept by any cache:", "Cloudflare, Fastly,", "Amazon CloudFront …"] },
      { name: "Viewer", who: "phone, TV, VLC, hls.js", lines: ["fetches the playlist", "sees a new piece", "fetches it, plays it", "keeps some in reserve", "and asks again"] },
    ],
    arrows: [["SRTP", "UDP"], ["RTP", "UDP"], ["files", "disk"], ["HTTP", "TCP"]],
    back: "“A key frame, please” (PLI, over RTCP)",
    halves: [
      { stage: "Upload", way: "WebRTC over UDP", first: "Speed first", told: "A packet that comes late is worth nothing.", far: "0.1 to 0.5 s behind the camera" },
      { stage: "Download", way: "HLS over HTTP and TCP", first: "Quality and reliability first", told: "Each byte arrives, and one file serves everybody.", far: "6 to 8 s behind the camera; 0.7 s with low-latency HLS" },
    ],
  },
  arquitectura_streaming: {
    lang: "es",
    title: "De una cámara a un millón de pantallas",
    idea: "No se reinventa nada: un eje corto une las dos mejores ruedas.",
    fast: "Entrada: WebRTC, baja latencia",
    wide: "Salida: HLS, cuantos espectadores sean",
    stations: [
      { name: "Emisor", who: "navegador del vendedor", lines: ["codifica H.264 y Opus", "busca un camino (ICE)", "acuerda claves (DTLS)", "envía enseguida;", "lo perdido queda atrás"] },
      { name: "Portero", who: "Janus y nuestro plugin", lines: ["contesta la oferta (SDP)", "descifra SRTP", "vuelve a pedir paquetes", "reenvía RTP sin cifrar", "a un puerto local"] },
      { name: "Empaquetador", who: "hls-bridge", lines: ["Opus pasa a AAC", "H.264 se copia", "corta trozos de 2 s", "escribe index.m3u8:", "«estos son los últimos»"] },
      { name: "Distribución", who: "nginx y cualquier CDN", lines: ["simples archivos HTTP,", "como imágenes y HTML", "para cualquier caché:", "Cloudflare, Fastly,", "Amazon CloudFront…"] },
      { name: "Espectador", who: "celular, TV, VLC, hls.js", lines: ["pide la playlist", "ve un trozo nuevo", "lo pide y lo reproduce", "guarda una reserva", "y vuelve a preguntar"] },
    ],
    arrows: [["SRTP", "UDP"], ["RTP", "UDP"], ["archivos", "disco"], ["HTTP", "TCP"]],
    back: "«Un cuadro clave, por favor» (PLI, por RTCP)",
    halves: [
      { stage: "Subida", way: "WebRTC sobre UDP", first: "Primero, la velocidad", told: "Un paquete que llega tarde no vale nada.", far: "de 0.1 a 0.5 s detrás de la cámara" },
      { stage: "Bajada", way: "HLS sobre HTTP y TCP", first: "Primero, calidad y fiabilidad", told: "Llegan todos los bytes, y un archivo sirve a todos.", far: "de 6 a 8 s detrás de la cámara; 0.7 s con HLS de baja latencia" },
    ],
  },
};

/* What each station looks like, about its middle, 110 wide and 80 high. */
const ICONS = [
  // a window with a camera
  `<rect x="-52" y="-38" width="104" height="76" rx="9" fill="#fff" stroke-width="3"/><path d="M-52 -20H52" stroke-width="3"/>
   <rect x="-28" y="-9" width="38" height="34" rx="6" fill="currentColor" stroke="none"/><path d="M14 4L32 -6V22L14 12Z" fill="currentColor" stroke="none"/>`,
  // a shield with a keyhole
  `<path d="M0 -42L42 -28V4C42 24 22 36 0 44C-22 36 -42 24 -42 4V-28Z" fill="#fff" stroke-width="3"/>
   <circle cx="0" cy="-9" r="10" fill="currentColor" stroke="none"/><path d="M-5 -4H5L9 22H-9Z" fill="currentColor" stroke="none"/>`,
  // one band, cut into pieces, and scissors' line
  `<path d="M-54 -6H-6" stroke-width="22" stroke-linecap="butt"/><g fill="${WIDE}" stroke="none"><rect x="8" y="-17" width="12" height="22" rx="2"/>
   <rect x="25" y="-17" width="12" height="22" rx="2"/><rect x="42" y="-17" width="12" height="22" rx="2"/></g>
   <path d="M1 -40V28" stroke="${INK}" stroke-width="3" stroke-dasharray="5 5"/>
   <path d="M8 24H54M8 35H40" stroke="${WIDE}" stroke-width="4"/>`,
  // a server, and caches in front of it
  `<rect x="-54" y="-24" width="36" height="48" rx="5" fill="#fff" stroke-width="3"/><path d="M-46 -10H-26M-46 2H-26M-46 14H-36" stroke-width="3"/>
   <path d="M-16 0L14 -28M-16 0H14M-16 0L14 28" stroke-width="3"/>
   <g fill="#fff" stroke-width="3"><circle cx="30" cy="-28" r="13"/><circle cx="30" cy="0" r="13"/><circle cx="30" cy="28" r="13"/></g>`,
  // a TV and a phone
  `<rect x="-54" y="-36" width="78" height="54" rx="6" fill="#fff" stroke-width="3"/><path d="M-34 30H4" stroke-width="4"/>
   <path d="M-24 -22L-2 -9L-24 4Z" fill="currentColor" stroke="none"/>
   <rect x="24" y="-20" width="30" height="56" rx="6" fill="#fff" stroke-width="3"/><path d="M34 -2L46 6L34 14Z" fill="currentColor" stroke="none"/>`,
];

const text = (x, y, words, { size = 16, weight = 400, fill = INK, anchor = "middle" } = {}) =>
  `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${words}</text>`;

/** The colours of a station: the third one joins both halves. */
const coloursOf = (i) => (i < 2 ? [FAST, FAST] : i === 2 ? [FAST, WIDE] : [WIDE, WIDE]);

function station({ name, who, lines }, i) {
  const x = LEFT + i * (CARD.width + GAP), middle = x + CARD.width / 2, { top, width, height } = CARD;
  const [colour, second] = coloursOf(i);
  const edge = i === 2 ? "url(#joint)" : colour;
  return `<g data-station="${i + 1}">
    <rect x="${x}" y="${top}" width="${width}" height="${height}" rx="16" fill="#fff" stroke="${edge}" stroke-width="3"/>
    <circle cx="${x + 32}" cy="${top + 34}" r="17" fill="${edge}"/>
    ${text(x + 32, top + 41, i + 1, { size: 20, weight: 700, fill: "#fff" })}
    ${text(x + 58, top + 42, name, { size: name.length > 11 ? 20 : 22, weight: 700, anchor: "start" })}
    <g transform="translate(${middle} ${top + 112})" fill="none" stroke="${colour}" color="${colour}" stroke-linecap="round" stroke-linejoin="round">
   ${ICONS[i]}</g>
    ${text(middle, top + 190, who, { size: 16, weight: 600, fill: second })}
    <path d="M${x + 24} ${top + 206}H${x + width - 24}" stroke="${LINE}" stroke-width="1.5"/>
    ${lines.map((line, n) => text(middle, top + 236 + 26 * n, line, { size: 17, fill: INK })).join("\n    ")}
  </g>`;
}

function arrow([above, below], i) {
  const from = LEFT + (i + 1) * CARD.width + i * GAP, y = CARD.top + 112, colour = i < 2 ? FAST : WIDE;
  return `<g><path d="M${from + 6} ${y}H${from + GAP - 9}" stroke="${colour}" stroke-width="4" fill="none" marker-end="url(#${i < 2 ? "fast" : "wide"})"/>
    ${text(from + GAP / 2, y - 15, above, { size: 13.5, weight: 700, fill: colour })}
    ${text(from + GAP / 2, y + 26, below, { size: 14, fill: MUTED })}</g>`;
}

/** The bars above the stations: the two wheels, and the axle between them. */
function wheels({ fast, wide }) {
  const joint = SIZE.width / 2, y = 122, height = 46;
  return `<path d="M${LEFT + 23} ${y}H${joint}V${y + height}H${LEFT + 23}A23 23 0 0 1 ${LEFT + 23} ${y}Z" fill="${FAST}"/>
  <path d="M${joint} ${y}H${SIZE.width - LEFT - 23}A23 23 0 0 1 ${SIZE.width - LEFT - 23} ${y + height}H${joint}Z" fill="${WIDE}"/>
  ${text((LEFT + joint) / 2, y + 31, fast, { size: 21, weight: 700, fill: "#fff" })}
  ${text((joint + SIZE.width - LEFT) / 2, y + 31, wide, { size: 21, weight: 700, fill: "#fff" })}
  <circle cx="${joint}" cy="${y + height / 2}" r="31" fill="#fff" stroke="${INK}" stroke-width="4"/>
  <circle cx="${joint - 9}" cy="${y + height / 2}" r="12" fill="none" stroke="${FAST}" stroke-width="4.5"/>
  <circle cx="${joint + 9}" cy="${y + height / 2}" r="12" fill="none" stroke="${WIDE}" stroke-width="4.5"/>`;
}

/** The requests that go back, from the packager to the publisher. */
function wayBack(words) {
  const y = CARD.top + CARD.height, width = 10.4 * words.length, at = (i) => LEFT + i * (CARD.width + GAP) + CARD.width / 2;
  return `<path d="M${at(2)} ${y + 4}V${y + 22}Q${at(2)} ${y + 34} ${at(2) - 12} ${y + 34}H${at(0) + 12}Q${at(0)} ${y + 34} ${at(0)} ${y + 22}V${y + 12}"
    stroke="${FAST}" stroke-width="3" stroke-dasharray="8 7" fill="none" marker-end="url(#fast)"/>
  <rect x="${at(1) - width / 2}" y="${y + 20}" width="${width}" height="28" fill="#fff"/>
  ${text(at(1), y + 40, words, { size: 17, weight: 600, fill: FAST })}`;
}

function half({ stage, way, first, told, far }, i) {
  const joint = SIZE.width / 2, x = i === 0 ? LEFT : joint + 12, width = joint - LEFT - 12, y = 632, height = 212;
  const colour = i === 0 ? FAST : WIDE, start = { anchor: "start" };
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="16" fill="${i === 0 ? FAST_TINT : WIDE_TINT}"/>
  <rect x="${x}" y="${y + 20}" width="6" height="${height - 40}" rx="3" fill="${colour}"/>
  ${text(x + 32, y + 44, stage, { size: 24, weight: 700, fill: colour, ...start })}
  ${text(x + width - 28, y + 44, way, { size: 20, weight: 600, fill: INK, anchor: "end" })}
  ${text(x + 32, y + 96, first, { size: 28, weight: 700, ...start })}
  ${text(x + 32, y + 134, told, { size: 19, fill: INK, ...start })}
  ${text(x + 32, y + 178, far, { size: 19, weight: 600, fill: colour, ...start })}`;
}

const tip = (id, colour) => `<marker id="${id}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="5" markerHeight="5" orient="auto"><path d="M0 0L10 5L0 10Z" fill="${colour}"/></marker>`;

/** The drawing as SVG. No style element: a page with a content security policy may have it inside. */
export function drawArchitecture(name) {
  const words = TEXTS[name];
  const told = [words.title, ...words.stations.map(({ name: title, who, lines }, i) => `${i + 1} ${title}, ${who}: ${lines.join(" ")}`)].join(". ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" lang="${words.lang}" font-family="system-ui, 'DejaVu Sans', sans-serif" role="img" aria-label="${told}">
  <!-- SPDX-License-Identifier: GPL-3.0-or-later -->
  <!-- drawn by tools/draw-architecture.mjs -->
  <defs>
    ${tip("fast", FAST)}
    ${tip("wide", WIDE)}
    <linearGradient id="joint"><stop offset="0.35" stop-color="${FAST}"/><stop offset="0.65" stop-color="${WIDE}"/></linearGradient>
  </defs>
  <rect width="${SIZE.width}" height="${SIZE.height}" fill="#fff"/>
  ${text(LEFT, 60, words.title, { size: 40, weight: 700, anchor: "start" })}
  ${text(LEFT, 98, words.idea, { size: 21, fill: MUTED, anchor: "start" })}
  ${wheels(words)}
  ${words.stations.map(station).join("\n  ")}
  ${words.arrows.map(arrow).join("\n  ")}
  ${wayBack(words.back)}
  ${words.halves.map(half).join("\n  ")}
</svg>
`;
}

/** Renders an SVG file as PNG, in Chromium, which draws it as readers' browsers do. */
function render(svg, png) {
  const profile = mkdtempSync(path.join(os.tmpdir(), "draw-"));
  try {
    execFileSync("chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", `--user-data-dir=${profile}`,
      `--window-size=${SIZE.width},${SIZE.height}`, `--screenshot=${png}`, `file://${svg}`], { stdio: "ignore" });
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

function main(check) {
  for (const name of Object.keys(TEXTS)) {
    const svg = path.join(FOLDER, `${name}.svg`);
    const drawn = drawArchitecture(name);
    if (!check) {
      writeFileSync(svg, drawn);
      render(svg, path.join(FOLDER, `${name}.png`));
    } else if (readFileSync(svg, "utf8") !== drawn) {
      console.error(`docs/img/${name}.svg is not what tools/draw-architecture.mjs draws: run it`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes("--check"));
