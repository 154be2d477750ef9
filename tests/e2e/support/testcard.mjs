// SPDX-License-Identifier: GPL-3.0-or-later

import { fileURLToPath } from "node:url";

/** What Chromium made of the test card, 320x180 with sound, as rtp-replay takes it. */
export const TESTCARD = fileURLToPath(new URL("../../fixtures/rtp/testcard-320x180.pcap", import.meta.url));
