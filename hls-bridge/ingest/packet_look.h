/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACKET_LOOK_H
#define PACKET_LOOK_H

/* Chooses the packets that a class is shown: one of a track in a second.
 *
 * Thread-safety: none, the owner of the record calls it. */

#include <stddef.h>
#include <stdint.h>

#include "ingest/ingest_stats.h"

/* Takes the datagram of `data` that came at `arrival_us`, if `look` is a second old, and if it is
 * RTP that can be read. */
void packet_look_take(PacketLook *look, const uint8_t *data, size_t len, int64_t arrival_us);

#endif
