/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/rtp_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/intake.h"
#include "ingest/packet_look.h"
#include "ingest/track_rates.h"

_Static_assert(RTP_INGEST_FDS_MAX <= INGEST_FDS_MAX, "the stream has room for all");

#define ASK_PAUSE_US     (100 * US_PER_MS) /* between two requests for an IDR picture */
#define ASK_AGAIN_US     (400 * US_PER_MS) /* while pictures cannot be decoded */
#define REPORT_PERIOD_US (2 * US_PER_S)
#define UNREAD_ASK_US    (2 * US_PER_S) /* before the stream's thread has read of it */
#define BEHIND_US        (300 * US_PER_MS) /* this far behind, an old request for an IDR is pointless */

/* What is known of one track's sender. */
typedef struct SourceTrack {
    TrackKind kind;
    int64_t last_asked_us;       /* for an IDR picture */
    uint64_t packets_when_asked; /* that had come of it */
    IngestTrackStats stats;
} SourceTrack;

typedef struct RtpSource {
    Ingest base;
    StandIn *stand_in;
    RtpIngest *ingest;
    SourceSdp sdp;
    Intake *intake;
    size_t tracks, videos;
    SourceTrack track[STREAM_TRACKS_MAX];
    bool begun_anew; /* for the datagram that is next */
    int64_t created_us, next_report_us;
    uint32_t ssrc; /* ours, in RTCP */
    TrackRates rates;
    Trouble *trouble; /* NULL: no class */
} RtpSource;

/* It is the first member. */
static RtpSource *of(Ingest *ingest)
{
    return (RtpSource *)ingest;
}

static const RtpSource *of_const(const Ingest *ingest)
{
    return (const RtpSource *)ingest;
}

static RtpIngest *open_ports(const RtpSourceParams *params, uint16_t *failed_port)
{
    RtpIngestParams ingest = {
        .count = params->sdp->count, .backlog = params->backlog, .clock = params->clock};

    for (size_t i = 0; i < params->sdp->count; i++) {
        const SourceTrackSdp *t = &params->sdp->track[i];
        struct sockaddr_in described = {
            .sin_family = AF_INET, .sin_addr = t->address, .sin_port = htons(t->port)};
        if (params->fixed_ports) {
            ingest.track[i] = (RtpIngestTrack){.local = described, .rtcp_port = t->rtcp_port};
        } else {
            ingest.track[i] = (RtpIngestTrack){.peer = described};
            ingest.track[i].local.sin_family = AF_INET;
            ingest.track[i].local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        }
    }
    return rtp_ingest_create(&ingest, failed_port);
}

/* ---- media ---- */

static void source_start(Ingest *ingest, const IntakeSink *sink, OpusToAac *audio,
                         int64_t starts_90k)
{
    intake_start(of(ingest)->intake, sink, audio, starts_90k);
}

static void source_read(Ingest *ingest, int64_t now_us)
{
    RtpSource *s = of(ingest);

    rtp_ingest_read(s->ingest, now_us);
}

static void source_rest(Ingest *ingest)
{
    RtpSource *s = of(ingest);

    rtp_ingest_rest(s->ingest);
}

static IngestNews source_receive(Ingest *ingest, int64_t *read_us)
{
    RtpSource *s = of(ingest);
    IngestNews news = INGEST_NOTHING;
    Datagram d;

    while (rtp_ingest_peek(s->ingest, &d)) {
        if (news == INGEST_NOTHING)
            *read_us = d.read_us;
        if (d.read_us != *read_us)
            break; /* of the next time */
        if (d.after_gap && !s->begun_anew)
            return news == INGEST_NOTHING ? INGEST_GAP : news;
        if (s->trouble)
            packet_look_take(&s->track[d.track].stats.packet, d.data, d.len, d.arrival_us);
        if (s->trouble && trouble_loses(s->trouble, d.data, d.len, d.arrival_us)) {
            rtp_ingest_pop(s->ingest);
            continue;
        }
        if (!s->base.heard)
            s->base.rate = mean_rate(d.arrival_us);
        if (!s->base.heard || s->begun_anew)
            track_rates_begin(&s->rates, d.arrival_us);
        s->begun_anew = false;
        mean_rate_add(&s->base.rate, d.len, d.arrival_us);
        intake_datagram(s->intake, d.track, d.data, d.len, d.arrival_us);
        s->base.heard = true;
        news = INGEST_MEDIA;
        rtp_ingest_pop(s->ingest);
    }
    return news;
}

static bool source_has_more(Ingest *ingest)
{
    RtpSource *s = of(ingest);
    Datagram ignored;

    return rtp_ingest_peek(s->ingest, &ignored);
}

