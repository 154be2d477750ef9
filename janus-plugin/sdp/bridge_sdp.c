/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sdp/bridge_sdp.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sdp_reader.h"
#include "text_buffer.h"

int bridge_payload_type(const MediaTrack *track)
{
    return track->kind == MEDIA_VIDEO ? codec_payload_type(track->codec) : BRIDGE_PT_OPUS;
}

static void write_track(TextBuffer *out, const MediaTrack *track, uint16_t port)
{
    bool video = track->kind == MEDIA_VIDEO;
    int pt = bridge_payload_type(track);

    text_add(out, "m=%s %" PRIu16 " RTP/AVPF %d\r\n", video ? "video" : "audio", port, pt);
    text_add(out, "a=rtpmap:%d %s/%s\r\n", pt, video ? codec_sdp_name(track->codec) : "opus",
             video ? "90000" : "48000/2");
    if (track->fmtp[0])
        text_add(out, "a=fmtp:%d %s\r\n", pt, track->fmtp);
    if (track->nack) /* tells the bridge that waiting for a lost packet is worth it */
        text_add(out, "a=rtcp-fb:%d nack\r\n", pt);
    if (video)
        text_add(out, "a=rtcp-fb:%d nack pli\r\n", pt);
    if (track->rid[0])
        text_add(out, "a=label:%s\r\n", track->rid);
    text_add(out, "a=rtcp-mux\r\na=sendonly\r\n");
}

/* The session's name. It stays one line: control characters in the title become spaces. */
static void write_name(TextBuffer *out, const char *title)
{
    size_t from = out->len + 2;

    text_add(out, "s=%s", title[0] ? title : "-");
    for (size_t i = from; i < out->len; i++)
        if ((unsigned char)out->text[i] < ' ')
            out->text[i] = ' ';
    text_add(out, "\r\n");
}

int bridge_sdp_offer(const MediaTracks *tracks, const uint16_t *ports, uint64_t session_id,
                     const StreamFace *face, char *text)
{
    TextBuffer out = text_buffer(text, BRIDGE_SDP_SIZE);

    text_add(&out, "v=0\r\no=- %" PRIu64 " 1 IN IP4 127.0.0.1\r\n", session_id);
    write_name(&out, face->title);
    text_add(&out, "c=IN IP4 127.0.0.1\r\nt=0 0\r\n%s%s", face->unlisted ? "a=unlisted\r\n" : "",
             face->protected ? "a=access:protected\r\n" : "");
    for (size_t i = 0; i < tracks->count; i++)
        write_track(&out, &tracks->track[i], ports[i]);
    return out.overflow ? -1 : (int)out.len;
}

const char *bridge_sdp_answer(const char *text, size_t len, size_t count,
                              struct sockaddr_in *destinations)
{
    Sdp sdp;

    const char *wrong = sdp_read(text, len, &sdp);
    if (wrong)
        return wrong;
    if (sdp.media_count != count)
        return "the bridge's answer has another number of media sections than the offer";
    for (size_t i = 0; i < count; i++) {
        SdpSlice address = sdp.media[i].connection;
        char dotted[INET_ADDRSTRLEN];
        destinations[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(sdp.media[i].port)};
        if (!address.at || address.len >= sizeof(dotted))
            return "the bridge's answer names no IPv4 address to send to";
        memcpy(dotted, address.at, address.len);
        dotted[address.len] = '\0';
        if (inet_pton(AF_INET, dotted, &destinations[i].sin_addr) != 1)
            return "the bridge's answer names no IPv4 address to send to";
    }
    return NULL;
}
