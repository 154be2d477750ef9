/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/picture_delay.h"

#define MS(n) ((n)*TICKS_PER_S / 1000)

#define PERIOD   MS(5000) /* the delays of one period count in the next */
#define FIRST    MS(1500)
#define MARGIN   MS(50)
#define WAIT_MIN MS(100)
#define WAIT_MAX MS(250) /* as long as is waited for a retransmission, and some */

void picture_delay_note(PictureDelay *d, int64_t at_90k, int64_t clock_90k)
{
    int64_t delay = clock_90k - at_90k;

    if (d->began_90k == 0 || clock_90k < d->began_90k) {
        *d = (PictureDelay){.began_90k = clock_90k};
    } else if (clock_90k >= d->began_90k + (d->before_90k ? PERIOD : FIRST)) {
        *d = (PictureDelay){.began_90k = clock_90k, .before_90k = d->worst_90k ? d->worst_90k : 1};
    }
    if (delay > d->worst_90k)
        d->worst_90k = delay;
}

int64_t picture_delay_wait_90k(const PictureDelay *d)
{
    int64_t worst = d->worst_90k > d->before_90k ? d->worst_90k : d->before_90k;
    int64_t wait = worst * 3 / 2 + MARGIN;

    if (d->before_90k == 0 || wait > WAIT_MAX)
        return WAIT_MAX;
    return wait < WAIT_MIN ? WAIT_MIN : wait;
}

void picture_delay_came(PictureDelay *d, int64_t pts_90k)
{
    if (d->oldest_90k == 0 || pts_90k < d->oldest_90k)
        d->oldest_90k = pts_90k;
    d->newest_90k = pts_90k > d->newest_90k ? pts_90k : d->newest_90k;
}

void picture_delay_look(PictureDelay *d, int64_t clock_90k)
{
    int64_t newest_90k = d->newest_90k;

    if (d->oldest_90k == 0)
        return;
    picture_delay_note(d, d->oldest_90k, clock_90k);
    d->ahead_90k = newest_90k > clock_90k ? newest_90k - clock_90k : 0;
    d->oldest_90k = d->newest_90k = 0;
}
