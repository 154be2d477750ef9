/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault_options.h"

#include <string.h>

#include "option_values.h"

#define MS_MAX 10000 /* of a delay; nothing waits that long */

/* ---- values; each returns NULL, or what the option takes ---- */

static const char *read_bursts(const char *text, RtpFaultsParams *faults)
{
    double value[2];

    if (!option_numbers(text, value, 2) || value[0] <= 0 || value[0] > OPTION_SECONDS_MAX ||
        value[1] < 0 || value[1] >= value[0] * 1000)
        return "SECONDS:MILLISECONDS, the bursts shorter than what is between them";
    faults->burst_every_us = (int64_t)(value[0] * US_PER_S);
    faults->burst_us = (int64_t)(value[1] * US_PER_MS);
    return NULL;
}

static const char *read_reorder(const char *text, RtpFaultsParams *faults)
{
    double value[2];

    if (!option_numbers(text, value, 2) || value[0] < 0 || value[0] > 100 || value[1] < 0 ||
        value[1] > MS_MAX)
        return "PERCENT:MILLISECONDS, up to 100:10000";
    faults->reorder = value[0] / 100;
    faults->reorder_us = (int64_t)(value[1] * US_PER_MS);
    return NULL;
}

static const char *read_pause(const char *text, RtpFaultsParams *faults)
{
    double value[2];

    if (!option_numbers(text, value, 2) || value[0] < 0 || value[1] < value[0] ||
        value[1] > OPTION_SECONDS_MAX)
        return "FROM:TO in seconds";
    faults->pause_from_us = (int64_t)(value[0] * US_PER_S);
    faults->pause_to_us = (int64_t)(value[1] * US_PER_S);
    return NULL;
}

static const char *read_video_pause(const char *text, RtpFaultsParams *faults)
{
    double value[3];

    if (faults->video_pauses == RTP_VIDEO_PAUSES_MAX || !option_numbers(text, value, 3) ||
        value[0] < 1 || value[0] > RTP_VIDEO_TRACKS_MAX || value[1] < 0 || value[2] < value[1] ||
        value[2] > OPTION_SECONDS_MAX)
        return "TRACK:FROM:TO, a number from 1 to 8 and seconds; 64 times at the most";
    faults->video_pause[faults->video_pauses++] = (RtpVideoPause){
        .track = RTP_VIDEO + (RtpTrack)value[0] - 1,
        .from_us = (int64_t)(value[1] * US_PER_S),
        .to_us = (int64_t)(value[2] * US_PER_S),
    };
    return NULL;
}

static const char *read_no_reports(const char *text, RtpFaultsParams *faults)
{
    bool both = strcmp(text, "both") == 0;

    for (RtpTrack track = 0; track < RTP_TRACKS; track++)
        faults->no_reports[track] = both || strcmp(text, rtp_track_name(track)) == 0;
    return faults->no_reports[RTP_AUDIO] || faults->no_reports[RTP_VIDEO] ? NULL
                                                                          : "audio, video or both";
}

static const char *read_only(const char *text, RtpFaultsParams *faults)
{
    for (RtpTrack track = 0; track < RTP_TRACKS; track++)
        faults->leave_out[track] = strcmp(text, rtp_track_name(track)) != 0;
    return faults->leave_out[RTP_AUDIO] && faults->leave_out[RTP_VIDEO] ? "audio or video" : NULL;
}

/* ---- options ---- */

const char *fault_option_read(int option, const char *text, RtpFaultsParams *faults)
{
    int64_t whole;
    const char *wrong;

    switch (option) {
    case OPTION_LOSS:
        return option_part(text, &faults->loss);
    case OPTION_BURSTS:
        return read_bursts(text, faults);
    case OPTION_REORDER:
        return read_reorder(text, faults);
    case OPTION_DUPLICATE:
        return option_part(text, &faults->duplicate);
    case OPTION_JITTER:
        return option_duration(text, US_PER_MS, MS_MAX, &faults->jitter_us);
    case OPTION_AUDIO_CLOCK:
        return option_number(text, -10000, 10000, &faults->audio_ppm) ? NULL
                                                                      : "ppm, -10000 to 10000";
    case OPTION_FIRST_SEQUENCE:
        wrong = option_whole(text, UINT16_MAX, &whole);
        if (!wrong)
            faults->first_sequence = (int32_t)whole;
        return wrong;
    case OPTION_FIRST_TIMESTAMP:
        return option_whole(text, UINT32_MAX, &faults->first_timestamp);
    case OPTION_NO_REPORTS:
        return read_no_reports(text, faults);
    case OPTION_NEW_SSRC:
        return option_duration(text, US_PER_S, OPTION_SECONDS_MAX, &faults->ssrc_every_us);
    case OPTION_ONLY:
        return read_only(text, faults);
    case OPTION_PAUSE_VIDEO:
        return read_video_pause(text, faults);
    case OPTION_LOSE_AUDIO:
        faults->pause_stops_clock = true;
        return read_pause(text, faults);
    default:
        return read_pause(text, faults);
    }
}
