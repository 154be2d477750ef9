// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher shows: a camera, a screen or the test card, with a microphone. Every way in which
// that fails becomes an error that says what to do.

import { canSend } from "./codecs.js";
import { t } from "./strings.js";
import { LIGHT, startTestCard } from "./test-card.js";
import { ToldError } from "./told-error.js";

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const LIGHT_VIDEO = { width: { ideal: LIGHT.width }, height: { ideal: LIGHT.height }, frameRate: { ideal: LIGHT.rate } };
const AUDIO = { channelCount: { ideal: 2 } };
const SIDE_MIN = 16; // pixels of the test card, a macroblock
const SIDE_MAX = 4096;

/** Why a camera, a microphone or a screen cannot be had. */
function told(error, kind) {
  const of = (key) => new ToldError(kind === "screen" ? `media.screen-${key}` : `media.camera-${key}`, { reason: error.message });
  switch (error.name) {
    case "NotAllowedError":
      return of("denied");
    case "NotFoundError":
    case "OverconstrainedError":
      return new ToldError("media.none");
    case "NotReadableError":
    case "AbortError":
      return of("busy");
    default:
      return of("failed");
  }
}

/** Throws a ToldError if this browser cannot send the video codec that was chosen ("": H.264, as almost all servers want). */
export function checkBrowser(codec = "") {
  if (!window.RTCPeerConnection) throw new ToldError("media.no-webrtc");
  if (canSend(codec || "h264", window.RTCRtpSender?.getCapabilities?.("video") ?? null)) return;
  throw new ToldError(codec && codec !== "h264" ? "media.no-codec" : "media.no-h264");
}

/** { cameras, microphones }: what there is to choose from, [{ id, label }]; named once allowed. */
export async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (kind, word) =>
    devices
      .filter((device) => device.kind === kind && device.deviceId)
      .map((device, i) => ({ id: device.deviceId, label: device.label || `${word} ${i + 1}` }));
  return { cameras: of("videoinput", t("publish.camera")), microphones: of("audioinput", t("publish.microphone")) };
}

async function openCamera({ camera, microphone, light }) {
  const exact = (id) => (id ? { deviceId: { exact: id } } : {});
  return navigator.mediaDevices.getUserMedia({
    video: { ...(light ? LIGHT_VIDEO : VIDEO), ...exact(camera) },
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

/** A test card; one whose size somebody has chosen keeps it. */
async function openCard({ name, size, light }) {
  const { lighten, ...card } = await startTestCard({ ...(light && LIGHT), ...readSize(size), name });
  return size || light ? card : { ...card, lighten };
}

/**
 * Opens `kind`: "camera", "screen" or "testcard". `name` stands on the card, `size` is its own, as
 * "640x360"; `light`: 640x360 at 15 pictures a second will do, of a camera too. Returns { stream, stop }, and of a card that
 * may become lighter { drawn, lighten } (test-card.js). Throws a ToldError.
 */
export async function openSource(kind, { camera = "", microphone = "", name = "", size = null, light = false } = {}) {
  if (kind === "testcard") return openCard({ name, size, light });
  if (!navigator.mediaDevices?.getUserMedia) throw new ToldError("media.insecure");
  if (kind === "screen" && !navigator.mediaDevices.getDisplayMedia)
    throw new ToldError("media.no-screen");
  try {
    const open = kind === "screen" ? openScreen : openCamera;
    const stream = await open({ camera, microphone, light });
    return { stream, stop: () => stream.getTracks().forEach((track) => track.stop()) };
  } catch (error) {
    throw told(error, kind);
  }
}
