/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sdp/sdp_answer.h"

#include <inttypes.h>
#include <string.h>

#include "sdp/layer_names.h"
#include "sdp_reader.h"
#include "text_buffer.h"

#define EXT_MID          "urn:ietf:params:rtp-hdrext:sdes:mid"
#define EXT_RID          "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
#define EXT_REPAIRED_RID "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
#define EXT_TRANSPORT_CC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

#define WORD          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define PARAMETER_MAX 8 /* bytes of a value, as "SRST" or "93" */

/* %.*s arguments of a slice */
#define SLICE(s) (int)(s).len, (s).at

static bool sends(const SdpMedia *media)
{
    return media->direction == SDP_SENDRECV || media->direction == SDP_SENDONLY;
}

/* Whether a section asks for something: a refused or disused one has port 0. */
static bool is_offered(const SdpMedia *media)
{
    return media->port != 0 || sdp_attribute(media->lines, "bundle-only", NULL);
}

static bool is_opus(const SdpCodec *offered, Codec wanted)
{
    (void)wanted;
    return sdp_equals_nocase(offered->name, "opus") && offered->clock_hz == 48000;
}

/* Whether a parameter is left out, or 0: profiles with more bits or colours play nearly nowhere. */
static bool is_zero(const SdpCodec *offered, const char *parameter)
{
    SdpSlice value;

    return !sdp_fmtp_parameter(offered->fmtp, parameter, &value) || sdp_equals(value, "0");
}

static bool is_video(const SdpCodec *offered, Codec wanted)
{
    SdpSlice mode;
    Codec is;

    if (!codec_of_sdp(offered, &is) || is != wanted)
        return false;
    if (is == CODEC_H264)
        return sdp_fmtp_parameter(offered->fmtp, "packetization-mode", &mode) &&
               sdp_equals(mode, "1");
    return is == CODEC_VP9   ? is_zero(offered, "profile-id")
           : is == CODEC_AV1 ? is_zero(offered, "profile")
                             : true;
}

/* The first of the publisher's payload types that are usable: it names its favourite first. */
static bool find_codec(const SdpMedia *media, bool (*usable)(const SdpCodec *, Codec), Codec wanted,
                       SdpCodec *codec)
{
    size_t at = 0;
    int pt;

    while ((pt = sdp_next_payload_type(media, &at)) >= 0)
        if (sdp_codec(media, pt, codec) && usable(codec, wanted))
            return true;
    return false;
}

static bool choose_codec(const SdpMedia *media, MediaKind kind, const CodecList *codecs,
                         SdpCodec *codec, Codec *chosen)
{
    *chosen = CODEC_H264;
    if (kind == MEDIA_AUDIO)
        return find_codec(media, is_opus, *chosen, codec);
    for (unsigned i = 0; i < codecs->count; i++) {
        *chosen = codecs->codec[i];
        if (find_codec(media, is_video, *chosen, codec))
            return true;
    }
    return codecs->count == 0 && find_codec(media, is_video, *chosen, codec);
}

/* A publisher offers none of the video codecs. Returns -1. */
static int no_codec(const CodecList *codecs, RequestError *error)
{
    char names[64];
    TextBuffer list = text_buffer(names, sizeof(names));

    if (codecs->count == 0 || (codecs->count == 1 && codecs->codec[0] == CODEC_H264))
        return request_fail(error, HLS_ERROR_NO_H264,
                            "this browser offers no H.264 video (packetization mode 1), which "
                            "HLS players need: use Chrome, Edge, Safari, or Firefox with its "
                            "OpenH264 plugin switched on");
    for (unsigned i = 0; i < codecs->count; i++)
        text_add(&list, "%s%s", i > 0 ? ", " : "", codec_sdp_name(codecs->codec[i]));
    return request_fail(error, HLS_ERROR_NO_H264,
                        "this browser offers none of the video codecs that this server takes (%s): "
                        "use another browser",
                        names);
}

