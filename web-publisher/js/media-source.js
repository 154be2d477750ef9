// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher shows: a camera, a screen or the test card, with a microphone. Every way in which
// that fails becomes a sentence that says what to do.

import { canSend } from "./codecs.js";
import { startTestCard } from "./test-card.js";

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const AUDIO = { channelCount: { ideal: 2 } };
const SIDE_MIN = 16; // pixels of the test card, a macroblock
const SIDE_MAX = 4096;

/** An error whose message is for people. */
export class MediaError extends Error {}

const INSECURE =
  "Browsers give cameras, screens and microphones to secure pages only: open this page on " +
  "localhost or over https (./demo --lan does). The test card works here too.";

function sentence(error, kind) {
  const thing = kind === "screen" ? "the screen" : "the camera or microphone";
  switch (error.name) {
    case "NotAllowedError":
      return kind === "screen"
        ? "Nothing was chosen to be shown. Press Go live again and pick a screen or a window."
        : `The browser was not allowed to use ${thing}. Allow it beside the address bar, then try again.`;
    case "NotFoundError":
    case "OverconstrainedError":
      return "There is no such camera or microphone. Plug one in, choose another, or show the test card.";
    case "NotReadableError":
    case "AbortError":
      return `Another program is using ${thing}. Close it, then try again.`;
    default:
      return `${thing[0].toUpperCase()}${thing.slice(1)} cannot be used: ${error.message}`;
  }
}

/** Throws if this browser cannot send the video codec that was chosen ("": H.264, as almost all servers want). */
export function checkBrowser(codec = "") {
  if (!window.RTCPeerConnection) throw new MediaError("This browser has no WebRTC: use a current one.");
  if (canSend(codec || "h264", window.RTCRtpSender?.getCapabilities?.("video") ?? null)) return;
  throw new MediaError(codec && codec !== "h264" ? "This browser does not send that video codec. Choose another one." :
    "This browser has no H.264 encoder, and few players take anything else. Use Chrome, Edge or Safari; in Firefox, " +
      "switch the OpenH264 plugin on (about:addons, Plugins). Or choose another video codec, if the server is set up for it.");
}

/** { cameras, microphones }: what there is to choose from, [{ id, label }]; named once allowed. */
export async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (kind, word) =>
    devices
      .filter((device) => device.kind === kind && device.deviceId)
      .map((device, i) => ({ id: device.deviceId, label: device.label || `${word} ${i + 1}` }));
  return { cameras: of("videoinput", "Camera"), microphones: of("audioinput", "Microphone") };
}

async function openCamera({ camera, microphone }) {
  const exact = (id) => (id ? { deviceId: { exact: id } } : {});
  return navigator.mediaDevices.getUserMedia({
    video: { ...VIDEO, ...exact(camera) },
    audio: microphone === "none" ? false : { ...AUDIO, ...exact(microphone) },
  });
}

/** The screen, with its own sound if the browser gives it, else with the microphone. */
async function openScreen({ microphone }) {
  const screen = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 30 } }, audio: true });
  if (screen.getAudioTracks().length > 0 || microphone === "none") return screen;
  const voice = await navigator.mediaDevices
    .getUserMedia({ audio: { ...AUDIO, ...(microphone && { deviceId: { exact: microphone } }) } })
    .catch(() => null); // a screen without a voice is still worth showing
  voice?.getTracks().forEach((track) => screen.addTrack(track));
  return screen;
}

/** "640x360" as { width, height }; {} if it is no size that can be drawn and encoded. */
function readSize(text) {
  const [width, height] = /^(\d+)x(\d+)$/.exec(text ?? "")?.slice(1).map(Number) ?? [];
  const fits = (n) => n >= SIDE_MIN && n <= SIDE_MAX && n % 2 === 0;
  return fits(width) && fits(height) ? { width, height } : {};
}

/**
 * Opens `kind`: "camera", "screen" or "testcard". `name` stands on the card, `size` is its own, as
 * "640x360". Returns { stream, stop }. Throws a MediaError.
 */
export async function openSource(kind, { camera = "", microphone = "", name = "", size = null } = {}) {
  if (kind === "testcard") return startTestCard({ ...readSize(size), name });
  if (!navigator.mediaDevices?.getUserMedia) throw new MediaError(INSECURE);
  if (kind === "screen" && !navigator.mediaDevices.getDisplayMedia)
    throw new MediaError("This browser cannot show its screen. Show the camera, or use a computer.");
  try {
    const open = kind === "screen" ? openScreen : openCamera;
    const stream = await open({ camera, microphone });
    return { stream, stop: () => stream.getTracks().forEach((track) => track.stop()) };
  } catch (error) {
    throw new MediaError(sentence(error, kind));
  }
}
