/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "janus-plugin/sdp_answer.h"
#include "sdp_reader.h"

/* A track is what the answer says of its section. */
static void check_track(const Sdp *answered, const MediaTrack *track)
{
    size_t at = 0;
    SdpCodec codec;

    REQUIRE((size_t)track->mindex < answered->media_count);
    const SdpMedia *media = &answered->media[track->mindex];
    REQUIRE(media->kind == (track->kind == MEDIA_VIDEO ? SDP_VIDEO : SDP_AUDIO));
    REQUIRE(media->port == 9);
    REQUIRE(media->direction == SDP_RECVONLY);
    REQUIRE(sdp_next_payload_type(media, &at) == track->payload_type);
    REQUIRE(sdp_next_payload_type(media, &at) == -1);
    REQUIRE(sdp_codec(media, track->payload_type, &codec));
    REQUIRE(sdp_equals(codec.name, track->kind == MEDIA_VIDEO ? "H264" : "opus"));
    REQUIRE(sdp_has_feedback(media, track->payload_type, "nack") == track->nack);
    REQUIRE(memchr(track->fmtp, '\0', sizeof(track->fmtp)));
}

static int try_input(const uint8_t *data, size_t size)
{
    /* not the first answer: that one refuses an offer that sends nothing */
    static const SdpAnswerParams params = {.session_id = 1, .version = 2, .bitrate = 2500000};
    char text[SDP_ANSWER_SIZE];
    MediaTracks tracks;
    RequestError error = {0};
    Sdp offered, answered;

    if (sdp_answer((const char *)data, size, &params, text, &tracks, &error) < 0) {
        REQUIRE(error.code >= HLS_ERROR_INVALID_SDP && error.code <= HLS_ERROR_NO_MEDIA);
        REQUIRE(error.text[0]);
        return 0;
    }
    REQUIRE(!sdp_read((const char *)data, size, &offered));
    REQUIRE(!sdp_read(text, strlen(text), &answered));
    REQUIRE(answered.media_count == offered.media_count);
    for (size_t i = 0; i < answered.media_count; i++)
        REQUIRE(answered.media[i].kind == offered.media[i].kind);
    REQUIRE(tracks.count <= MEDIA_TRACKS_MAX);
    for (size_t i = 0; i < tracks.count; i++)
        check_track(&answered, &tracks.track[i]);
    return 0;
}

FUZZ_TARGET(sdp_answer, try_input);
