/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_SOURCE_H
#define RTP_SOURCE_H

/* The ingest of a publisher that sends RTP: datagrams from its sockets go to its intake, and RTCP
 * for its sender goes back.
 *
 * Thread-safety: one thread, the stream's; the stand-in reads beside it (stand_in.h). */

#include "base/clock.h"
#include "ingest/ingest.h"
#include "ingest/source_sdp.h"
#include "ingest/stand_in.h"
#include "ingest/trouble.h"

typedef struct RtpSourceParams {
    const SourceSdp *sdp;
    bool fixed_ports;   /* listen where the description says; else on 127.0.0.1, any port, to the
                           described address alone */
    StandIn *stand_in;  /* for the stream's thread; borrowed */
    size_t backlog;     /* bytes that may wait for the stream's thread */
    const Clock *clock; /* borrowed */
    Trouble
        *trouble; /* that a teacher makes, and packets are looked at; borrowed; NULL: no class */
} RtpSourceParams;

/* Opens the ports; packets that come wait there. Returns NULL with errno; `failed_port` as
 * rtp_ingest_create(). ingest_destroy() it. */
Ingest *rtp_source_create(const RtpSourceParams *params, int64_t now_us, uint16_t *failed_port);

/* The ports on which the tracks of the description are heard, in its order. `source` is of
 * rtp_source_create(). */
void rtp_source_ports(const Ingest *source, uint16_t *ports);

#endif
