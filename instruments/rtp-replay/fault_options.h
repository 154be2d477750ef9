/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FAULT_OPTIONS_H
#define FAULT_OPTIONS_H

/* The options of rtp-replay that say how bad the network and the sender are.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "rtp_faults.h"

/* Their numbers, above those of characters. */
enum {
    OPTION_LOSS = 256,
    OPTION_BURSTS,
    OPTION_REORDER,
    OPTION_DUPLICATE,
    OPTION_JITTER,
    OPTION_AUDIO_CLOCK,
    OPTION_FIRST_SEQUENCE,
    OPTION_FIRST_TIMESTAMP,
    OPTION_NO_REPORTS,
    OPTION_NEW_SSRC,
    OPTION_ONLY,
    OPTION_PAUSE_AUDIO,
    OPTION_LOSE_AUDIO,
    OPTION_PAUSE_VIDEO,
    FAULT_OPTIONS_END,
};

#define OPTION_SECONDS_MAX 1e7

/* Takes the value of one of them. Returns NULL, or what the option takes. */
const char *fault_option_read(int option, const char *text, RtpFaultsParams *faults);

#endif
