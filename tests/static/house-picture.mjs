// SPDX-License-Identifier: GPL-3.0-or-later

// Draws which folder of hls-bridge includes which, as SVG: rooms in layers, each above all that it includes. What
// everything includes (base) is the ground below all, without arrows.
//
// The method is Sugiyama's: an arrow over several layers gets a point in each of them; the order within the layers is
// changed as long as fewer arrows cross; then everything moves towards its neighbours.

const GROUND = "base";
const BOX = { width: 148, height: 48 };
const POINT = { width: 26 }; // of an arrow that passes through a layer
const GAP = { x: 14, y: 52 };
const MARGIN = 24;
const SWEEPS = 40;

/** What is said of a room below its name. */
const PURPOSE = {
  base: "units, types, the clock, the log: everything includes it",
  codec: "H.264, Opus, AAC",
  clock: "one clock of many",
  ingest: "one publisher",
  store: "files, numbers",
  serve: "requests that wait",
  package: "the outputs",
  segment: "where segments end",
  transcode: "other sizes",
  stream: "a stream's life",
  control: "the control API",
  events: "what happened",
  main: "starts it all",
};

/** { room: layer }: above all that it includes; the ground is 0. */
function layersOf(graph) {
  const layer = {};
  const find = (room) => (layer[room] ??= Math.max(0, ...[...graph[room]].map((to) => find(to) + 1)));
  Object.keys(graph).forEach(find);
  return layer;
}

/** Nodes { room or null, layer, x } in their layers, and links between neighbouring layers { from, to }. */
function build(graph) {
  const layer = layersOf(graph);
  const rooms = Object.keys(graph).filter((room) => room !== GROUND);
  const nodes = new Map(rooms.map((room) => [room, { room, layer: layer[room], ...BOX }]));
  const layers = [];
  const add = (node) => (layers[node.layer] ??= []).push(node);
  const links = [];
  const arrows = [];
  nodes.forEach(add);
  for (const room of rooms) {
    for (const to of [...graph[room]].filter((name) => name !== GROUND).sort()) {
      const way = [nodes.get(room)];
      for (let at = layer[room] - 1; at > layer[to]; at--) {
        way.push({ room: null, layer: at, ...POINT });
        add(way.at(-1));
      }
      way.push(nodes.get(to));
      arrows.push(way);
      for (let i = 1; i < way.length; i++) links.push({ from: way[i - 1], to: way[i] });
    }
  }
  return { layers: layers.filter(Boolean), links, arrows };
}

/* ---- order ---- */

const number = (layers) => layers.forEach((nodes) => nodes.forEach((node, i) => (node.index = i)));

function crossings({ layers, links }) {
  number(layers);
  let count = 0;
  links.forEach((a, i) => links.slice(i + 1).forEach((b) => {
    if (a.from.layer === b.from.layer)
      count += (a.from.index - b.from.index) * (a.to.index - b.to.index) < 0;
  }));
  return count;
}

const mean = (values, other) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : other);

/** Orders each layer by where its neighbours above, or below, are. */
function sweep({ layers, links }, down) {
  const [near, far] = down ? ["to", "from"] : ["from", "to"];
  for (const nodes of down ? layers.toReversed() : layers) {
    number(layers);
    for (const node of nodes)
      node.wish = mean(links.filter((link) => link[near] === node).map((link) => link[far].index), node.index);
    nodes.sort((a, b) => a.wish - b.wish || a.index - b.index);
  }
}

/** Exchanges neighbours as long as that saves a crossing. */
function exchange(drawing) {
  for (let better = true; better;) {
    better = false;
    for (const nodes of drawing.layers) {
      for (let i = 1; i < nodes.length; i++) {
        const before = crossings(drawing);
        [nodes[i - 1], nodes[i]] = [nodes[i], nodes[i - 1]];
        if (crossings(drawing) < before) better = true;
        else [nodes[i - 1], nodes[i]] = [nodes[i], nodes[i - 1]];
      }
    }
  }
}

function order(drawing) {
  let best = Infinity;
  let kept = [];
  for (let i = 0; i < SWEEPS; i++) {
    sweep(drawing, i % 2 === 0);
    exchange(drawing);
    const count = crossings(drawing);
    if (count < best) [best, kept] = [count, drawing.layers.map((nodes) => [...nodes])];
  }
  drawing.layers.forEach((nodes, i) => nodes.splice(0, nodes.length, ...kept[i]));
}

/* ---- places ---- */

