// SPDX-License-Identifier: GPL-3.0-or-later

// Which layers a publisher sends (simulcast): the same pictures in up to three sizes, each known by its
// rid, and what each may take of the cap. It decides, and knows neither page nor connection.

// The names, from the best down. They stand in the addresses that viewers open: they stay as they are.
const SCALES = [
  [["high", 1]],
  [["high", 1], ["low", 2]],
  [["high", 1], ["mid", 2], ["low", 4]],
];

// Chromium (and any other libwebrtc) lets that many layers run for pictures of so many pixels. It stops
// those at the end of the list if there are more.
const PIXELS_FOR_THREE = 960 * 540;
const PIXELS_FOR_TWO = 480 * 270;

// Of a machine with so many cores. The two lower layers cost about a third of what the first one does.
const CORES_FOR_THREE = 4;
const CORES_FOR_TWO = 2;

const DEFAULT_SIZE = { width: 1280, height: 720 }; // what cameras are asked for

// The lowest variant with its sound should be one for 192 kbit/s (Apple's authoring rules), even if it
// has as many bits as it may; beside that the sound may have 48 kbit/s (audio.bitrate of the bridge). A picture with four times as many pixels gets about four times as much.
const LOW_BPS = 110000;
const LOW_SHARE = 0.08; // at the most, if the cap is low
const MID_SHARE = 0.18;
const LOW_OF_TWO_SHARE = 0.2;

const layersOfPicture = ({ width, height }) =>
  (width * height >= PIXELS_FOR_THREE ? 3 : width * height >= PIXELS_FOR_TWO ? 2 : 1);

const layersOfMachine = (cores) => (cores >= CORES_FOR_THREE ? 3 : cores >= CORES_FOR_TWO ? 2 : 1);

/**
 * The layers to offer, [{ rid, scaleResolutionDownBy }], the best first; a single one means no simulcast.
 * `simulcast`: true (as many as the picture is worth), "auto" (no more than the machine can do) or false;
 * `size`: { width, height } of the picture, or null; `isScreen`: a screen is not worth reading at a
 * quarter of its size; `cores`: logical ones, or undefined if the browser does not say.
 */
export function planLayers({ simulcast, size, isScreen = false, cores = CORES_FOR_THREE }) {
  if (!simulcast) return toLayers(1);
  const most = isScreen ? 2 : 3;
  return toLayers(Math.min(most, layersOfPicture(size ?? DEFAULT_SIZE), simulcast === "auto" ? layersOfMachine(cores) : 3));
}

const toLayers = (count) => SCALES[count - 1].map(([rid, scaleResolutionDownBy]) => ({ rid, scaleResolutionDownBy }));

/** What each of `count` layers may send, in bit/s, the best first; together it is `cap`. */
export function shareOut(count, cap) {
  if (count < 2) return [cap];
  const shares = count === 2
    ? [LOW_OF_TWO_SHARE * cap]
    : [MID_SHARE * cap, Math.min(LOW_BPS, LOW_SHARE * cap)];
  const lower = shares.map(Math.round);
  return [cap - lower.reduce((sum, bps) => sum + bps, 0), ...lower];
}

/** The lines of the first video section of `sdp`. */
function videoLines(sdp) {
  const sections = sdp.split(/\r?\n(?=m=)/);
  return (sections.find((section) => section.startsWith("m=video")) ?? "").split(/\r?\n/);
}

/**
 * What an answer says of the picture: { layers, cap }: the rids that may be sent (none: no simulcast),
 * and what they may take together, in bit/s, or null.
 */
export function readAnswer(sdp) {
  const lines = videoLines(sdp);
  const simulcast = lines.map((line) => /^a=simulcast:recv (\S+)/.exec(line)?.[1]).find(Boolean) ?? "";
  const cap = lines.map((line) => /^b=TIAS:(\d+)/.exec(line)?.[1]).find(Boolean);
  const layers = simulcast.split(";").map((rid) => rid.split(",")[0]).filter((rid) => rid && !rid.startsWith("~"));
  return { layers, cap: cap ? Number(cap) : null };
}
