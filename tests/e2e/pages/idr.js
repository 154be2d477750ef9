// SPDX-License-Identifier: GPL-3.0-or-later

const IDR = 5; // of the NAL units of H.264

/** Whether there is an IDR picture in these fragments of fMP4 (H.264; each NAL unit behind its length, of four bytes). */
export function hasIdr(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isMedia = (box) => String.fromCharCode(...bytes.subarray(box + 4, box + 8)) === "mdat";
  for (let box = 0, end; box < bytes.length; box = end) {
    end = box + Math.max(view.getUint32(box), 8);
    for (let nal = isMedia(box) ? box + 8 : end; nal < end; nal += 4 + view.getUint32(nal))
      if ((bytes[nal + 4] & 31) === IDR) return true;
  }
  return false;
}
