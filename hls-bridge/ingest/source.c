/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mean_rate.h"

#define ASK_PAUSE_US     (100 * US_PER_MS) /* between two requests for an IDR picture */
#define ASK_AGAIN_US     (400 * US_PER_MS) /* while pictures cannot be decoded */
#define REPORT_PERIOD_US (2 * US_PER_S)
#define UNREAD_ASK_US    (2 * US_PER_S)    /* while nobody has read of it */
#define BEHIND_US        (300 * US_PER_MS) /* what was found out so late need not be asked for */
#define RATE_PERIOD_US   US_PER_S

/* What one track has sent, beside its media. */
typedef struct SourceTrack {
    TrackKind kind;
    int64_t last_asked_us;           /* for an IDR picture */
    uint64_t packets_when_asked;     /* that had come of it */
    uint64_t metered, metered_units; /* bytes and pictures when the second began that is measured */
    SourceTrackStats stats;
} SourceTrack;

struct Source {
    StandIn *stand_in;
    RtpIngest *ingest;
    SourceSdp sdp;
    Intake *intake;
    size_t tracks, videos;
    SourceTrack track[STREAM_TRACKS_MAX];
    bool heard;
    bool begun_anew; /* for the datagram that is next */
    int64_t created_us, next_report_us;
    uint32_t ssrc; /* ours, in RTCP */
    MeanRate rate;
    int64_t metered_us; /* rates beside the mean, for people, who want to see them change */
    char title[SOURCE_TITLE_SIZE];
};

static RtpIngest *open_ports(const SourceParams *params, uint16_t *failed_port)
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

Source *source_create(const SourceParams *params, int64_t now_us, uint16_t *failed_port)
{
    int error = ENOMEM;

    Source *s = calloc(1, sizeof(*s));
    if (!s)
        goto fail;
    s->stand_in = params->stand_in;
    s->sdp = *params->sdp;
    s->created_us = s->next_report_us = now_us;
    s->ssrc = (uint32_t)now_us | 1;
    for (s->tracks = 0; s->tracks < params->sdp->count; s->tracks++)
        s->track[s->tracks] = (SourceTrack){.kind = params->sdp->track[s->tracks].kind,
                                            .last_asked_us = now_us - ASK_AGAIN_US};
    for (size_t i = 0; i < s->tracks; i++)
        s->videos += s->track[i].kind == TRACK_VIDEO;
    memcpy(s->title, params->sdp->title, sizeof(s->title));
    s->intake = intake_create(params->sdp);
    if (!s->intake)
        goto fail;
    s->ingest = open_ports(params, failed_port);
    if (s->ingest && stand_in_add(s->stand_in, s->ingest) == 0) {
        source_keep_asking(s, now_us + UNREAD_ASK_US, UNREAD_ASK_US);
        return s;
    }
    error = errno;
fail:
    source_destroy(&s);
    errno = error;
    return NULL;
}

void source_start(Source *s, const IntakeSink *sink, OpusToAac *audio, int64_t starts_90k)
{
    intake_start(s->intake, sink, audio, starts_90k);
}

void source_destroy(Source **source)
{
    if (!*source)
        return;
    intake_destroy(&(*source)->intake);
    if ((*source)->ingest)
        stand_in_remove((*source)->stand_in, (*source)->ingest);
    rtp_ingest_destroy(&(*source)->ingest);
    free(*source);
    *source = NULL;
}

/* ---- media ---- */

void source_read(Source *s, int64_t now_us)
{
    rtp_ingest_read(s->ingest, now_us);
}

void source_rest(Source *s)
{
    rtp_ingest_rest(s->ingest);
}

/* Rates are of what comes from now on; what came before was of another intake. */
static void begin_meters(Source *s, int64_t now_us)
{
    s->metered_us = now_us;
    for (size_t i = 0; i < s->tracks; i++) {
        s->track[i].metered = s->track[i].metered_units = 0;
        s->track[i].packets_when_asked = 0;
    }
}

