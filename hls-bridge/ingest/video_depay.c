/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/video_depay_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/sample_bytes.h"

static const DepayCodec *const codecs[CODECS_MAX] = {
    [CODEC_H264] = &h264_depay, [CODEC_VP8] = &vp8_depay,   [CODEC_VP9] = &vp9_depay,
    [CODEC_AV1] = &av1_depay,   [CODEC_H265] = &h265_depay,
};

VideoDepay *video_depay_create(Codec codec)
{
    VideoDepay *d = calloc(1, codecs[codec]->size);

    if (!d)
        return NULL;
    d->does = codecs[codec];
    d->waiting = true;
    d->shown.codec = codec;
    for (int i = 0; i < 2; i++) {
        d->assembly[i].data = malloc(PICTURE_BYTES);
        d->assembly[i].nal = malloc(PICTURE_UNITS * sizeof(NalUnit));
    }
    for (int i = 0; d && i < 2; i++)
        if (!d->assembly[i].data || !d->assembly[i].nal)
            video_depay_destroy(&d);
    return d;
}

void video_depay_destroy(VideoDepay **depay)
{
    if (!*depay)
        return;
    for (int i = 0; i < 2; i++) {
        free((*depay)->assembly[i].data);
        free((*depay)->assembly[i].nal);
    }
    sample_bytes_release(&(*depay)->given);
    free(*depay);
    *depay = NULL;
}

int video_depay_add_parameter_set(VideoDepay *d, const uint8_t *nal, size_t len)
{
    return d->does->add_parameter_set ? d->does->add_parameter_set(d, nal, len) : -1;
}

/* ---- what a picture is made of ---- */

void assembly_append(Assembly *a, const uint8_t *data, size_t len)
{
    if (a->len + len > PICTURE_BYTES) {
        a->damaged = true;
        return;
    }
    memcpy(a->data + a->len, data, len);
    a->len += len;
}

static const uint8_t start_code[] = {0, 0, 0, 1};

void assembly_begin_nal(Assembly *a, const uint8_t *nal, size_t len)
{
    assembly_append(a, start_code, sizeof(start_code));
    if (a->nals == PICTURE_UNITS) {
        a->damaged = true;
        return;
    }
    a->nal[a->nals++].at = (uint32_t)a->len;
    assembly_append(a, nal, len);
}

void kept_nals_add(KeptNals *k, const uint8_t *nal, size_t len)
{
    if (k->len + len > KEPT_NALS_BYTES || k->count == KEPT_NALS)
        return;
    k->at[k->count++] = k->len;
    memcpy(k->bytes + k->len, nal, len);
    k->len += len;
}

void kept_nals_write(const KeptNals *k, Assembly *a)
{
    for (size_t i = 0; i < k->count; i++) {
        size_t end = i + 1 < k->count ? k->at[i + 1] : k->len;
        assembly_begin_nal(a, k->bytes + k->at[i], end - k->at[i]);
    }
}

void nal_depay_open(VideoDepay *base)
{
    NalDepay *d = (NalDepay *)base;

    d->sets_changed = d->in_fragment = false;
    d->sei.count = d->sei.len = 0;
}

void nal_depay_end_fragment(NalDepay *d, Assembly *a)
{
    a->damaged = a->damaged || d->in_fragment;
    d->in_fragment = false;
}

void nal_depay_close(VideoDepay *base, Assembly *a)
{
    nal_depay_end_fragment((NalDepay *)base, a);
}

/* Each NAL unit ends before the next one's start code; zeros that trail it are no part of it. */
static void end_nals(Assembly *a)
{
    size_t end = a->len;

    for (size_t i = a->nals; i-- > 0;) {
        NalUnit *nal = &a->nal[i];
        while (end - 1 > nal->at && a->data[end - 1] == 0)
            end--;
        nal->len = (uint32_t)(end - nal->at);
        end = nal->at - sizeof(start_code);
    }
}

/* ---- packets ---- */

