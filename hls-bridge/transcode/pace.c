/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/pace.h"

#define STEP_MOST_US 1000000ll /* a longer pause of the source says nothing of the machine */

/* How long it is since the last picture; 0: that cannot be said. */
static int64_t step_us(Pace *p, int64_t pts_us)
{
    int64_t step = p->began ? pts_us - p->last_us : 0;

    p->began = true;
    p->last_us = pts_us;
    return step < 0 ? 0 : step > STEP_MOST_US ? STEP_MOST_US : step;
}

static void take_one_off(Pace *p, int64_t pts_us)
{
    bool lasted = p->wait_us == 0 || pts_us - p->changed_us > PACE_LASTING_US;

    p->wait_us = lasted ? PACE_WAIT_US : 2 * p->wait_us;
    if (p->wait_us > PACE_WAIT_MOST)
        p->wait_us = PACE_WAIT_MOST;
    p->off++;
    p->changed_us = pts_us;
    p->pressure_us = 0;
}

bool pace_takes(Pace *p, int64_t pts_us, int64_t lag_us, bool key, size_t rungs)
{
    int64_t step = step_us(p, pts_us);
    size_t most = rungs > 0 ? rungs - 1 : 0;

    if (p->off > most)
        p->off = most;
    p->skips = p->skips ? lag_us > PACE_CALM_US : lag_us > PACE_SKIP_US;
    if (p->skips)
        p->pressure_us += step;
    else
        p->pressure_us = p->pressure_us > step / 2 ? p->pressure_us - step / 2 : 0;
    bool far = lag_us > PACE_FAR_US && pts_us - p->changed_us > PACE_PATIENCE;
    if (p->off < most && (p->pressure_us > PACE_PATIENCE || far))
        take_one_off(p, pts_us);
    else if (p->off > 0 && key && !p->skips && pts_us - p->changed_us > p->wait_us) {
        p->off--;
        p->changed_us = pts_us;
    }
    if (!p->skips || key)
        return true;
    p->skipped++;
    return false;
}
