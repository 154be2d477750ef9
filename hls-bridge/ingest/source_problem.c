/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/source_problem.h"

/* Before anything is said: a second or more of video. */
#define PACKETS_MIN  30
#define PICTURES_MIN 30

/* Of IDR pictures, three times as many: a busy sender may take a while to answer. */
#define PICTURES_WITHOUT_IDR (3 * PICTURES_MIN)

static const struct {
    const char *name, *text;
} problems[SOURCE_PROBLEMS] = {
    [PROBLEM_NONE] = {"", ""},
    [PROBLEM_NOT_H264] =
        {"not-h264",
         "what comes as video is not H.264 (VP8 or another codec under its payload "
         "type?), and nothing of it can be shown; let the sender encode H.264"},
    [PROBLEM_NO_SETS] =
        {"no-parameter-sets",
         "the video comes without parameter sets (SPS and PPS), so nothing of it can "
         "be shown; let the sender repeat them before each key frame, or put them "
         "into its description (sprop-parameter-sets)"},
    [PROBLEM_NO_IDR] =
        {"no-key-frames",
         "no key frame (IDR) has come, though the sender is asked for one, so nothing "
         "of the video can be shown; let it answer PLI, or send key frames by itself"},
    [PROBLEM_NO_PLAYER] = {"no-player",
                           "the video is VP8, which no player of HLS or DASH takes, so the sound "
                           "goes out alone; let the sender encode H.264"},
    [PROBLEM_CODEC] = {"codec",
                       "the video is VP9, AV1 or H.265, which goes into low-latency HLS and DASH "
                       "alone, for players that can decode it; classic HLS has the sound; let the "
                       "sender encode H.264 for all the others"},
    [PROBLEM_FORMAT] = {"format",
                        "the video is not 4:2:0 with 8 bits, which phones and some browsers cannot "
                        "play; let the sender encode 4:2:0 (Baseline, Main or High profile)"},
    [PROBLEM_INTERLACED] = {"interlaced",
                            "the video is interlaced, and players show combs where it moves; let "
                            "the sender make whole pictures of it (as ffmpeg's -vf bwdif does)"},
};

SourceProblem source_problem(const IntakeStats *media, bool transcoded)
{
    const IntakeTrackStats *track = intake_stats_best(media);
    Codec codec = track->format.codec;
    const VideoDepayStats *video = &track->video;
    const VideoFormat *format = &track->format;

    if (video->access_units > 0 && codec != CODEC_H264 && transcoded)
        return PROBLEM_NONE;
    if (video->access_units > 0 && codec != CODEC_H264)
        return codec == CODEC_VP8 ? PROBLEM_NO_PLAYER : PROBLEM_CODEC;
    if (video->access_units > 0 && format->width > 0 &&
        (format->chroma_format != 1 || format->bit_depth != 8))
        return PROBLEM_FORMAT;
    if (video->access_units > 0)
        return format->interlaced ? PROBLEM_INTERLACED : PROBLEM_NONE;
    if (codec == CODEC_H264 && video->malformed >= PACKETS_MIN &&
        2 * video->malformed >= track->packets)
        return PROBLEM_NOT_H264;
    if (codec == CODEC_H264 && video->undecodable >= PICTURES_MIN && !video->has_sets)
        return PROBLEM_NO_SETS;
    return video->undecodable >= PICTURES_WITHOUT_IDR ? PROBLEM_NO_IDR : PROBLEM_NONE;
}

const char *source_problem_name(SourceProblem problem)
{
    return problems[problem].name;
}

const char *source_problem_text(SourceProblem problem)
{
    return problems[problem].text;
}
