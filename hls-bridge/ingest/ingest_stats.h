/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef INGEST_STATS_H
#define INGEST_STATS_H

/* What there is to say of one publisher's media, as it came. Plain values. */

#include "base/media_stats.h"
#include "base/rendition.h"

#define INGEST_LADDER_SIZE 256 /* bytes of what it is to be transcoded to */
#define INGEST_TITLE_SIZE  256 /* bytes of UTF-8, of what a publisher calls it */

/* Of one track's packets and what was made of them. */
typedef struct IntakeTrackStats {
    TrackKind kind;
    char name[RENDITION_NAME_SIZE];
    uint64_t packets, bytes, refused; /* refused: no RTP, or of another payload type */
    RtpReorderStats reorder;
    VideoDepayStats video;   /* of a video track, like what follows */
    VideoFormat format;      /* width 0: no picture yet */
    uint64_t early_pictures; /* dropped, since media time was too far ahead of real time */
} IntakeTrackStats;

typedef struct IntakeStats {
    size_t tracks;
    size_t best; /* track: the video that viewers see as the best; not one of video: the first is */
    IntakeTrackStats track[STREAM_TRACKS_MAX];
    AudioClockStats audio;
    TimelineStats timeline;
} IntakeStats;

/* The first video track; without media if there is none. What is counted there only grows.
 * Borrowed. */
const IntakeTrackStats *intake_stats_video(const IntakeStats *stats);

/* The best video track, which may be another from one moment to the next. Borrowed. */
const IntakeTrackStats *intake_stats_best(const IntakeStats *stats);

/* A packet of a track, as its header reads (RFC 3550 section 5.1). No media. */
typedef struct PacketLook {
    int64_t at_us; /* when it came, monotonic; 0: there is none */
    uint32_t timestamp, ssrc;
    uint16_t sequence;
    uint16_t bytes; /* of the whole datagram */
    uint8_t payload_type;
    bool marker;
} PacketLook;

/* Why an IDR picture was asked for. */
typedef enum AskReason {
    ASK_FOR_CUT,    /* a segment is to begin with it */
    ASK_FOR_REPAIR, /* without one no picture can be decoded */
} AskReason;

/* Of one track's sender. */
typedef struct IngestTrackStats {
    int64_t bitrate; /* bit/s over the last second or so */
    double frame_rate;
    uint64_t keyframe_requests;
    AskReason asked_for; /* the newest of them, */
    int64_t asked_us;    /* and when, monotonic; 0: there was none */
    uint16_t port;       /* on which it is heard; 0: on none */
    PacketLook packet;   /* where a class looks (control.class) */
} IngestTrackStats;

typedef struct IngestStats {
    IntakeStats media;
    IngestTrackStats track[STREAM_TRACKS_MAX]; /* as `media` has them */
    int64_t video_bitrate;                     /* of all video tracks */
    int64_t audio_bitrate;
    double frame_rate; /* of the best video track */
    uint64_t keyframe_requests, kernel_drops, backlog_drops;
} IngestStats;

/* Of trouble that a teacher makes (control.class). */
typedef struct TroubleStats {
    int64_t lose_until_us, hold_until_us; /* monotonic; 0: never */
    uint32_t lose_percent;
    uint64_t lost, held_back; /* packets and requests, since the stream began */
} TroubleStats;

#endif
