/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODE_FAULT_H
#define TRANSCODE_FAULT_H

/* What tests have hls-transcoder do, as a decoder that an attacker has taken over would.
 *
 * Thread-safety: none needed, there is no state. */

#include "transcode/transcode_wire.h"

/* Does it; returns from TRANSCODE_NO_FAULT alone, and if nobody forbids what it does. */
void transcode_fault_do(TranscodeFault fault);

#endif
