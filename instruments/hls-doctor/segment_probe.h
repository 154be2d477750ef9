/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_PROBE_H
#define SEGMENT_PROBE_H

/* Demuxes a segment and decodes it with libav: alone, as a player that joins there, and in
 * sequence, as a player that goes on watching. It is decoded once if that tells of both. A segment
 * is a transport stream, or fragmented MP4 after its initialisation segment.
 *
 * Thread-safety: one thread for all probes of a process, since libav's log has one callback. */

#include <libavutil/frame.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SegmentProbe SegmentProbe;

/* Where decoded media goes, in order; pts in 1/90000 s. */
typedef struct ProbeSink {
    void *user;
    void (*picture)(void *user, const AVFrame *frame, int64_t pts_90k);
    void (*sound)(void *user, const AVFrame *frame, int64_t pts_90k);
} ProbeSink;

typedef struct ProbeTrack {
    size_t packets;
    int64_t first_pts, end_pts;           /* end: of the last packet, with its duration */
    int64_t first_dts, last_dts, end_dts; /* end: of the last packet, as the container says */
    size_t backward;                      /* packets whose decoding time does not grow */
    size_t holes;         /* audio: how often a frame did not begin where the last one ended */
    int64_t hole_samples; /* the widest of them, in samples; below 0: overlap */
    int width, height, channels;
    char codec[32];  /* as CODECS names it (RFC 6381); "": not known */
    uint32_t sum;    /* of the check sums of all packets */
    bool each_alone; /* sound whose packets are decoded without those before, or with, to one end */
} ProbeTrack;

typedef struct SegmentFacts {
    ProbeTrack video, audio;
    bool starts_with_idr;    /* the first picture is one */
    bool has_idr;            /* any picture is one */
    bool has_parameter_sets; /* and stands behind its SPS and PPS */
    size_t errors_alone, errors_in_sequence;
    char first_error[128]; /* what libav said of it */
} SegmentFacts;

/* Ticks as microseconds. Times that a probe gives are so bounded that this, and the difference of
 * two, cannot overflow. */
static inline int64_t probe_us(int64_t ticks)
{
    return ticks / 90000 * 1000000 + ticks % 90000 * 1000000 / 90000;
}

/* Returns NULL if there is no memory. */
SegmentProbe *segment_probe_create(const ProbeSink *sink);
void segment_probe_destroy(SegmentProbe **probe); /* accepts NULL, leaves NULL */

/* Returns 0, or -1 if libavformat finds no stream in it. `restart`: decoders start again here. */
int segment_probe_read(SegmentProbe *probe, const uint8_t *data, size_t len, bool restart,
                       SegmentFacts *out);

/* Demuxes it, and decodes it alone if `decode` says so. Returns as above. */
int segment_probe_look(SegmentProbe *probe, const uint8_t *data, size_t len, bool decode,
                       SegmentFacts *out);

/* What is in a range of bytes that an I-frame playlist names. */
typedef struct IframeFacts {
    size_t pictures; /* that are there whole */
    size_t decoded;  /* of the first, decoded alone */
    size_t errors;   /* that its decoder made of it */
    bool is_idr;     /* the first is an IDR picture, with its parameter sets */
    bool is_cut;     /* the first is not there to its end */
    int64_t pts_90k; /* of the first */
    int width, height;
    char codec[32]; /* as in ProbeTrack */
} IframeFacts;

/* Demuxes such a range behind its initialisation segment; it ends with its first picture, whatever
 * its header promises. Decodes that picture alone. Returns 0, or -1 if there is no picture. */
int segment_probe_iframe(SegmentProbe *probe, const uint8_t *data, size_t len, IframeFacts *out);

/* Takes what the decoders still hold. */
void segment_probe_drain(SegmentProbe *probe);

#endif
