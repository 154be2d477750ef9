/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock/real_time.h"

/* Ticks come more often than this. A longer time without a look means that the machine stood still,
 * or that its disk held us up while nothing came. */
#define UNSEEN_MAX_US (10 * US_PER_S)

/* Ticks come each 50 ms. After a longer time without a look, what is late has so long to come. */
#define UNSEEN_MIN_US (200 * US_PER_MS)
#define BACK_US       (200 * US_PER_MS)

#define FAST_CLOCK 1000 /* a sender's clock may be fast by one part in this many */

int64_t real_time_look(RealTime *r, int64_t now_us)
{
    int64_t unseen_us = r->looked_us ? now_us - r->looked_us : 0;

    if (unseen_us < 0)
        return 0; /* a datagram may have come before the last look */
    r->looked_us = now_us;
    if (unseen_us >= UNSEEN_MIN_US) {
        r->unseen_us = unseen_us;
        r->back_us = now_us;
    }
    if (unseen_us <= UNSEEN_MAX_US)
        return 0;
    r->began_us += unseen_us;
    return unseen_us;
}

int64_t real_time_excused_us(const RealTime *r, int64_t now_us)
{
    return r->back_us && now_us - r->back_us < BACK_US ? r->unseen_us : 0;
}

void real_time_begin(RealTime *r, int64_t now_us, int64_t at_90k)
{
    if (r->began)
        return;
    r->began = true;
    r->began_us = now_us;
    r->began_90k = at_90k;
}

int64_t real_time_limit_90k(const RealTime *r, int64_t now_us)
{
    int64_t elapsed_us = now_us - r->began_us;

    return r->began_90k + us_to_90k(elapsed_us + elapsed_us / FAST_CLOCK + MEDIA_LEAD_US);
}