/** Moves a layer's nodes as near to their wishes as their widths allow. */
function settle(nodes) {
  const apart = (a, b) => (a.width + b.width) / 2 + GAP.x;
  const left = [], right = [];
  nodes.forEach((node, i) => (left[i] = i ? Math.max(node.wish, left[i - 1] + apart(nodes[i - 1], node)) : node.wish));
  for (let i = nodes.length - 1; i >= 0; i--)
    right[i] = i < nodes.length - 1 ? Math.min(nodes[i].wish, right[i + 1] - apart(nodes[i], nodes[i + 1])) : nodes[i].wish;
  nodes.forEach((node, i) => (node.x = (left[i] + right[i]) / 2));
}

/** Gives each node its place, the middle of it; returns the drawing's { width, height }. */
function place({ layers, links }) {
  layers.forEach((nodes) => nodes.forEach((node, i) => (node.wish = i * (BOX.width + GAP.x))));
  layers.forEach(settle);
  for (let i = 0; i < SWEEPS; i++) {
    for (const nodes of i % 2 ? layers : layers.toReversed()) {
      for (const node of nodes) {
        const others = links.flatMap(({ from, to }) => (from === node ? [to.x] : to === node ? [from.x] : []));
        node.wish = mean(others, node.x);
      }
      settle(nodes);
    }
  }
  const all = layers.flat();
  const least = Math.min(...all.map((node) => node.x - node.width / 2)) - MARGIN;
  const width = Math.round(Math.max(...all.map((node) => node.x + node.width / 2)) - least + MARGIN);
  layers.toReversed().forEach((nodes, i) => nodes.forEach((node) => {
    node.x = Math.round(node.x - least);
    node.y = MARGIN + i * (BOX.height + GAP.y) + BOX.height / 2;
  }));
  return { width, height: 2 * MARGIN + layers.length * (BOX.height + GAP.y) + BOX.height };
}

/* ---- SVG ---- */

const STYLE = `
    .paper { fill: #fbfbfd } .room { fill: #fff; stroke: #cbd5e0; stroke-width: 1.5 } .ground { fill: #edf2f7; stroke: #cbd5e0 }
    .name { fill: #1a202c; font-size: 16px; font-weight: 600 } .purpose { fill: #4a5568; font-size: 12px }
    .arrow { fill: none; stroke: #718096; stroke-width: 1.5 } .tip { fill: #718096 }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #171923 } .room { fill: #2d3748; stroke: #718096 } .ground { fill: #232a38; stroke: #718096 }
      .name { fill: #f7fafc } .purpose { fill: #cbd5e0 } .arrow { stroke: #a0aec0 } .tip { fill: #a0aec0 }
    }`;

function box(kind, name, x, y, width) {
  const words = [`<text class="name" x="${x}" y="${y + (PURPOSE[name] ? -3 : 5)}">${name === "main" ? "main.c" : name}</text>`];
  if (PURPOSE[name]) words.push(`<text class="purpose" x="${x}" y="${y + 15}">${PURPOSE[name]}</text>`);
  return `  <rect class="${kind}" x="${x - width / 2}" y="${y - BOX.height / 2}" width="${width}" height="${BOX.height}" rx="9"/>\n` +
    words.map((line) => `  ${line}`).join("\n");
}

/** An arrow from the bottom of the first node to the top of the last. */
function arrow(way) {
  const points = way.map(({ x, y, room }, i) => ({ x, y: y + (room ? (i ? -1 : 1) * (BOX.height / 2) - (i ? 2 : 0) : 0) }));
  const parts = points.slice(1).map((to, i) => {
    const from = points[i];
    const middle = (from.y + to.y) / 2;
    return `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
  });
  return `  <path class="arrow" marker-end="url(#tip)" d="M${points[0].x} ${points[0].y}${parts.join("")}"/>`;
}

/** The picture of a graph as readHouse() gives it. */
export function drawHouse(graph) {
  const drawing = build(graph);
  order(drawing);
  const { width, height } = place(drawing);
  const told = Object.entries(graph).filter(([, to]) => to.size)
    .map(([room, to]) => `${room} includes ${[...to].sort().join(", ")}`).join("; ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" text-anchor="middle" role="img" aria-label="${told}">
  <!-- SPDX-License-Identifier: GPL-3.0-or-later -->
  <!-- drawn by tests/static/include-graph.mjs -->
  <style>${STYLE}
  </style>
  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
      <path class="tip" d="M0 0L10 5L0 10z"/>
    </marker>
  </defs>
  <rect class="paper" width="${width}" height="${height}" rx="14"/>
${drawing.arrows.map(arrow).join("\n")}
${drawing.layers.flat().filter(({ room }) => room).map(({ room, x, y }) => box("room", room, x, y, BOX.width)).join("\n")}
${box("ground", GROUND, width / 2, height - MARGIN - BOX.height / 2, width - 2 * MARGIN)}
</svg>
`;
}
