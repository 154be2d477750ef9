/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp_faults_inner.h"

bool rtp_faults_has(const RtpFaults *f, RtpTrack track)
{
    return f->recording->has[track] && !f->params.leave_out[track];
}

/* ---- pauses ---- */

static bool is_sound_paused(const RtpFaults *f, int64_t due_us)
{
    return due_us >= f->params.pause_from_us && due_us < f->params.pause_to_us;
}

/* Whether a packet of video is in a pause; a pause that is over lasts to the next IDR picture. */
static bool is_video_paused(RtpFaults *f, RtpTrack track, const RecordedPacket *p)
{
    Reel *reel = &f->reel[track];

    for (size_t i = 0; i < f->params.video_pauses; i++) {
        const RtpVideoPause *pause = &f->params.video_pause[i];
        if (pause->track == track && reel->due_us >= pause->from_us && reel->due_us < pause->to_us)
            return reel->paused = true;
    }
    reel->paused = reel->paused && !p->starts_idr;
    return reel->paused;
}

bool rtp_faults_is_paused(RtpFaults *f, RtpTrack track, const RecordedPacket *p)
{
    return track == RTP_AUDIO ? is_sound_paused(f, f->reel[track].due_us)
                              : is_video_paused(f, track, p);
}

/* The clock goes on after the pause where it stood before it. */
void rtp_faults_slip_clock(RtpFaults *f, RtpTrack track)
{
    const RtpFaultsParams *p = &f->params;
    Reel *reel = &f->reel[track];

    if (!p->pause_stops_clock || track != RTP_AUDIO || reel->slipped ||
        reel->due_us < p->pause_to_us)
        return;
    reel->slipped = true;
    reel->timestamp -= rtp_faults_ticks(track, p->pause_to_us - p->pause_from_us);
}

/* ---- a new sender ---- */

/* A new sender takes over, as when a page is loaded again. */
static void change_ssrcs(RtpFaults *f, int64_t now_us)
{
    while (f->ssrc_due_us <= now_us)
        f->ssrc_due_us += f->params.ssrc_every_us;
    for (RtpTrack track = 0; track < RTP_TRACKS; track++) {
        Reel *reel = &f->reel[track];
        if (track > RTP_VIDEO && !rtp_faults_has(f, track))
            continue;
        reel->next_ssrc = (uint32_t)dice_roll(&f->dice[DICE_SSRC]);
        reel->next_sequence = (uint16_t)dice_roll(&f->dice[DICE_SSRC]);
        reel->next_timestamp = (uint32_t)dice_roll(&f->dice[DICE_SSRC]);
        reel->changes = true;
    }
    f->stats.ssrc_changes++;
}

/* The packet of a track is the first of the new sender. The sound changes with the first picture
 * that does. */
void rtp_faults_change_sender(RtpFaults *f, RtpTrack track, const RecordedPacket *p)
{
    bool starts = track == RTP_AUDIO || p->starts_idr;

    if (f->params.ssrc_every_us > 0 && f->reel[track].due_us >= f->ssrc_due_us &&
        (track == RTP_AUDIO ? !p->is_rtcp && !rtp_faults_has(f, RTP_VIDEO) : starts))
        change_ssrcs(f, f->reel[track].due_us);
    Reel *reel = &f->reel[track];
    if (!reel->changes || !starts)
        return;
    reel->changes = false;
    reel->ssrc = reel->next_ssrc;
    reel->sequence = reel->next_sequence;
    reel->timestamp = reel->next_timestamp;
}
