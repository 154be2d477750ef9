// SPDX-License-Identifier: GPL-3.0-or-later

import { fileURLToPath } from "node:url";

/** A file of tests/fixtures/rtp, as rtp-replay takes it. */
export const recordingOf = (name) => fileURLToPath(new URL(`../../fixtures/rtp/${name}.pcap`, import.meta.url));

/** What Chromium made of the test card, 320x180 with sound. */
export const TESTCARD = recordingOf("testcard-320x180");