static void source_begin_again(Ingest *ingest)
{
    RtpSource *s = of(ingest);
    Intake *intake = intake_create(&s->sdp);

    s->begun_anew = true;
    if (!intake)
        return; /* the old one goes on, as after any loss */
    for (size_t i = 0; i < s->tracks; i++)
        s->track[i].packets_when_asked = 0;
    intake_destroy(&s->intake);
    s->intake = intake;
}

static void source_finish(Ingest *ingest, int64_t pictures_end_90k)
{
    RtpSource *s = of(ingest);

    intake_finish(s->intake, pictures_end_90k);
}

/* ---- time ---- */

static void send_reports(RtpSource *s, int64_t now_us)
{
    uint8_t report[RTCP_RR_SIZE];
    RtcpReportBlock block;

    s->next_report_us = now_us + REPORT_PERIOD_US;
    for (size_t i = 0; i < s->tracks; i++)
        if (rtcp_reporter_block(intake_reporter(s->intake, i), now_us, &block))
            rtp_ingest_send_rtcp(s->ingest, i, report, rtcp_write_rr(report, s->ssrc, &block));
}

static void measure_rates(RtpSource *s, int64_t now_us)
{
    IngestTrackStats rates[STREAM_TRACKS_MAX];

    if (!track_rates_due(&s->rates, now_us))
        return;
    IntakeStats media = intake_stats(s->intake);
    track_rates_take(&s->rates, &media, now_us, rates);
    for (size_t i = 0; i < s->tracks; i++) {
        s->track[i].stats.bitrate = rates[i].bitrate;
        s->track[i].stats.frame_rate = rates[i].frame_rate;
    }
}

static size_t write_pli(RtpSource *s, size_t track, uint8_t *pli)
{
    return rtcp_write_pli(pli, s->ssrc, intake_reporter(s->intake, track)->ssrc);
}

static void ask(RtpSource *s, size_t track, AskReason reason, int64_t now_us)
{
    uint8_t pli[RTCP_PLI_SIZE];
    SourceTrack *t = &s->track[track];

    t->last_asked_us = now_us;
    t->packets_when_asked = intake_packets(s->intake, track);
    if (s->trouble && trouble_holds_back(s->trouble, now_us))
        return;
    t->stats.asked_us = now_us;
    t->stats.asked_for = reason;
    t->stats.keyframe_requests++;
    rtp_ingest_send_rtcp(s->ingest, track, pli, write_pli(s, track, pli));
}

/* Much has come since, in which there may be an IDR picture. */
static bool is_behind(RtpSource *s, int64_t now_us)
{
    return rtp_ingest_stats(s->ingest).last_us - now_us > BEHIND_US;
}

/* Asks for an IDR picture of each track that needs one. A size that a browser does not send just
 * now answers nothing, and to ask for it could bring IDR pictures of all the others. */
static void ask_where_needed(RtpSource *s, int64_t now_us)
{
    for (size_t i = 0; i < s->tracks; i++) {
        const SourceTrack *t = &s->track[i];
        if (!intake_needs_idr(s->intake, i) || now_us - t->last_asked_us < ASK_AGAIN_US)
            continue;
        bool sends = intake_packets(s->intake, i) != t->packets_when_asked;
        if ((sends || s->videos == 1) && !is_behind(s, now_us))
            ask(s, i, ASK_FOR_REPAIR, now_us);
    }
}

static void source_tick(Ingest *ingest, int64_t now_us)
{
    RtpSource *s = of(ingest);

    intake_tick(s->intake, now_us);
    if (s->base.heard)
        measure_rates(s, now_us);
    if (now_us >= s->next_report_us)
        send_reports(s, now_us);
    if (s->base.heard)
        ask_where_needed(s, now_us);
}

static int64_t source_deadline_us(const Ingest *ingest)
{
    const RtpSource *s = of_const(ingest);
    int64_t deadline = intake_deadline_us(s->intake);

    return deadline < s->next_report_us ? deadline : s->next_report_us;
}

static void source_ask_for_idr(Ingest *ingest, int64_t now_us)
{
    RtpSource *s = of(ingest);

    if (is_behind(s, now_us))
        return;
    for (size_t i = 0; i < s->tracks; i++)
        if (s->track[i].kind == TRACK_VIDEO && now_us - s->track[i].last_asked_us >= ASK_PAUSE_US)
            ask(s, i, ASK_FOR_CUT, now_us);
}

static void source_keep_asking(Ingest *ingest, int64_t at_us, int64_t every_us)
{
    RtpSource *s = of(ingest);
    uint8_t pli[RTCP_PLI_SIZE];

    for (size_t i = 0; i < s->tracks; i++) {
        if (s->track[i].kind != TRACK_VIDEO)
            continue;
        write_pli(s, i, pli);
        rtp_ingest_repeat(s->ingest, i, pli, at_us, every_us);
    }
}

