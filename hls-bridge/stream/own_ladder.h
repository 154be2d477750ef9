/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OWN_LADDER_H
#define OWN_LADDER_H

/* The ladder that a publisher's description asks for (a=ladder), for those who let it in.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "ingest/source_sdp.h"

/* Whether it can be read; there may be none. If not, `error` (`size` bytes) takes a sentence. */
bool own_ladder_check(const SourceSdp *sdp, char *error, size_t size);

#endif
