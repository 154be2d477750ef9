/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/h264_depay.h"

#include <stdlib.h>
#include <string.h>

#include "base/sample_bytes.h"
#include "codec/h264_parameter_sets.h"

/* Payload structures, RFC 6184 table 1. */
enum { NAL_SINGLE_MAX = 23, NAL_STAP_A = 24, NAL_FU_A = 28 };

/* NAL unit types that no sender uses, H.264 table 7-1; and the forbidden bit. Packets of another
 * codec often or always have one of these. */
static bool is_no_nal(const uint8_t *p)
{
    static const uint32_t none = 1u << 0 | 7u << 16 | 7u << 21;

    return p[0] & 0x80 || none >> h264_nal_type(p) & 1;
}

#define ACCESS_UNIT_BYTES (2u << 20) /* 2 MiB: 16 Mbit/s in one second's only picture */
#define ACCESS_UNIT_NALS  2048       /* as many slices of a packet each as those have */
#define SEI_BYTES         4096       /* of one picture; more is left out, pictures do not need it */
#define SEI_NALS          32         /* likewise */

static const uint8_t start_code[] = {0, 0, 0, 1};
static const uint8_t delimiter[] = {H264_NAL_AUD, 0xF0}; /* any slice type, 7.4.2.4 */

/* One access unit on its way. */
typedef struct Assembly {
    uint8_t *data; /* ACCESS_UNIT_BYTES */
    size_t len;    /* 0: nothing yet */
    NalUnit *nal;  /* ACCESS_UNIT_NALS; where they begin, and their ends once it is handed out */
    size_t nals;
    int64_t rtp_ts, arrival_us;
    bool open;    /* packets of it have come */
    bool whole;   /* the last packet has come; it waits to be popped */
    bool damaged; /* something is missing or cannot be read */
    bool idr, has_slices;
} Assembly;

struct H264Depay {
    ParameterSets sets;
    bool sets_changed;      /* in the access unit that is open */
    H264Sps sps;            /* of the last IDR picture handed out */
    bool in_fragment;       /* a FU-A has begun and not ended */
    bool waiting;           /* for an IDR picture */
    uint8_t sei[SEI_BYTES]; /* of the open access unit, until it is known what stands before it */
    size_t sei_len, seis;
    size_t sei_at[SEI_NALS];
    /* Two, since a packet may both end one access unit, whose last packet had no marker, and be a
     * whole one itself. */
    Assembly assembly[2];
    unsigned current;
    SampleBytes *given; /* handed out last; NULL: nothing, or there was no memory */
    H264DepayStats stats;
};

H264Depay *h264_depay_create(void)
{
    H264Depay *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->waiting = true;
    for (int i = 0; i < 2; i++) {
        d->assembly[i].data = malloc(ACCESS_UNIT_BYTES);
        d->assembly[i].nal = malloc(ACCESS_UNIT_NALS * sizeof(NalUnit));
    }
    for (int i = 0; d && i < 2; i++)
        if (!d->assembly[i].data || !d->assembly[i].nal)
            h264_depay_destroy(&d);
    return d;
}

void h264_depay_destroy(H264Depay **depay)
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

int h264_depay_add_parameter_set(H264Depay *d, const uint8_t *nal, size_t len)
{
    return parameter_sets_add(&d->sets, nal, len);
}

static void append(Assembly *a, const uint8_t *data, size_t len)
{
    if (a->len + len > ACCESS_UNIT_BYTES) {
        a->damaged = true;
        return;
    }
    memcpy(a->data + a->len, data, len);
    a->len += len;
}

