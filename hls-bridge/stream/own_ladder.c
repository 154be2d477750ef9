/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/own_ladder.h"

#include <stdio.h>

#include "transcode/rung_ladder.h"

bool own_ladder_check(const SourceSdp *sdp, char *error, size_t size)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    RungLadder ladder;

    if (rung_ladder_read_pictures(sdp->ladder, &ladder, why) == 0)
        return true;
    snprintf(error, size, "a=ladder: %s", why);
    return false;
}
