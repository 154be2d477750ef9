/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_H
#define MEDIA_H

/* The types that pass from stage to stage, and the units of time. A stage includes this and its own
 * header; only intake.c, segmenter.c and pipeline.c know their order.
 *
 *   ..._us       int64_t microseconds; `now_us` and `arrival_us` are of the monotonic clock
 *   ..._unix_us  int64_t microseconds of the wall clock since 1970
 *   ..._90k      int64_t ticks of 1/90000 s on the stream's own clock, which never goes back
 *   ..._samples  int64_t samples of 1/48000 s on that same clock: 8 samples are 15 ticks
 *   rtp_ts       int64_t unwrapped RTP timestamp, in units of its track's RTP clock
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "video_codec.h"

#define US_PER_S          1000000ll
#define US_PER_MS         1000ll
#define TICKS_PER_S       90000ll
#define SAMPLES_PER_S     48000ll
#define AAC_FRAME_SAMPLES 1024
#define LAST_FRAME_90K    (TICKS_PER_S / 30) /* length of a last picture, which has no next one */

/* How far media time may run ahead of real time, whatever a publisher's timestamps say. It is more
 * than an honest publisher needs if its network holds packets back and then sends them all at once.
 */
#define MEDIA_LEAD_US (2 * US_PER_S)

#define VIDEO_TRACKS_MAX  8
#define STREAM_TRACKS_MAX (1 + VIDEO_TRACKS_MAX) /* one audio track, and video in other sizes */
#define NEVER_US          INT64_MAX              /* a deadline that does not come */

typedef enum TrackKind { TRACK_AUDIO, TRACK_VIDEO } TrackKind;

/* Rounding down, also below zero, so that conversions of one clock to another are even. */
static inline int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

/* Converts `value` from a clock of `from` per second to one of `to` per second, rounded down. No
 * product overflows for 3,000 years of microseconds. */
static inline int64_t rescale(int64_t value, int64_t to, int64_t from)
{
    int64_t seconds = floor_div(value, from);

    return seconds * to + (value - seconds * from) * to / from;
}

static inline int64_t us_to_90k(int64_t us)
{
    return floor_div(us * 9, 100);
}
static inline int64_t ticks_to_us(int64_t ticks_90k)
{
    return floor_div(ticks_90k * 100, 9);
}
static inline int64_t samples_to_90k(int64_t samples)
{
    return floor_div(samples * 15, 8);
}
static inline int64_t samples_to_us(int64_t samples)
{
    return floor_div(samples * 125, 6);
}
static inline int64_t us_to_samples(int64_t us)
{
    return floor_div(us * 6, 125);
}

static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The even number that is nearest to `product` / `of`, at least 2: a side of a scaled picture of
 * 4:2:0. */
static inline int nearest_even(int64_t product, int64_t of)
{
    int64_t n = (product + of) / (2 * of) * 2;

    return n < 2 ? 2 : (int)n;
}

#define VIDEO_FORMAT_NAME_SIZE 32 /* bytes: "avc1.42C01F", "av01.1.08M.08.0.000.02.02.02.0" */

/* What a key frame says of itself and of the pictures that follow it. */
typedef struct VideoFormat {
    Codec codec;
    uint16_t width, height;            /* pixels; 0: no key frame yet */
    uint8_t profile;                   /* as the codec counts them */
    uint8_t chroma_format;             /* 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4 */
    uint8_t bit_depth;                 /* 8 to 16 */
    bool interlaced;                   /* pictures may be of two fields each */
    int8_t max_reorder_frames;         /* 0: decode order is display order; -1: it does not say */
    char name[VIDEO_FORMAT_NAME_SIZE]; /* as CODECS has it (RFC 6381); "": nobody plays it as it is
                                        */
} VideoFormat;

/* Whether decoders start again with a key frame of the format `now`, after `before`. */
static inline bool video_format_restarts(const VideoFormat *now, const VideoFormat *before)
{
    return now->width != before->width || now->height != before->height ||
           now->profile != before->profile || strcmp(now->name, before->name) != 0;
}

/* Where a NAL unit lies in its access unit. */
typedef struct NalUnit {
    uint32_t at;  /* of its header byte, behind the start code */
    uint32_t len; /* at least 1; zeros that trail it do not count */
} NalUnit;

typedef struct SampleBytes SampleBytes; /* sample_bytes.h */

/* One coded picture with all that belongs to it. Of H.264 and H.265, it is in Annex B, an access
 * unit delimiter first, and before an IDR picture its parameter sets. Of other codecs it is a
 * sample as ISO BMFF has it, and `nals` is 0: a frame of VP8; a frame or superframe of VP9; a
 * temporal unit of AV1, its OBUs with sizes and without temporal delimiter.
 * `data` and `nal` are borrowed until the next call to the module that gave them. */
typedef struct AccessUnit {
    const uint8_t *data;
    size_t len;
    const NalUnit
        *nal; /* all its NAL units, in order, so that nothing has to look for start codes */
    size_t nals;
    SampleBytes *bytes; /* hold these to keep both longer; NULL: keeping takes a copy */
    Codec codec;
    size_t track; /* index of its rendition (rendition.h), as the publisher has them */
    int64_t rtp_ts;
    int64_t arrival_us; /* of its last packet */
    bool idr;     /* an IDR picture; of other codecs, a key frame that decoders can begin with */
    bool restart; /* an IDR from which decoders start again: other size, profile or level than
                     before, or another place on the stream's clock */
    int64_t stepped_us; /* by how much it is moved against the sound, from this IDR on; 0: not */
} AccessUnit;

/* Coded sound, borrowed likewise. */
typedef struct AacBytes {
    const uint8_t *data;
    size_t len;         /* 0: there is none */
    SampleBytes *bytes; /* likewise */
} AacBytes;

/* A packet of Opus, of one frame. */
typedef struct OpusPacket {
    SampleBytes *bytes;
    int64_t pts_samples, samples; /* where its first sample is, and how many it has */
} OpusPacket;

#define OPUS_PER_FRAME 16 /* packets that come with an AAC frame, at the most */

/* One AAC frame of 1024 samples, without ADTS header. `data` is borrowed likewise. */
typedef struct AacFrame {
    const uint8_t *data;
    size_t len;
    int64_t pts_samples;
    SampleBytes *bytes;     /* likewise */
    AacBytes low;           /* the same sound with fewer bits, for viewers of the smallest size */
    const OpusPacket *opus; /* what the publisher sent: packets that have begun when it begins, and
                               were with no frame before; borrowed likewise */
    size_t opus_count;
} AacFrame;

/* The frame of the sound with fewer bits; len 0: there is none. */
static inline AacFrame aac_frame_low(const AacFrame *frame)
{
    return (AacFrame){.data = frame->low.data,
                      .len = frame->low.len,
                      .pts_samples = frame->pts_samples,
                      .bytes = frame->low.bytes};
}

#endif
