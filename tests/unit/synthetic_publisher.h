/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_SYNTHETIC_PUBLISHER_H
#define UNIT_SYNTHETIC_PUBLISHER_H

/* A publisher of tiny pictures and of silence, for what is done with files: in virtual time, into
 * a Segmenter. After harness.h. */

#include "hls-bridge/segment/segmenter.h"
#include "unit_of.h"
#include "virtual_clock.h"

#define PUBLISHER_START_90K (10 * TICKS_PER_S)
#define PUBLISHER_STEP_90K  (TICKS_PER_S / 25) /* a picture */

typedef struct SyntheticPublisher {
    Segmenter *segmenter;
    int64_t clock_90k, next_sample;
    bool wants_idr, tall;
    bool groups; /* its pictures cannot be repeated */
} SyntheticPublisher;

/* 1280x720 as Chromium sends it, and 720x1280 */
static const uint8_t synthetic_wide[] = {
    0,    0,    0,    1,    9,    0xF0, 0,    0,    0,    1,    0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D,
    0x40, 0x28, 0x02, 0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35, 0,    0,    0,    1,
    0x68, 0xCE, 0x3C, 0x80, 0,    0,    0,    1,    0x65, 0x9A, 0x00, 0x04, 0x80, 0x20, 0x30};
static const uint8_t synthetic_tall[] = {
    0,    0,    0,    1,    9,    0xF0, 0,    0,    0,    1,    0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D,
    0x40, 0x5A, 0x05, 0x0D, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35, 0,    0,    0,    1,
    0x68, 0xCE, 0x3C, 0x80, 0,    0,    0,    1,    0x65, 0x9A, 0x00, 0x04, 0x80, 0x20, 0x30};
static const uint8_t synthetic_slice[] = {0, 0, 0,    1,    9,    0xF0, 0,    0,
                                          0, 1, 0x41, 0x9A, 0x00, 0x04, 0x04, 0x06};
#define SYNTHETIC_GROUPS    33   /* the byte of a key frame that tells of slice groups, */
#define SYNTHETIC_HAS_GROUP 0xC4 /* and what it is if there are more than one */
static const uint8_t synthetic_aac[] = {0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C};

static inline WallTime synthetic_wall_clock(void *user, int64_t at_90k)
{
    (void)user;
    return (WallTime){VIRTUAL_WALL_US + ticks_to_us(at_90k), VIRTUAL_WALL_US};
}

static inline int64_t synthetic_now_us(const SyntheticPublisher *p)
{
    return ticks_to_us(p->clock_90k);
}

/* Comes, with pictures and sound. */
static inline void synthetic_begin(SyntheticPublisher *p, Segmenter *segmenter)
{
    const Renditions both = renditions_of(true, true);
    int64_t end_90k = segmenter_end_90k(segmenter);

    p->segmenter = segmenter;
    if (p->clock_90k < end_90k)
        p->clock_90k = end_90k;
    p->next_sample = p->clock_90k * 8 / 15;
    p->wants_idr = true;
    segmenter_begin(segmenter, &both, synthetic_wall_clock, NULL);
}

/* Sends the sound up to where its clock stands. */
static inline void synthetic_sound(SyntheticPublisher *p)
{
    for (; samples_to_90k(p->next_sample) < p->clock_90k; p->next_sample += AAC_FRAME_SAMPLES)
        segmenter_sound(p->segmenter, &(AacFrame){.data = synthetic_aac,
                                                  .len = sizeof(synthetic_aac),
                                                  .pts_samples = p->next_sample});
}

/* Sends a picture, and the sound up to it. */
static inline void synthetic_step(SyntheticPublisher *p)
{
    uint8_t key[sizeof(synthetic_wide)];

    memcpy(key, p->tall ? synthetic_tall : synthetic_wide, sizeof(key));
    if (p->groups)
        key[SYNTHETIC_GROUPS] = SYNTHETIC_HAS_GROUP;
    AccessUnit unit = p->wants_idr ? unit_of(key, sizeof(key), true)
                                   : unit_of(synthetic_slice, sizeof(synthetic_slice), false);

    unit.track = 1; /* behind the sound */

    segmenter_set_time(p->segmenter, synthetic_now_us(p));
    segmenter_picture(p->segmenter, &unit, p->clock_90k, p->clock_90k);
    p->clock_90k += PUBLISHER_STEP_90K;
    synthetic_sound(p);
    p->wants_idr = segmenter_tick(p->segmenter, p->clock_90k, synthetic_now_us(p));
}

/* Goes. */
static inline void synthetic_finish(SyntheticPublisher *p)
{
    segmenter_finish(p->segmenter, synthetic_now_us(p));
}

_Static_assert(sizeof(synthetic_wide) == sizeof(synthetic_tall), "either is a key frame");

#endif
