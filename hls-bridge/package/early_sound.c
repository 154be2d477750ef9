/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/early_sound.h"

#include <string.h>

void early_sound_keep(EarlySound *e, const AacFrame *frame)
{
    size_t at = e->kept++ % EARLY_SOUND_FRAMES;

    e->frame[at].pts_samples = frame->pts_samples;
    e->frame[at].len = frame->len <= EARLY_SOUND_BYTES ? frame->len : 0;
    memcpy(e->frame[at].data, frame->data, e->frame[at].len);
    size_t room = EARLY_SOUND_BYTES - e->frame[at].len;
    e->frame[at].low = frame->low.len <= room ? frame->low.len : 0;
    if (e->frame[at].low > 0)
        memcpy(e->frame[at].data + e->frame[at].len, frame->low.data, e->frame[at].low);
    if (e->kept - e->taken > EARLY_SOUND_FRAMES)
        e->taken = e->kept - EARLY_SOUND_FRAMES;
}

bool early_sound_take(EarlySound *e, AacFrame *out)
{
    while (e->taken < e->kept) {
        size_t at = e->taken++ % EARLY_SOUND_FRAMES;
        *out = (AacFrame){.data = e->frame[at].data,
                          .len = e->frame[at].len,
                          .pts_samples = e->frame[at].pts_samples,
                          .low = {e->frame[at].data + e->frame[at].len, e->frame[at].low, NULL}};
        if (out->len > 0)
            return true;
    }
    return false;
}

void early_sound_clear(EarlySound *e)
{
    e->taken = e->kept;
}