/* ---- questions ---- */

static size_t source_poll_fds(const Ingest *ingest, struct pollfd *fds)
{
    const RtpSource *s = of_const(ingest);

    return rtp_ingest_poll_fds(s->ingest, fds);
}

static bool source_clock(const Ingest *ingest, int64_t now_us, int64_t *at_90k)
{
    const RtpSource *s = of_const(ingest);

    return intake_clock(s->intake, now_us, at_90k);
}

static int64_t source_arrival_of(const Ingest *ingest, int64_t at_90k)
{
    const RtpSource *s = of_const(ingest);

    return intake_arrival_of(s->intake, at_90k);
}

static int64_t source_last_heard_us(const Ingest *ingest)
{
    const RtpSource *s = of_const(ingest);
    int64_t last_us = rtp_ingest_stats(s->ingest).last_us;

    return last_us ? last_us : s->created_us;
}

static IngestStats source_stats(const Ingest *ingest)
{
    const RtpSource *s = of_const(ingest);
    RtpIngestStats sockets = rtp_ingest_stats(s->ingest);
    IngestStats stats = {
        .media = intake_stats(s->intake),
        .keyframe_requests = sockets.repeats,
        .kernel_drops = sockets.kernel_drops,
        .backlog_drops = sockets.backlog_drops,
    };

    for (size_t i = 0; i < s->tracks; i++) {
        const IngestTrackStats *track = &s->track[i].stats;
        stats.track[i] = *track;
        stats.track[i].port = rtp_ingest_port(s->ingest, i);
        stats.keyframe_requests += track->keyframe_requests;
        *(s->track[i].kind == TRACK_VIDEO ? &stats.video_bitrate : &stats.audio_bitrate) +=
            track->bitrate;
    }
    for (size_t i = s->tracks; i-- > 0;) /* the first video track's */
        if (s->track[i].kind == TRACK_VIDEO)
            stats.frame_rate = stats.track[i].frame_rate;
    return stats;
}

/* ---- create and destroy ---- */

static void source_destroy(Ingest *ingest)
{
    RtpSource *s = of(ingest);

    intake_destroy(&s->intake);
    if (s->ingest)
        stand_in_remove(s->stand_in, s->ingest);
    rtp_ingest_destroy(&s->ingest);
    free(s);
}

static const IngestTable rtp_source = {
    .start = source_start,
    .read = source_read,
    .rest = source_rest,
    .receive = source_receive,
    .has_more = source_has_more,
    .begin_again = source_begin_again,
    .tick = source_tick,
    .deadline_us = source_deadline_us,
    .poll_fds = source_poll_fds,
    .ask_for_idr = source_ask_for_idr,
    .keep_asking = source_keep_asking,
    .finish = source_finish,
    .stream_clock = source_clock,
    .arrival_of = source_arrival_of,
    .last_heard_us = source_last_heard_us,
    .stats = source_stats,
    .destroy = source_destroy,
};

Ingest *rtp_source_create(const RtpSourceParams *params, int64_t now_us, uint16_t *failed_port)
{
    int error = ENOMEM;

    RtpSource *s = calloc(1, sizeof(*s));
    if (!s)
        goto fail;
    s->base.does = &rtp_source;
    source_sdp_describe(params->sdp, &s->base);
    s->stand_in = params->stand_in;
    s->trouble = params->trouble;
    s->sdp = *params->sdp;
    s->created_us = s->next_report_us = now_us;
    s->ssrc = (uint32_t)now_us | 1;
    for (s->tracks = 0; s->tracks < params->sdp->count; s->tracks++)
        s->track[s->tracks] = (SourceTrack){.kind = params->sdp->track[s->tracks].kind,
                                            .last_asked_us = now_us - ASK_AGAIN_US};
    s->videos = renditions_count(&s->base.renditions, TRACK_VIDEO);
    s->intake = intake_create(params->sdp);
    if (!s->intake)
        goto fail;
    s->ingest = open_ports(params, failed_port);
    if (s->ingest && stand_in_add(s->stand_in, s->ingest) == 0) {
        source_keep_asking(&s->base, now_us + UNREAD_ASK_US, UNREAD_ASK_US);
        return &s->base;
    }
    error = errno;
fail:
    if (s)
        source_destroy(&s->base);
    errno = error;
    return NULL;
}

void rtp_source_ports(const Ingest *source, uint16_t *ports)
{
    const RtpSource *s = of_const(source);

    for (size_t i = 0; i < s->tracks; i++)
        ports[i] = rtp_ingest_port(s->ingest, i);
}
