/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VIDEO_DEPAY_INNER_H
#define VIDEO_DEPAY_INNER_H

/* A depacketizer from inside, for video_depay.c, which has what is common, and CODEC_depay.c, which
 * know the payloads.
 *
 * Thread-safety: one thread. */

#include "ingest/video_depay.h"

#define PICTURE_BYTES (2u << 20) /* 2 MiB: 16 Mbit/s in one second's only picture */
#define PICTURE_UNITS 2048       /* as many slices of a packet each as those have */

/* One picture on its way. */
typedef struct Assembly {
    uint8_t *data; /* PICTURE_BYTES */
    size_t len;    /* 0: nothing yet */
    NalUnit *nal;  /* PICTURE_UNITS; where they begin, and their ends once it is whole and lacks
                      nothing */
    size_t nals;
    int64_t rtp_ts, arrival_us;
    bool open;    /* packets of it have come */
    bool whole;   /* the last packet has come; it waits to be popped */
    bool damaged; /* something is missing or cannot be read */
    bool key;     /* decoders can begin with it */
    bool has_picture;
} Assembly;

/* What is different in each codec. */
typedef struct DepayCodec {
    Codec codec;
    size_t size; /* of its struct, which begins with a VideoDepay */

    /* A picture begins: what was kept of the one before is forgotten. */
    void (*open)(VideoDepay *depay);
    /* Whether a picture that begins with this payload, of at least one byte, is certainly complete
     * at its beginning. */
    bool (*begins)(const uint8_t *payload, size_t len);
    /* Appends what a payload of at least one byte has. Returns false if it cannot be read: then the
     * picture is damaged. */
    bool (*take)(VideoDepay *depay, Assembly *assembly, const uint8_t *payload, size_t len);
    /* The last packet has come. Sets `damaged` if something is missing; and if not, `key` and
     * `has_picture`. */
    void (*close)(VideoDepay *depay, Assembly *assembly);
    /* What the picture is, which is a whole key frame. Returns false if it cannot be played. */
    bool (*format)(const VideoDepay *depay, const Assembly *assembly, VideoFormat *out);

    /* These may be NULL. */
    int (*add_parameter_set)(VideoDepay *depay, const uint8_t *nal, size_t len);
    bool (*has_sets)(const VideoDepay *depay);
} DepayCodec;

struct VideoDepay {
    const DepayCodec *does;
    bool waiting; /* for a key frame */
    /* Two, since a packet may both end one picture, whose last packet had no marker, and be a
     * whole one itself. */
    Assembly assembly[2];
    unsigned current;
    SampleBytes *given; /* handed out last; NULL: nothing, or there was no memory */
    VideoFormat shown;  /* of the last key frame handed out */
    VideoDepayStats stats;
};

extern const DepayCodec av1_depay, h264_depay, h265_depay, vp8_depay, vp9_depay;

/* Appends bytes; if there is no room, the picture is damaged. */
void assembly_append(Assembly *assembly, const uint8_t *data, size_t len);

/* ---- Annex B, for H.264 and H.265 ---- */

/* Appends a start code and the beginning of a NAL unit, or a whole one. */
void assembly_begin_nal(Assembly *assembly, const uint8_t *nal, size_t len);

/* NAL units of one picture that wait until it is known what stands before them: its SEI. What is
 * too much is left out; pictures do not need it. */
#define KEPT_NALS_BYTES 4096
#define KEPT_NALS       32

typedef struct KeptNals {
    uint8_t bytes[KEPT_NALS_BYTES];
    size_t len, count;
    size_t at[KEPT_NALS];
} KeptNals;

void kept_nals_add(KeptNals *kept, const uint8_t *nal, size_t len);

/* Appends them. */
void kept_nals_write(const KeptNals *kept, Assembly *assembly);

/* A depacketizer of NAL units begins with this. */
typedef struct NalDepay {
    VideoDepay base;
    bool sets_changed; /* parameter sets, in the access unit that is open */
    bool in_fragment;  /* a fragmented NAL unit has begun and not ended */
    KeptNals sei;      /* of the open access unit, until it is known what stands before it */
} NalDepay;

/* `open` and `close` of a DepayCodec. */
void nal_depay_open(VideoDepay *depay);
void nal_depay_close(VideoDepay *depay, Assembly *assembly);

/* What follows is no part of a fragmented NAL unit: if one is open, its end is missing. */
void nal_depay_end_fragment(NalDepay *depay, Assembly *assembly);

#endif
