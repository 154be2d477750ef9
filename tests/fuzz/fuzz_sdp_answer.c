/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "janus-plugin/sdp/sdp_answer.h"
#include "sdp_reader.h"
#include "tests/plugin/janus_offer.h"

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
    REQUIRE(
        sdp_equals(codec.name, track->kind == MEDIA_VIDEO ? codec_sdp_name(track->codec) : "opus"));
    REQUIRE(sdp_has_feedback(media, track->payload_type, "nack") == track->nack);
    REQUIRE(memchr(track->fmtp, '\0', sizeof(track->fmtp)));
}

/* Whether a section has the header extension `uri` with this ID (RFC 8285 section 5). */
static bool has_extension(const SdpMedia *media, unsigned id, const char *uri)
{
    size_t at = 0;
    SdpSlice value;

    while (sdp_next_attribute(media->lines, "extmap", &at, &value)) {
        const char *space = memchr(value.at, ' ', value.len);
        if (!space || strtoul(value.at, NULL, 10) != id)
            continue;
        if (sdp_equals((SdpSlice){space + 1, value.len - (size_t)(space + 1 - value.at)}, uri))
            return true;
    }
    return false;
}

/* A PLI must bring key frames on all layers. What says otherwise is a parameter of a=fmtp;
 * elsewhere an answer repeats words of the offer, as the formats of a section that is refused. */
static void check_no_pli_per_layer(const Sdp *answered)
{
    for (size_t i = 0; i < answered->media_count; i++) {
        size_t at = 0;
        SdpSlice fmtp;
        while (sdp_next_attribute(answered->media[i].lines, "fmtp", &at, &fmtp))
            REQUIRE(!memmem(fmtp.at, fmtp.len, "per-layer-pli", strlen("per-layer-pli")));
    }
}

/* Layers are of one video, with a name and a port each; to answer the header
 * extension is to take them. */
static void check_layers(const Sdp *answered, const MediaTracks *tracks)
{
    size_t videos = 0, layers = 0;

    for (size_t i = 0; i < tracks->count; i++) {
        const MediaTrack *track = &tracks->track[i];
        if (track->kind != MEDIA_VIDEO)
            continue;
        REQUIRE(track->port == MEDIA_VIDEO + videos);
        REQUIRE((track->rid_extension > 0) == (track->rid[0] != '\0'));
        videos++;
        layers += track->rid[0] != '\0';
        REQUIRE(track->rid[0] == '\0' ||
                has_extension(&answered->media[track->mindex], track->rid_extension,
                              "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"));
        for (size_t k = 0; k < i; k++)
            REQUIRE(tracks->track[k].kind != MEDIA_VIDEO ||
                    (strcmp(tracks->track[k].rid, track->rid) != 0 &&
                     tracks->track[k].mindex == track->mindex));
    }
    REQUIRE(layers == videos || (layers == 0 && videos == 1));
    check_no_pli_per_layer(answered);
}

static void try_offer(const char *data, size_t size, const json_t *simulcast, CodecList codecs)
{
    /* not the first answer: that one refuses an offer that sends nothing */
    const SdpAnswerParams params = {.session_id = 1,
                                    .version = 2,
                                    .bitrate = 2500000,
                                    .codecs = codecs,
                                    .simulcast = simulcast};
    char text[SDP_ANSWER_SIZE];
    MediaTracks tracks;
    RequestError error = {0};
    Sdp offered, answered;

    if (sdp_answer(data, size, &params, text, &tracks, &error) < 0) {
        REQUIRE(error.code >= HLS_ERROR_INVALID_SDP && error.code <= HLS_ERROR_NO_MEDIA);
        REQUIRE(error.text[0]);
        return;
    }
    REQUIRE(!sdp_read(data, size, &offered));
    REQUIRE(!sdp_read(text, strlen(text), &answered));
    REQUIRE(answered.media_count == offered.media_count);
    for (size_t i = 0; i < answered.media_count; i++)
        REQUIRE(answered.media[i].kind == offered.media[i].kind);
    REQUIRE(tracks.count <= MEDIA_TRACKS_MAX);
    for (size_t i = 0; i < tracks.count; i++) {
        const MediaTrack *track = &tracks.track[i];
        check_track(&answered, track);
        REQUIRE(track->kind == MEDIA_AUDIO || codec_list_has(&codecs, track->codec) ||
                (codecs.count == 0 && track->codec == CODEC_H264));
    }
    check_layers(&answered, &tracks);
}

static const CodecList h264 = {0},
                       others_first = {5,
                                       {CODEC_H265, CODEC_AV1, CODEC_VP9, CODEC_VP8, CODEC_H264}};

/* As it is, and as Janus hands it on. */
static int try_input(const uint8_t *data, size_t size)
{
    char *offer = strndup((const char *)data, size);
    json_t *jsep = janus_offer(offer);
    const char *sdp = json_string_value(json_object_get(jsep, "sdp"));

    try_offer((const char *)data, size, NULL, h264);
    try_offer((const char *)data, size, NULL, others_first);
    if (sdp) {
        try_offer(sdp, strlen(sdp), json_object_get(jsep, "simulcast"), h264);
        try_offer(sdp, strlen(sdp), json_object_get(jsep, "simulcast"), others_first);
    }
    json_decref(jsep);
    free(offer);
    return 0;
}

FUZZ_TARGET(sdp_answer, try_input);