/* Appends the beginning of a NAL unit, or a whole one. */
static void begin_nal(Assembly *a, const uint8_t *nal, size_t len)
{
    append(a, start_code, sizeof(start_code));
    if (a->nals == ACCESS_UNIT_NALS) {
        a->damaged = true;
        return;
    }
    a->nal[a->nals++].at = (uint32_t)a->len;
    append(a, nal, len);
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

/* Before the first slice: delimiter, parameter sets (all of them before an IDR picture, else those
 * that this access unit itself brought), and the SEI. */
static void begin_slices(H264Depay *d, Assembly *a, bool idr)
{
    const ParameterSet *set;

    begin_nal(a, delimiter, sizeof(delimiter));
    if (idr || d->sets_changed) {
        for (size_t i = 0; (set = parameter_sets_at(&d->sets, i)); i++)
            begin_nal(a, set->nal, set->len);
        if (!parameter_sets_complete(&d->sets))
            a->damaged = true;
    }
    for (size_t i = 0; i < d->seis; i++) {
        size_t end = i + 1 < d->seis ? d->sei_at[i + 1] : d->sei_len;
        begin_nal(a, d->sei + d->sei_at[i], end - d->sei_at[i]);
    }
    a->idr = idr;
    a->has_slices = true;
}

static void keep_sei(H264Depay *d, const uint8_t *nal, size_t len)
{
    if (d->sei_len + len > sizeof(d->sei) || d->seis == SEI_NALS)
        return;
    d->sei_at[d->seis++] = d->sei_len;
    memcpy(d->sei + d->sei_len, nal, len);
    d->sei_len += len;
}

/* Takes the beginning of a NAL unit, or a whole one. Returns false if it is not part of what is
 * written: it is kept elsewhere, or left out. */
static bool take_nal(H264Depay *d, Assembly *a, const uint8_t *nal, size_t len)
{
    unsigned type = h264_nal_type(nal);

    if (type == H264_NAL_SPS || type == H264_NAL_PPS) {
        if (parameter_sets_add(&d->sets, nal, len) == 0)
            d->sets_changed = true;
        else
            d->stats.malformed++;
        return false;
    }
    if (type == H264_NAL_SEI) {
        keep_sei(d, nal, len);
        return false;
    }
    if (type < H264_NAL_SLICE || type > H264_NAL_IDR)
        return false; /* a delimiter of ours stands there; the rest players need not have */
    if (!a->has_slices)
        begin_slices(d, a, type == H264_NAL_IDR);
    begin_nal(a, nal, len);
    return true;
}

/* STAP-A, RFC 6184 section 5.7.1: 16 bits of size before each NAL unit. Returns whether it could be
 * read. */
static bool take_aggregate(H264Depay *d, Assembly *a, const uint8_t *p, size_t len)
{
    size_t at = 1;

    while (at + 2 < len) {
        size_t size = (size_t)p[at] << 8 | p[at + 1];
        at += 2;
        if (size == 0 || at + size > len)
            return false;
        take_nal(d, a, p + at, size);
        at += size;
    }
    return at == len;
}

/* FU-A, RFC 6184 section 5.8. */
static bool take_fragment(H264Depay *d, Assembly *a, const uint8_t *p, size_t len)
{
    if (len < 3)
        return false;
    bool start = p[1] & 0x80, end = p[1] & 0x40;
    if (start) {
        if (d->in_fragment)
            return false; /* the end of the last one is missing */
        uint8_t header = (uint8_t)((p[0] & 0xE0) | (p[1] & 0x1F));
        unsigned type = header & 0x1Fu;
        if (type < H264_NAL_SLICE || type > H264_NAL_IDR)
            return false; /* what is kept apart is small, and never fragmented */
        take_nal(d, a, &header, 1);
    } else if (!d->in_fragment) {
        return false; /* its beginning is missing */
    }
    append(a, p + 2, len - 2);
    d->in_fragment = !end;
    return true;
}

static bool take_payload(H264Depay *d, Assembly *a, const uint8_t *p, size_t len)
{
    unsigned type = h264_nal_type(p);

    if (is_no_nal(p))
        return false;
    if (type == NAL_FU_A)
        return take_fragment(d, a, p, len);
    if (d->in_fragment) { /* the end of it is missing */
        d->in_fragment = false;
        a->damaged = true;
    }
    if (type == NAL_STAP_A)
        return take_aggregate(d, a, p, len);
    if (type > NAL_SINGLE_MAX)
        return false;
    take_nal(d, a, p, len);
    return true;
}

static void open_assembly(H264Depay *d, Assembly *a, int64_t rtp_ts)
{
    *a = (Assembly){.data = a->data, .nal = a->nal, .rtp_ts = rtp_ts, .open = true};
    d->sets_changed = false;
    d->sei_len = d->seis = 0;
    d->in_fragment = false;
}

static Assembly *close_current(H264Depay *d)
{
    Assembly *a = &d->assembly[d->current];

    if (d->in_fragment)
        a->damaged = true;
    d->in_fragment = false;
    a->whole = true;
    a->open = false;
    d->current ^= 1;
    return &d->assembly[d->current];
}

/* Whether an access unit that begins with this payload is certainly complete at its beginning. A
 * slice does not tell: parameter sets may have been before it. */
static bool begins_picture(const uint8_t *p, size_t len)
{
    unsigned type = h264_nal_type(p);

    if (type == NAL_STAP_A && len > 3)
        type = h264_nal_type(p + 3);
    return type == H264_NAL_AUD || type == H264_NAL_SPS;
}

void h264_depay_push(H264Depay *d, const RtpPacket *packet, int64_t rtp_ts, int64_t arrival_us,
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
        a->damaged = lost > 0 && !begins_picture(packet->payload, packet->payload_len);
    }
    a->arrival_us = arrival_us;
    if (!take_payload(d, a, packet->payload, packet->payload_len)) {
        a->damaged = true;
        d->stats.malformed++;
    }
    if (packet->marker)
        close_current(d);
}

/* Whether decoders start again with this IDR picture, because of its parameter sets. */
static bool restarts_decoders(const H264Depay *d)
{
    const H264Sps *now = &d->sets.newest, *before = &d->sps;

    return now->width != before->width || now->height != before->height ||
           now->profile_idc != before->profile_idc;
}

/* Decides about an access unit that is whole. Returns whether it is handed out. */
static bool judge(H264Depay *d, Assembly *a, AccessUnit *out)
{
    if (!a->has_slices && !a->damaged)
        return false; /* parameter sets or SEI alone */
    if (a->damaged) {
        d->stats.damaged++;
        d->waiting = true;
        return false;
    }
    if (d->waiting && !(a->idr && parameter_sets_complete(&d->sets))) {
        d->stats.undecodable++;
        return false;
    }
    end_nals(a);
    d->given = sample_bytes_create(a->data, a->len, a->nal, a->nals);
    *out = (AccessUnit){.data = a->data,
                        .len = a->len,
                        .nal = a->nal,
                        .nals = a->nals,
                        .bytes = d->given,
                        .rtp_ts = a->rtp_ts,
                        .arrival_us = a->arrival_us,
                        .idr = a->idr};
    d->waiting = false;
    d->stats.access_units++;
    if (a->idr) {
        out->restart = d->sps.width != 0 && restarts_decoders(d);
        d->sps = d->sets.newest;
        d->stats.idrs++;
    }
    return true;
}

bool h264_depay_pop(H264Depay *d, AccessUnit *out)
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

void h264_depay_lose(H264Depay *d)
{
    d->waiting = true;
}

bool h264_depay_needs_idr(const H264Depay *d)
{
    return d->waiting;
}

const H264Sps *h264_depay_sps(const H264Depay *d)
{
    return &d->sps;
}

H264DepayStats h264_depay_stats(const H264Depay *d)
{
    H264DepayStats stats = d->stats;

    stats.has_sets = parameter_sets_complete(&d->sets);
    return stats;
}
