// SPDX-License-Identifier: GPL-3.0-or-later

/** What a stream may be called (docs/protocol.md). */
export const STREAM_NAME = /^[A-Za-z0-9_-]{1,64}$/;