SourceNews source_receive(Source *s, int64_t *read_us)
{
    SourceNews news = SOURCE_NOTHING;
    Datagram d;

    while (rtp_ingest_peek(s->ingest, &d)) {
        if (news == SOURCE_NOTHING)
            *read_us = d.read_us;
        if (d.read_us != *read_us)
            break; /* of the next time */
        if (d.after_gap && !s->begun_anew)
            return news == SOURCE_NOTHING ? SOURCE_GAP : news;
        if (!s->heard)
            s->rate = mean_rate(d.arrival_us);
        if (!s->heard || s->begun_anew)
            begin_meters(s, d.arrival_us);
        s->begun_anew = false;
        mean_rate_add(&s->rate, d.len, d.arrival_us);
        intake_datagram(s->intake, d.track, d.data, d.len, d.arrival_us);
        s->heard = true;
        news = SOURCE_MEDIA;
        rtp_ingest_pop(s->ingest);
    }
    return news;
}

bool source_has_more(Source *s)
{
    Datagram ignored;

    return rtp_ingest_peek(s->ingest, &ignored);
}

void source_begin_anew(Source *s)
{
    Intake *intake = intake_create(&s->sdp);

    s->begun_anew = true;
    if (!intake)
        return; /* the old one goes on, as after any loss */
    intake_destroy(&s->intake);
    s->intake = intake;
}

void source_finish(Source *s, int64_t pictures_end_90k)
{
    intake_finish(s->intake, pictures_end_90k);
}

/* ---- time ---- */

static void send_reports(Source *s, int64_t now_us)
{
    uint8_t report[RTCP_RR_SIZE];
    RtcpReportBlock block;

    s->next_report_us = now_us + REPORT_PERIOD_US;
    for (size_t i = 0; i < s->tracks; i++)
        if (rtcp_reporter_block(intake_reporter(s->intake, i), now_us, &block))
            rtp_ingest_send_rtcp(s->ingest, i, report, rtcp_write_rr(report, s->ssrc, &block));
}

static void measure_rates(Source *s, int64_t now_us)
{
    int64_t elapsed = now_us - s->metered_us;

    if (elapsed < RATE_PERIOD_US)
        return;
    IntakeStats media = intake_stats(s->intake);
    for (size_t i = 0; i < s->tracks; i++) {
        SourceTrack *track = &s->track[i];
        uint64_t bytes = media.track[i].bytes, units = media.track[i].video.access_units;
        track->stats.bitrate = (int64_t)(bytes - track->metered) * 8 * US_PER_S / elapsed;
        track->stats.frame_rate =
            (double)(units - track->metered_units) * US_PER_S / (double)elapsed;
        track->metered = bytes;
        track->metered_units = units;
    }
    s->metered_us = now_us;
}

static size_t write_pli(Source *s, size_t track, uint8_t *pli)
{
    return rtcp_write_pli(pli, s->ssrc, intake_reporter(s->intake, track)->ssrc);
}

static void ask(Source *s, size_t track, int64_t now_us)
{
    uint8_t pli[RTCP_PLI_SIZE];
    SourceTrack *t = &s->track[track];

    t->last_asked_us = now_us;
    t->packets_when_asked = intake_packets(s->intake, track);
    t->stats.keyframe_requests++;
    rtp_ingest_send_rtcp(s->ingest, track, pli, write_pli(s, track, pli));
}

/* Much has come since, in which there may be an IDR picture. */
static bool is_behind(Source *s, int64_t now_us)
{
    return rtp_ingest_stats(s->ingest).last_us - now_us > BEHIND_US;
}

/* Asks for an IDR picture of each track that needs one. A size that a browser does not send just
 * now answers nothing, and to ask for it could bring IDR pictures of all the others. */
