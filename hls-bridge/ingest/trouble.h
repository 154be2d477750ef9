/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TROUBLE_H
#define TROUBLE_H

/* Trouble that a teacher makes for one stream (control.class): packets are lost, or no IDR picture
 * is asked for. It ends by itself.
 *
 * Thread-safety: every function may be called from any thread. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ingest/ingest_stats.h"

#define TROUBLE_PERCENT_MAX 50
#define TROUBLE_SECONDS_MAX 60

/* Zero-initialise: there is none. */
typedef struct Trouble {
    _Atomic int64_t lose_until_us, hold_until_us; /* monotonic */
    _Atomic uint32_t lose_percent;
    _Atomic uint32_t dice;
    _Atomic uint64_t lost, held_back;
} Trouble;

/* What is asked for; nothing of a kind leaves that as it is. */
typedef struct TroubleOrder {
    uint32_t lose_percent; /* of RTP packets, up to TROUBLE_PERCENT_MAX; 0: nothing */
    bool holds_back;       /* requests for IDR pictures */
    int64_t for_us;        /* 0: the trouble of that kind ends now */
} TroubleOrder;

void trouble_order(Trouble *trouble, const TroubleOrder *order, int64_t now_us);

/* Whether a datagram is lost; it is counted then. Lost ones are spread by chance, and RTCP is none
 * of them. */
bool trouble_loses(Trouble *trouble, const uint8_t *data, size_t len, int64_t now_us);

/* Whether a request for an IDR picture is held back; it is counted then. */
bool trouble_holds_back(Trouble *trouble, int64_t now_us);

TroubleStats trouble_stats(Trouble *trouble);

#endif