static void write_feedback(TextBuffer *out, const SdpMedia *media, int pt, const char *what)
{
    if (sdp_has_feedback(media, pt, what))
        text_add(out, "a=rtcp-fb:%d %s\r\n", pt, what);
}

/* The next header extension of a section (RFC 8285 section 5). */
static bool next_extension(const SdpMedia *media, size_t *at, SdpSlice *value, SdpSlice *uri)
{
    while (sdp_next_attribute(media->lines, "extmap", at, value)) {
        const char *space = value->len ? memchr(value->at, ' ', value->len) : NULL;
        if (!space)
            continue;
        *uri = (SdpSlice){space + 1, value->len - (size_t)(space + 1 - value->at)};
        return true;
    }
    return false;
}

/* The ID of a header extension, 0: it is not offered. */
static uint8_t extension_id(const SdpMedia *media, const char *wanted)
{
    size_t at = 0;
    SdpSlice value, uri;
    uint32_t id;

    while (next_extension(media, &at, &value, &uri)) {
        size_t len = 0; /* of the number: a direction may stand behind it, "3/sendonly" */
        while (len < value.len && value.at[len] != ' ' && value.at[len] != '/')
            len++;
        if (sdp_equals(uri, wanted))
            return sdp_number((SdpSlice){value.at, len}, UINT8_MAX, &id) ? (uint8_t)id : 0;
    }
    return 0;
}

/* Each is answered once, with the ID that it is offered with first: extension_id() reads it so. */
static void write_extensions(TextBuffer *out, const SdpMedia *media, bool with_layers)
{
    const char *const wanted[] = {EXT_MID, EXT_TRANSPORT_CC, EXT_RID, EXT_REPAIRED_RID};
    bool written[] = {false, false, !with_layers, !with_layers};
    size_t at = 0;
    SdpSlice value, uri;

    while (next_extension(media, &at, &value, &uri)) {
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
            if (written[i] || !sdp_equals(uri, wanted[i]))
                continue;
            text_add(out, "a=extmap:%.*s\r\n", SLICE(value));
            written[i] = true;
        }
    }
}

/* The layers of a section that are taken. Janus tells them apart by their mid and rid alone. A
 * browser that is not answered with its rids would send one layer; but it has named no SSRC, so
 * Janus would take its RTX for media and ask for key frames there. Returns 0, or -1 with `error`.
 */
static int take_layers(const SdpMedia *media, size_t index, const SdpAnswerParams *params,
                       LayerNames *layers, RequestError *error)
{
    layers->count = 0;
    if (media->kind != SDP_VIDEO || !extension_id(media, EXT_MID) || !extension_id(media, EXT_RID))
        return 0;
    if (layer_names_read(params->simulcast, (int)index, layers) == 0)
        return 0;
    return request_fail(error, HLS_ERROR_INVALID_SDP,
                        "a layer of the offer has a name (rid) that cannot be taken: give each "
                        "another one, of 1 to 14 letters, digits, _ and -");
}

/* RFC 7587 section 6.1. With useinbandfec a lost packet can be rebuilt from the next one. */
static void write_opus(TextBuffer *out, int pt)
{
    text_add(out, "a=rtpmap:%d opus/48000/2\r\n", pt);
    text_add(out,
             "a=fmtp:%d minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1;usedtx=0;"
             "maxaveragebitrate=%d\r\n",
             pt, SDP_OPUS_BITRATE);
}

/* RFC 6184 section 8.1. The profile is the offered one. The level says what we take, which is any
 * (level-asymmetry-allowed): else the publisher is held to the offered 3.1, 720p30. */
