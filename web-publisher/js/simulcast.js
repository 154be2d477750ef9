// SPDX-License-Identifier: GPL-3.0-or-later

// What WebRTC's objects have to do with layers; which layers there are is decided in layers.js.

import { layerParameters } from "./codecs.js";
import { planLayers, readAnswer, shareOut } from "./layers.js";

const SIZE_WITHIN_MS = 1000; // of a track that has not said its size; it shows a picture by then

/** { width, height } of what `track` shows, or null. Not each browser, and not each track, says so at once. */
async function sizeOf(track) {
  const { width, height } = track.getSettings();
  if (width && height) return { width, height };
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  await Promise.race([
    video.play().catch(() => {}),
    new Promise((resolve) => setTimeout(resolve, SIZE_WITHIN_MS)),
  ]);
  const size = video.videoWidth ? { width: video.videoWidth, height: video.videoHeight } : null;
  video.srcObject = null;
  return size;
}

const isScreen = (track) => Boolean(track.getSettings().displaySurface) || ["detail", "text"].includes(track.contentHint);

/**
 * The layers to send `track` in, as RTCPeerConnection's sendEncodings, the best first; a single one means
 * that it is sent as it is. `simulcast`: see planLayers(); `cap`: what they may take together, bit/s.
 */
export async function layersOf(track, simulcast, cap) {
  if (!simulcast) return planLayers({ simulcast });
  const cores = navigator.hardwareConcurrency || undefined;
  const layers = planLayers({ simulcast, size: await sizeOf(track), isScreen: isScreen(track), cores });
  const shares = shareOut(layers.length, cap);
  return layers.map((layer, i) => ({ ...layer, maxBitrate: shares[i] }));
}

/** Gives the layers that `sender` sends their shares of the cap, as the answer `sdp` has both. */
export async function fitLayers(sender, sdp) {
  const { layers, cap } = readAnswer(sdp);
  const parameters = sender.getParameters();
  const running = parameters.encodings?.filter(({ rid, active }) => active && layers.includes(rid)) ?? [];
  if (!running.length || !cap) return;
  const shares = shareOut(running.length, cap);
  running.forEach((encoding, i) => (encoding.maxBitrate = shares[i]));
  await sender.setParameters(parameters).catch(() => {}); // it is closing, or negotiates again
}

/** Under strain frames go first: each change of size restarts decoders at the viewers. `codec`: one of codecs.js, or "". */
export async function preferFrameSize(sender, codec) {
  const parameters = sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  for (const layer of parameters.encodings) Object.assign(layer, layerParameters(codec));
  await sender.setParameters(parameters).catch(() => {}); // some browsers do not know it
}