static void ask_where_needed(Source *s, int64_t now_us)
{
    for (size_t i = 0; i < s->tracks; i++) {
        SourceTrack *t = &s->track[i];
        if (!intake_needs_idr(s->intake, i) || now_us - t->last_asked_us < ASK_AGAIN_US)
            continue;
        bool sends = intake_packets(s->intake, i) != t->packets_when_asked;
        if ((sends || s->videos == 1) && !is_behind(s, now_us))
            ask(s, i, now_us);
    }
}

void source_tick(Source *s, int64_t now_us)
{
    intake_tick(s->intake, now_us);
    if (s->heard)
        measure_rates(s, now_us);
    if (now_us >= s->next_report_us)
        send_reports(s, now_us);
    if (s->heard)
        ask_where_needed(s, now_us);
}

int64_t source_deadline_us(const Source *s)
{
    int64_t deadline = intake_deadline_us(s->intake);

    return deadline < s->next_report_us ? deadline : s->next_report_us;
}

void source_ask_for_idr(Source *s, int64_t now_us)
{
    if (is_behind(s, now_us))
        return;
    for (size_t i = 0; i < s->tracks; i++)
        if (s->track[i].kind == TRACK_VIDEO && now_us - s->track[i].last_asked_us >= ASK_PAUSE_US)
            ask(s, i, now_us);
}

void source_keep_asking(Source *s, int64_t at_us, int64_t every_us)
{
    uint8_t pli[RTCP_PLI_SIZE];

    for (size_t i = 0; i < s->tracks; i++) {
        if (s->track[i].kind != TRACK_VIDEO)
            continue;
        write_pli(s, i, pli);
        rtp_ingest_repeat(s->ingest, i, pli, at_us, every_us);
    }
}

/* ---- questions ---- */

void source_ports(const Source *s, uint16_t *ports)
{
    for (size_t i = 0; i < s->tracks; i++)
        ports[i] = rtp_ingest_port(s->ingest, i);
}

Renditions source_renditions(const Source *s)
{
    return source_sdp_renditions(&s->sdp);
}

bool source_has(const Source *s, TrackKind kind)
{
    for (size_t i = 0; i < s->tracks; i++)
        if (s->track[i].kind == kind)
            return true;
    return false;
}

size_t source_poll_fds(const Source *s, struct pollfd *fds)
{
    return rtp_ingest_poll_fds(s->ingest, fds);
}

bool source_clock(const Source *s, int64_t now_us, int64_t *at_90k)
{
    return intake_clock(s->intake, now_us, at_90k);
}

int64_t source_arrival_of(const Source *s, int64_t at_90k)
{
    return intake_arrival_of(s->intake, at_90k);
}

int64_t source_last_heard_us(const Source *s)
{
    int64_t last_us = rtp_ingest_stats(s->ingest).last_us;

    return last_us ? last_us : s->created_us;
}

bool source_has_been_heard(const Source *s)
{
    return s->heard;
}

bool source_bitrate(const Source *s, int64_t *bitrate)
{
    return mean_rate_get(&s->rate, bitrate);
}

const char *source_title(const Source *s)
{
    return s->title;
}

bool source_is_unlisted(const Source *s)
{
    return s->sdp.unlisted;
}

SourceStats source_stats(const Source *s)
{
    RtpIngestStats ingest = rtp_ingest_stats(s->ingest);
    SourceStats stats = {
        .media = intake_stats(s->intake),
        .keyframe_requests = ingest.repeats,
        .kernel_drops = ingest.kernel_drops,
        .backlog_drops = ingest.backlog_drops,
    };

    for (size_t i = 0; i < s->tracks; i++) {
        const SourceTrackStats *track = &s->track[i].stats;
        stats.track[i] = *track;
        stats.keyframe_requests += track->keyframe_requests;
        *(s->track[i].kind == TRACK_VIDEO ? &stats.video_bitrate : &stats.audio_bitrate) +=
            track->bitrate;
    }
    for (size_t i = s->tracks; i-- > 0;) /* the first video track's */
        if (s->track[i].kind == TRACK_VIDEO)
            stats.frame_rate = stats.track[i].frame_rate;
    return stats;
}
