/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_session.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "sdp_reader.h"
#include "text_buffer.h"

#define TIMEOUT_MS  30000L
#define URL_SIZE    1024
#define SDP_SIZE    4096
#define ANSWER_SIZE 65536

typedef struct Answer {
    long status;
    size_t len;
    char text[ANSWER_SIZE];
} Answer;

static size_t keep_answer(char *data, size_t size, size_t count, void *user)
{
    Answer *answer = user;
    size_t n = size * count;

    if (answer->len + n > sizeof(answer->text))
        return 0; /* makes the request fail */
    memcpy(answer->text + answer->len, data, n);
    answer->len += n;
    return n;
}

/* The sentence of a problem+json body (RFC 9457), or the status. */
static void read_problem(const Answer *answer, char *error)
{
    json_t *problem = json_loadb(answer->text, answer->len, 0, NULL);
    const char *detail = json_string_value(json_object_get(problem, "detail"));

    if (detail)
        snprintf(error, BRIDGE_SESSION_ERROR_SIZE, "the bridge answers: %s", detail);
    else
        snprintf(error, BRIDGE_SESSION_ERROR_SIZE, "the bridge answers with HTTP status %ld",
                 answer->status);
    json_decref(problem);
}

/* One request; `body` may be NULL. Returns 0 if it succeeds, or -1 with a sentence. */
static int request(const char *url, const char *stream, const char *method, const char *body,
                   Answer *answer, char *error)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/sdp");
    CURL *curl = curl_easy_init();
    char full[URL_SIZE];

    *answer = (Answer){0};
    snprintf(full, sizeof(full), "%s/streams/%s", url, stream);
    curl_easy_setopt(curl, CURLOPT_URL, full);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); /* whatever the environment says */
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (result != CURLE_OK) {
        snprintf(error, BRIDGE_SESSION_ERROR_SIZE, "the bridge at %s cannot be reached: %s", url,
                 curl_easy_strerror(result));
        return -1;
    }
    if (answer->status >= 200 && answer->status < 300)
        return 0;
    read_problem(answer, error);
    return -1;
}

static void write_track(TextBuffer *out, size_t track, const BridgeOffer *offer)
{
    bool video = track >= RTP_VIDEO;
    int pt = video ? codec_payload_type(offer->codec) : RTP_RECORDING_PT_OPUS;

    text_add(out, "m=%s %" PRIu16 " RTP/AVPF %d\r\n", rtp_track_name(video ? RTP_VIDEO : RTP_AUDIO),
             offer->port[track], pt);
    if (video)
        text_add(out, "a=rtpmap:%d %s/90000\r\n", pt, codec_sdp_name(offer->codec));
    else
        text_add(out, "a=rtpmap:%d opus/48000/2\r\n", pt);
    if (video && offer->codec == CODEC_H264)
        text_add(out, "a=fmtp:%d packetization-mode=1\r\n", pt);
    if (video)
        text_add(out, "a=rtcp-fb:%d nack pli\r\n", pt);
    if (offer->nack)
        text_add(out, "a=rtcp-fb:%d nack\r\n", pt);
    if (video && offer->labels.name[track - RTP_VIDEO][0])
        text_add(out, "a=label:%s\r\n", offer->labels.name[track - RTP_VIDEO]);
    text_add(out, "a=rtcp-mux\r\na=sendonly\r\n");
}

/* Where the answer wants a section to be sent. */
static const char *read_section(const SdpMedia *media, struct sockaddr_in *destination)
{
    char dotted[INET_ADDRSTRLEN];

    *destination = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(media->port)};
    if (media->port == 0)
        return "the bridge refuses a track";
    if (!media->connection.at || media->connection.len >= sizeof(dotted))
        return "the bridge's answer names no IPv4 address to send to";
    memcpy(dotted, media->connection.at, media->connection.len);
    dotted[media->connection.len] = '\0';
    if (inet_pton(AF_INET, dotted, &destination->sin_addr) != 1)
        return "the bridge's answer names no IPv4 address to send to";
    return NULL;
}

/* The answer's sections stand in the order of the offer's, RFC 3264 section 6. */
static const char *read_answer(const Answer *answer, const BridgeOffer *offer,
                               struct sockaddr_in *destinations)
{
    Sdp sdp;
    size_t section = 0;

    const char *wrong = sdp_read(answer->text, answer->len, &sdp);
    for (size_t track = 0; !wrong && track < REPLAY_TRACKS; track++) {
        if (offer->port[track] == 0)
            continue;
        if (section == sdp.media_count)
            return "the bridge's answer has fewer sections than the offer";
        wrong = read_section(&sdp.media[section++], &destinations[track]);
    }
    return wrong;
}

int bridge_session_open(const char *url, const char *stream, const BridgeOffer *offer,
                        struct sockaddr_in destinations[REPLAY_TRACKS], char *error)
{
    char sdp[SDP_SIZE];
    TextBuffer out = text_buffer(sdp, sizeof(sdp));
    Answer answer;

    text_add(&out,
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=rtp-replay\r\nc=IN IP4 127.0.0.1\r\n"
             "t=0 0\r\n%s",
             offer->protected ? "a=access:protected\r\n" : "");
    for (size_t track = 0; track < REPLAY_TRACKS; track++)
        if (offer->port[track] != 0)
            write_track(&out, track, offer);
    if (request(url, stream, "PUT", sdp, &answer, error) < 0)
        return -1;
    const char *wrong = read_answer(&answer, offer, destinations);
    if (!wrong)
        return 0;
    snprintf(error, BRIDGE_SESSION_ERROR_SIZE, "%s", wrong);
    return -1;
}

int bridge_session_close(const char *url, const char *stream, char *error)
{
    Answer answer;

    return request(url, stream, "DELETE", NULL, &answer, error);
}