static void write_h264(TextBuffer *out, const SdpCodec *codec)
{
    SdpSlice profile, asymmetry;

    text_add(out, "packetization-mode=1;");
    if (sdp_fmtp_parameter(codec->fmtp, "profile-level-id", &profile) && profile.len == 6) {
        bool any_level = sdp_fmtp_parameter(codec->fmtp, "level-asymmetry-allowed", &asymmetry) &&
                         sdp_equals(asymmetry, "1");
        if (any_level)
            text_add(out, "level-asymmetry-allowed=1;profile-level-id=%.*s34;", 4, profile.at);
        else
            text_add(out, "profile-level-id=%.*s;", SLICE(profile));
    }
}

/* Whether a value is a number or a word, as those of all parameters below. What is none is not
 * repeated: an answer has nothing in it that we do not know. */
static bool is_plain(SdpSlice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!memchr(WORD, value.at[i], sizeof(WORD) - 1))
            return false;
    return value.len > 0 && value.len <= PARAMETER_MAX;
}

/* The parameters of other codecs, as they are offered: of a decoder, too, they say what it takes
 * (RFC 9628 section 6, AV1 RTP specification section 7.2, RFC 7798 section 7.1). */
static void write_parameters(TextBuffer *out, const SdpCodec *codec)
{
    static const char *const names[] = {"profile-id", "profile",  "level-idx", "tier",
                                        "tier-flag",  "level-id", "tx-mode"};
    SdpSlice value;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (sdp_fmtp_parameter(codec->fmtp, names[i], &value) && is_plain(value))
            text_add(out, "%s=%.*s;", names[i], SLICE(value));
}

/* x-google-start-bitrate (kbit/s) spares viewers the climb through three sizes at the start. */
static void write_video(TextBuffer *out, const SdpCodec *codec, Codec chosen, uint32_t bitrate)
{
    uint32_t kbps = bitrate / 1000;
    int pt = codec->payload_type;

    text_add(out, "b=TIAS:%" PRIu32 "\r\n", bitrate);
    text_add(out, "a=rtpmap:%d %s/90000\r\n", pt, codec_sdp_name(chosen));
    text_add(out, "a=fmtp:%d ", pt);
    if (chosen == CODEC_H264)
        write_h264(out, codec);
    else
        write_parameters(out, codec);
    text_add(out, "x-google-start-bitrate=%" PRIu32 ";x-google-max-bitrate=%" PRIu32 "\r\n",
             kbps * 9 / 10, kbps);
}

static void accept_section(TextBuffer *out, const SdpMedia *media, const SdpCodec *codec,
                           const SdpAnswerParams *params, bool with_layers, MediaTrack *track)
{
    int pt = codec->payload_type;

    text_add(out, "m=%.*s 9 %.*s %d\r\n", SLICE(media->kind_name), SLICE(media->proto), pt);
    text_add(out, "c=IN IP4 0.0.0.0\r\n");
    if (track->kind == MEDIA_VIDEO)
        write_video(out, codec, track->codec, params->bitrate);
    else
        write_opus(out, pt);
    write_feedback(out, media, pt, "transport-cc");
    write_feedback(out, media, pt, "nack");
    if (track->kind == MEDIA_VIDEO)
        write_feedback(out, media, pt, "nack pli");
    write_extensions(out, media, with_layers);
    text_add(out, sends(media) ? "a=recvonly\r\n" : "a=inactive\r\n");

    track->payload_type = pt;
    track->nack = sdp_has_feedback(media, pt, "nack");
    if (codec->fmtp.len < sizeof(track->fmtp))
        memcpy(track->fmtp, codec->fmtp.at ? codec->fmtp.at : "", codec->fmtp.len);
}

/* Adds a track, or one for each of its layers. */
static void add_tracks(MediaTracks *tracks, const MediaTrack *track, const LayerNames *layers)
{
    if (layers->count == 0)
        tracks->track[tracks->count++] = *track;
    for (size_t i = 0; i < layers->count; i++) {
        MediaTrack *layer = &tracks->track[tracks->count++];
        *layer = *track;
        layer->port += i;
        memcpy(layer->rid, layers->rid[i], sizeof(layer->rid));
    }
}

