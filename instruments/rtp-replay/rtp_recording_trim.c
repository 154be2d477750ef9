/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Cuts a recording to what can be repeated without a seam. */

#include "rtp_recording.h"

#include <string.h>

#define US_PER_S 1000000ll
#define APART_US (50 * 1000) /* packets of one moment, in two video tracks */

/* The cut at the front: a time, and what each track counts from. */
typedef struct Cut {
    size_t index;
    int64_t time_us;
    bool found[RTP_TRACKS];
    int64_t sequence[RTP_TRACKS], timestamp[RTP_TRACKS];
    int64_t begin[RTP_TRACKS], last_timestamp[RTP_TRACKS]; /* timestamps that there are */
} Cut;

static bool find_start(const RtpRecording *r, size_t *index)
{
    for (*index = 0; *index < r->count; ++*index) {
        const RecordedPacket *p = &r->packets[*index];
        if (r->has[RTP_VIDEO] ? p->track == RTP_VIDEO && p->starts_idr : !p->is_rtcp)
            return true;
    }
    return false;
}

/* The first packet of any track that belongs to the moment of the one at `start`: other sizes of
 * the same picture may have been sent before it. */
static size_t find_moment(const RtpRecording *r, size_t start)
{
    size_t first = start;

    for (size_t i = start; i-- > 0 && r->packets[start].time_us - r->packets[i].time_us < APART_US;)
        if (r->packets[i].starts_idr)
            first = i;
    return first;
}

/* Where a track other than the sound and the first video begins: with an IDR picture. It counts
 * from the cut, though it may come later. */
static void begin_other(Cut *cut, const RecordedPacket *p)
{
    int64_t late_us = p->time_us - cut->time_us;

    cut->sequence[p->track] = p->sequence;
    cut->timestamp[p->track] = p->timestamp;
    if (late_us >= APART_US)
        cut->timestamp[p->track] -= late_us * rtp_track_clock_hz(p->track) / US_PER_S;
    cut->begin[p->track] = p->timestamp;
    cut->found[p->track] = true;
}

static Cut find_cut(const RtpRecording *r, size_t start)
{
    Cut cut = {.index = find_moment(r, start)};

    cut.time_us = r->packets[cut.index].time_us;
    for (size_t i = cut.index; i < r->count; i++) {
        const RecordedPacket *p = &r->packets[i];
        if (p->is_rtcp || (p->track == RTP_VIDEO && i < start))
            continue;
        if (!cut.found[p->track] && p->track > RTP_VIDEO) {
            if (p->starts_idr)
                begin_other(&cut, p);
        } else if (!cut.found[p->track]) {
            cut.sequence[p->track] = p->sequence;
            cut.begin[p->track] = cut.timestamp[p->track] = p->timestamp;
            cut.found[p->track] = true;
        }
        cut.last_timestamp[p->track] = p->timestamp;
    }
    return cut;
}

/* Whole seconds for which there is sound, and something of the first video track. */
static int64_t whole_seconds(const RtpRecording *r, const Cut *cut)
{
    int64_t seconds = INT64_MAX;

    for (RtpTrack t = 0; t <= RTP_VIDEO; t++) {
        int64_t there = (cut->last_timestamp[t] - cut->timestamp[t]) / rtp_track_clock_hz(t);
        if (r->has[t] && there < seconds)
            seconds = there;
    }
    return seconds;
}

/* Whether a packet is within the span, and counted from the cut. */
static bool keep(const Cut *cut, int64_t span_us, RecordedPacket *p)
{
    p->time_us -= cut->time_us;
    if (p->is_rtcp)
        return p->time_us < span_us;
    if (!cut->found[p->track] || p->timestamp < cut->begin[p->track])
        return false;
    p->sequence -= cut->sequence[p->track];
    p->timestamp -= cut->timestamp[p->track];
    if (p->time_us > span_us)
        p->time_us = span_us; /* what came late must still come before the next round */
    return p->timestamp < span_us / US_PER_S * rtp_track_clock_hz(p->track);
}

const char *rtp_recording_trim(RtpRecording *r, int64_t longest_us)
{
    size_t start, kept = 0;

    if (!find_start(r, &start))
        return "it has no access unit that starts with an SPS and has an IDR picture";
    Cut cut = find_cut(r, start);
    int64_t span_us = whole_seconds(r, &cut) * US_PER_S;
    if (longest_us > 0 && longest_us < span_us)
        span_us = longest_us;
    if (span_us <= 0)
        return "there is less than a second of it behind its first IDR picture";
    memset(r->sequences, 0, sizeof(r->sequences));
    for (size_t i = cut.index; i < r->count; i++) {
        RecordedPacket *p = &r->packets[i];
        if (!keep(&cut, span_us, p))
            continue;
        if (!p->is_rtcp && p->sequence >= r->sequences[p->track])
            r->sequences[p->track] = p->sequence + 1;
        r->packets[kept++] = *p;
    }
    r->count = kept;
    r->span_us = span_us;
    r->start_unix_us += cut.time_us;
    return NULL;
}
