/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FLIGHT_RENUMBER_H
#define FLIGHT_RENUMBER_H

/* Writes into the bytes of a recorded packet how it is numbered in what is sent.
 *
 * Pure. */

#include "flight_queue.h"

/* A recorded moment in a report of `flight` (NTP, RFC 3550 section 4), moved to where it is in what
 * is sent. */
typedef uint64_t FlightMoveNtp(void *user, const Flight *flight, uint64_t ntp);

/* `data` is the recorded RTP packet, which is well formed; `round_ticks` is flight->round_us in its
 * clock. */
void flight_renumber_rtp(const Flight *flight, uint32_t round_ticks, uint8_t *data);

/* `data` is the recorded compound packet: sender reports, RFC 3550 section 6.4.1, and the SSRC of
 * what else is in it. What is not of `ssrc`, the recorded one, stays. */
void flight_renumber_rtcp(const Flight *flight, uint32_t ssrc, uint32_t round_ticks,
                          FlightMoveNtp *move, void *user, uint8_t *data);

#endif
