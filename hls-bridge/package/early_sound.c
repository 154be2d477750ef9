/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/early_sound.h"

#include <string.h>

#include "base/sample_bytes.h"

static void release(EarlySound *e, size_t at)
{
    for (; e->frame[at].opus_count > 0; e->frame[at].opus_count--)
        sample_bytes_release(&e->frame[at].opus[e->frame[at].opus_count - 1].bytes);
}

void early_sound_keep(EarlySound *e, const AacFrame *frame)
{
    size_t at = e->kept++ % EARLY_SOUND_FRAMES;

    release(e, at);
    for (size_t i = 0; i < frame->opus_count && i < OPUS_PER_FRAME; i++) {
        e->frame[at].opus[i] = frame->opus[i];
        sample_bytes_hold(frame->opus[i].bytes);
        e->frame[at].opus_count++;
    }
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
                          .low = {e->frame[at].data + e->frame[at].len, e->frame[at].low, NULL},
                          .opus = e->frame[at].opus,
                          .opus_count = e->frame[at].opus_count};
        if (out->len > 0)
            return true;
    }
    return false;
}

void early_sound_clear(EarlySound *e)
{
    e->taken = e->kept;
    for (size_t at = 0; at < EARLY_SOUND_FRAMES; at++)
        release(e, at);
}
