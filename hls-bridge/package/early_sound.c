/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/early_sound.h"

#include <stdlib.h>
#include <string.h>

#include "base/sample_bytes.h"

struct EarlySound {
    struct {
        int64_t pts_samples;
        size_t len;                      /* 0: it was too long to keep */
        size_t low;                      /* bytes behind it; 0: there are none, or too many */
        OpusPacket opus[OPUS_PER_FRAME]; /* held */
        size_t opus_count;
        uint8_t data[EARLY_SOUND_BYTES];
    } frame[EARLY_SOUND_FRAMES];
    size_t kept, taken; /* of all that came; the last EARLY_SOUND_FRAMES of them are here */
};

static void release(EarlySound *e, size_t at)
{
    for (; e->frame[at].opus_count > 0; e->frame[at].opus_count--)
        sample_bytes_release(&e->frame[at].opus[e->frame[at].opus_count - 1].bytes);
}

void early_sound_keep(EarlySound **early, const AacFrame *frame)
{
    if (!*early)
        *early = calloc(1, sizeof(**early));
    if (!*early)
        return;
    EarlySound *e = *early;
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
    while (e && e->taken < e->kept) {
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

void early_sound_destroy(EarlySound **early)
{
    for (size_t at = 0; *early && at < EARLY_SOUND_FRAMES; at++)
        release(*early, at);
    free(*early);
    *early = NULL;
}