static void refuse_section(TextBuffer *out, const SdpMedia *media)
{
    /* RFC 3264 section 6: port 0, and one of the offered formats, which means nothing */
    SdpSlice format = media->formats;
    while (format.len > 0 && *format.at == ' ') {
        format.at++;
        format.len--;
    }
    const char *end = format.len ? memchr(format.at, ' ', format.len) : NULL;
    if (end)
        format.len = (size_t)(end - format.at);
    text_add(out, "m=%.*s 0 %.*s %.*s\r\n", SLICE(media->kind_name), SLICE(media->proto),
             format.len ? (int)format.len : 1, format.len ? format.at : "0");
    text_add(out, "c=IN IP4 0.0.0.0\r\na=inactive\r\n");
}

static bool has_track(const MediaTracks *tracks, MediaKind kind)
{
    for (size_t i = 0; i < tracks->count; i++)
        if (tracks->track[i].kind == kind)
            return true;
    return false;
}

/* Answers one section. Returns 0, or -1 with `error` if the publisher must do something. */
static int answer_section(TextBuffer *out, const Sdp *offer, size_t index,
                          const SdpAnswerParams *params, MediaTracks *tracks, RequestError *error)
{
    const SdpMedia *media = &offer->media[index];
    MediaKind kind = media->kind == SDP_VIDEO ? MEDIA_VIDEO : MEDIA_AUDIO;
    LayerNames layers;
    SdpCodec codec;
    Codec chosen;

    if ((media->kind != SDP_AUDIO && media->kind != SDP_VIDEO) || !is_offered(media) ||
        has_track(tracks, kind)) {
        refuse_section(out, media);
        return 0;
    }
    if (!choose_codec(media, kind, &params->codecs, &codec, &chosen)) {
        if (!sends(media)) {
            refuse_section(out, media);
            return 0;
        }
        if (kind == MEDIA_VIDEO)
            return no_codec(&params->codecs, error);
        return request_fail(error, HLS_ERROR_NO_OPUS,
                            "this browser offers no Opus audio: use a current browser");
    }
    if (take_layers(media, index, params, &layers, error) < 0)
        return -1;
    MediaTrack track = {.kind = kind, .codec = chosen, .port = kind, .mindex = (int)index};
    if (layers.count > 0)
        track.rid_extension = extension_id(media, EXT_RID);
    accept_section(out, media, &codec, params, layers.count > 0, &track);
    if (sends(media)) /* else it is paused: agreed, but nothing comes */
        add_tracks(tracks, &track, &layers);
    return 0;
}

int sdp_answer(const char *offer, size_t len, const SdpAnswerParams *params, char *answer,
               MediaTracks *tracks, RequestError *error)
{
    TextBuffer out = text_buffer(answer, SDP_ANSWER_SIZE);
    Sdp sdp;

    *tracks = (MediaTracks){0};
    const char *wrong = sdp_read(offer, len, &sdp);
    if (wrong)
        return request_fail(error, HLS_ERROR_INVALID_SDP, "%s", wrong);

    text_add(&out, "v=0\r\no=- %" PRIu64 " %" PRIu64 " IN IP4 127.0.0.1\r\n", params->session_id,
             params->version);
    text_add(&out, "s=janus.plugin.hls\r\nt=0 0\r\n");
    for (size_t i = 0; i < sdp.media_count; i++)
        if (answer_section(&out, &sdp, i, params, tracks, error) < 0)
            return -1;
    if (tracks->count == 0 && params->version == 1) /* a renegotiation may pause everything */
        return request_fail(error, HLS_ERROR_NO_MEDIA,
                            "the offer sends neither audio nor video: choose a camera, a screen "
                            "or a microphone first");
    if (out.overflow)
        return request_fail(error, HLS_ERROR_INVALID_SDP, "the offer is too large to answer");
    return 0;
}
