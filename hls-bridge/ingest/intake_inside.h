/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef INTAKE_INSIDE_H
#define INTAKE_INSIDE_H

/* The inside of an intake, for intake.c, intake_audio.c and intake_video.c only: packets in order
 * come from the first, and each kind of track is dealt with in a file of its own. */

#include "clock/audio_clock.h"
#include "clock/frame_order.h"
#include "clock/real_time.h"
#include "clock/timeline.h"
#include "ingest/video_depay.h"
#include "ingest/intake.h"
#include "ingest/rtp_reorder.h"

/* What a video track has beside its packets. */
typedef struct IntakeVideo {
    VideoDepay *depay;
    FrameOrder order;
    int64_t newest_90k;  /* picture, as it was put out */
    bool waits_for_step; /* pictures are left out, until an IDR that is moved behind the newest */
    int64_t broken_ts;   /* of the newest that could not be made, as the sink was told */
    uint64_t early;      /* pictures that were dropped: see IntakeTrackStats */
} IntakeVideo;

typedef struct IntakeTrack {
    TrackKind kind;
    char name[RENDITION_NAME_SIZE];
    int payload_type;
    RtpReorder *reorder;
    RtpClock clock;
    RtcpReporter reporter;
    uint64_t packets, bytes, refused;
    IntakeVideo video; /* without a depay: it is sound */
} IntakeTrack;

struct Intake {
    IntakeSink sink;
    Timeline *timeline;
    OpusToAac *audio; /* borrowed; NULL: no audio */
    AudioClock audio_clock;
    size_t tracks;
    IntakeTrack *track; /* as many; track 0 leads the clock */
    int64_t starts_90k;
    int64_t now_us; /* of the call that is under way */
    RealTime real;
};

/* ---- sound: intake_audio.c ---- */

void intake_audio_init(Intake *intake);

/* The next packet in order. */
void intake_audio_take(Intake *intake, IntakeTrack *track, const RtpOrdered *in, int64_t ts);

/* Pictures have come, the first at `came_us`, and sound is promised but has not: it begins with
 * silence, there. */
void intake_audio_begin_silent(Intake *intake, int64_t came_us);

/* Silence takes the place of sound that stays away. */
void intake_audio_tick(Intake *intake);

/* ---- pictures: intake_video.c ---- */

/* `sets` has the parameter sets of the description. Returns 0, or -1 if there is no memory. */
int intake_video_init(IntakeVideo *video, const SourceTrackSdp *sdp, const uint8_t *sets);

/* The next packet in order of the track `index`. */
void intake_video_take(Intake *intake, size_t index, const RtpOrdered *in, int64_t ts);

#endif
