/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads recordings from pcap files. */

#include "rtp_recording.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#define US_PER_S       1000000ll
#define ETHERTYPE_IPV4 0x0800
#define IP_HEADER      20 /* bytes, without options */
#define PROTOCOL_UDP   17
#define UDP_HEADER     8

/* What stands before the IP header: how long it is, and where in it the EtherType. */
typedef struct LinkLayer {
    int type; /* DLT_ */
    size_t size, ethertype;
} LinkLayer;

static const LinkLayer link_layers[] = {
    {DLT_EN10MB, 14, 12},
    {DLT_LINUX_SLL, 16, 14},
    {DLT_LINUX_SLL2, 20, 0},
    {DLT_RAW, 0, SIZE_MAX},
};

static const LinkLayer *find_link_layer(int type)
{
    for (size_t i = 0; i < sizeof(link_layers) / sizeof(link_layers[0]); i++)
        if (link_layers[i].type == type)
            return &link_layers[i];
    return NULL;
}

static size_t be16(const uint8_t *p)
{
    return (size_t)p[0] << 8 | p[1];
}

/* The UDP payload of a frame, or NULL if it has none. `cut_short`: it had, but not all of it was
 * recorded. */
static const uint8_t *udp_payload(const LinkLayer *link, const uint8_t *frame, size_t len,
                                  size_t *payload_len, bool *cut_short)
{
    if (len < link->size + IP_HEADER ||
        (link->ethertype != SIZE_MAX && be16(frame + link->ethertype) != ETHERTYPE_IPV4))
        return NULL;
    const uint8_t *ip = frame + link->size;
    size_t header = 4u * (ip[0] & 0x0Fu);
    bool fragment = be16(ip + 6) & 0x3FFF; /* more of them, or an offset */
    if (ip[0] >> 4 != 4 || header < IP_HEADER || ip[9] != PROTOCOL_UDP || fragment)
        return NULL;
    size_t left = len - link->size;
    if (left < header + UDP_HEADER)
        return NULL;
    size_t udp_len = be16(ip + header + 4);
    if (udp_len < UDP_HEADER)
        return NULL;
    *cut_short = udp_len > left - header;
    *payload_len = udp_len - UDP_HEADER;
    return ip + header + UDP_HEADER;
}

static int read_packets(pcap_t *pcap, const LinkLayer *link, RtpRecording *r, char *error)
{
    struct pcap_pkthdr *header;
    const uint8_t *frame;
    int result;

    while ((result = pcap_next_ex(pcap, &header, &frame)) == 1) {
        int64_t unix_us = header->ts.tv_sec * US_PER_S + header->ts.tv_usec;
        size_t len;
        bool cut_short;
        const uint8_t *payload = udp_payload(link, frame, header->caplen, &len, &cut_short);
        if (!payload)
            continue;
        if (cut_short) {
            snprintf(error, RTP_RECORDING_ERROR_SIZE,
                     "its packets are cut short: record them with tcpdump -s 0");
            return -1;
        }
        if (r->count == 0)
            r->start_unix_us = unix_us;
        if (rtp_recording_add(r, unix_us - r->start_unix_us, payload, len) < 0) {
            snprintf(error, RTP_RECORDING_ERROR_SIZE, "there is no memory for it");
            return -1;
        }
    }
    if (result == PCAP_ERROR_BREAK)
        return 0;
    snprintf(error, RTP_RECORDING_ERROR_SIZE, "%s", pcap_geterr(pcap));
    return -1;
}

/* Reads what is in an open file. */
static RtpRecording *read_all(pcap_t *pcap, char *error)
{
    const LinkLayer *link = find_link_layer(pcap_datalink(pcap));
    if (!link) {
        snprintf(error, RTP_RECORDING_ERROR_SIZE, "its link layer is %s: record on Ethernet or lo",
                 pcap_datalink_val_to_name(pcap_datalink(pcap)));
        return NULL;
    }
    RtpRecording *r = rtp_recording_create(0);
    if (!r) {
        snprintf(error, RTP_RECORDING_ERROR_SIZE, "there is no memory for it");
        return NULL;
    }
    if (read_packets(pcap, link, r, error) < 0)
        goto fail;
    rtp_recording_finish(r);
    if (r->has[RTP_AUDIO] || r->has[RTP_VIDEO])
        return r;
    snprintf(error, RTP_RECORDING_ERROR_SIZE,
             "it has no RTP of payload type %d (H.264), the next four (VP8, VP9, AV1, H.265) or %d "
             "(Opus)",
             codec_payload_type(CODEC_H264), RTP_RECORDING_PT_OPUS);
fail:
    rtp_recording_destroy(&r);
    return NULL;
}

RtpRecording *rtp_recording_read(const char *file, char *error)
{
    char pcap_error[PCAP_ERRBUF_SIZE] = "";
    FILE *stream = fopen(file, "re");

    if (!stream) {
        snprintf(error, RTP_RECORDING_ERROR_SIZE, "%s", strerror(errno));
        return NULL;
    }
    pcap_t *pcap = pcap_fopen_offline(stream, pcap_error); /* which closes it, if it succeeds */
    if (!pcap) {
        snprintf(error, RTP_RECORDING_ERROR_SIZE, "%s", pcap_error);
        fclose(stream);
        return NULL;
    }
    RtpRecording *r = read_all(pcap, error);
    pcap_close(pcap);
    return r;
}