static void open_assembly(VideoDepay *d, Assembly *a, int64_t rtp_ts)
{
    *a = (Assembly){.data = a->data, .nal = a->nal, .rtp_ts = rtp_ts, .open = true};
    d->does->open(d);
}

static Assembly *close_current(VideoDepay *d)
{
    Assembly *a = &d->assembly[d->current];

    d->does->close(d, a);
    a->whole = true;
    a->open = false;
    d->current ^= 1;
    return &d->assembly[d->current];
}

void video_depay_push(VideoDepay *d, const RtpPacket *packet, int64_t rtp_ts, int64_t arrival_us,
                      uint32_t lost, bool restarted)
{
    Assembly *a = &d->assembly[d->current];

    if (lost > 0 || restarted) {
        /* what is missing may have been the end of this one, the beginning of the next, or a whole
         * one that later ones refer to */
        a->damaged = a->damaged || a->open;
        d->waiting = true;
    }
    if (packet->payload_len == 0)
        return; /* padding alone, to probe for bandwidth */
    if (a->open && a->rtp_ts != rtp_ts)
        a = close_current(d);
    if (!a->open) {
        open_assembly(d, a, rtp_ts);
        a->damaged = lost > 0 && !d->does->begins(packet->payload, packet->payload_len);
    }
    a->arrival_us = arrival_us;
    if (!d->does->take(d, a, packet->payload, packet->payload_len)) {
        a->damaged = true;
        d->stats.malformed++;
    }
    if (packet->marker)
        close_current(d);
}

/* ---- pictures ---- */

/* Whether a picture that lacks nothing can be decoded; of a key frame, what it is goes to `format`.
 */
static bool is_decodable(const VideoDepay *d, const Assembly *a, VideoFormat *format)
{
    return a->key ? d->does->format(d, a, format) : !d->waiting;
}

/* Decides about a picture that is whole. Returns whether it is handed out. */
static bool judge(VideoDepay *d, Assembly *a, AccessUnit *out)
{
    VideoFormat format = {.codec = d->does->codec};

    if (!a->has_picture && !a->damaged)
        return false; /* parameter sets or SEI alone */
    if (a->damaged) {
        d->stats.damaged++;
        d->waiting = true;
        return false;
    }
    end_nals(a);
    if (!is_decodable(d, a, &format)) {
        d->waiting = true;
        d->stats.undecodable++;
        return false;
    }
    d->given = sample_bytes_create(a->data, a->len, a->nal, a->nals);
    *out = (AccessUnit){.data = a->data,
                        .len = a->len,
                        .nal = a->nal,
                        .nals = a->nals,
                        .bytes = d->given,
                        .codec = d->does->codec,
                        .rtp_ts = a->rtp_ts,
                        .arrival_us = a->arrival_us,
                        .idr = a->key};
    d->waiting = false;
    d->stats.access_units++;
    if (a->key) {
        out->restart = d->shown.width != 0 && video_format_restarts(&format, &d->shown);
        d->shown = format;
        d->stats.idrs++;
    }
    return true;
}

bool video_depay_pop(VideoDepay *d, AccessUnit *out)
{
    sample_bytes_release(&d->given);
    /* if both are whole, the current one is the older */
    for (unsigned i = 0; i < 2; i++) {
        Assembly *a = &d->assembly[(d->current + i) % 2];
        if (!a->whole)
            continue;
        a->whole = false;
        if (judge(d, a, out))
            return true;
    }
    return false;
}

void video_depay_lose(VideoDepay *d)
{
    d->waiting = true;
}

bool video_depay_needs_key(const VideoDepay *d)
{
    return d->waiting;
}

const VideoFormat *video_depay_format(const VideoDepay *d)
{
    return &d->shown;
}

VideoDepayStats video_depay_stats(const VideoDepay *d)
{
    VideoDepayStats stats = d->stats;

    stats.has_sets = d->does->has_sets && d->does->has_sets(d);
    return stats;
}
