/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock/timeline.h"

#include <assert.h>
#include <stdlib.h>

#include "clock/clock_slip.h"
#include "rtcp_packet.h"

/* A step is made only if it has been due for this long, in time of the track's media: one late
 * packet is no reason. */
#define STEP_AFTER_US US_PER_S

/* Correction of a placed track, in ms per second. The first one, from arrival to reports, is some
 * tens of ms. At the later rate it would take most of a short visit. At this rate it takes a
 * second, and nobody sees a twentieth more or less of speed for so long. */
#define FIRST_SLEW_PER_MILLE 50
#define SLEW_PER_MILLE       5
#define DEAD_BAND_US         (2 * US_PER_MS) /* reports are about this exact: do not follow noise */

/* The smallest delay is that of the last one to two of these windows. They are long enough to see a
 * packet that was not held up, and so short that two clocks 200 ppm apart differ by 4 ms. */
#define DELAY_WINDOW_US (10 * US_PER_S)

/* Likewise for how late media is just now. It is no longer than it takes to find that the lead is
 * late, so that no packet from before the change is in it. */
#define RECENT_WINDOW_US US_PER_S

/* If the lead is later than the others by less than this, it is as late as they are: see
 * clock_slip.c. */
#define SAME_LATENESS_US (100 * US_PER_MS)

/* If a placed track comes this much sooner or later than before, it has another clock now. */
#define CLOCK_JUMP_US (10 * US_PER_S)

/* If two reports of one track place its clock this far apart, it is not the same clock. */
#define REPORT_JUMP_US (200 * US_PER_MS)

/* If reports and arrival place a track this far apart, the reports are wrong: nobody could follow
 * such a call. */
#define REPORT_DISAGREEMENT_US US_PER_S

/* The smallest `arrival - media time` of the last window or two. */
typedef struct DelayFilter {
    bool started;
    int64_t window_began_us, smallest_us, smallest_before_us;
} DelayFilter;

typedef struct Track {
    uint32_t clock_hz;
    DelayFilter delay, recent;
    bool reported;     /* report_us is good */
    int64_t report_us; /* NTP time - media time, by the last report */
    bool doubted;      /* a report came that would make it jump */
    int64_t doubted_us;
    bool placed;                      /* offset_us is good */
    bool settled;                     /* it has once been where the reports say */
    int64_t offset_us;                /* lead's media time - this track's media time */
    int64_t last_us;                  /* media time last placed */
    int64_t due_us;                   /* correction that is left */
    bool far;                         /* that is larger than TIMELINE_STEP_US, */
    int64_t far_since_us, far_for_us; /* since a media time, for a length of it */
} Track;

struct Timeline {
    size_t tracks;
    Track track[STREAM_TRACKS_MAX];
    int64_t lead_offset_90k; /* stream's clock - lead's media time */
    ClockSlip slip;          /* of the lead */
    int64_t now_us;          /* when a packet last came */
    TimelineStats stats;
};

static int64_t media_us(const Track *track, int64_t rtp_ts)
{
    return rescale(rtp_ts, US_PER_S, track->clock_hz);
}

static int64_t media_90k(const Track *track, int64_t rtp_ts)
{
    return rescale(rtp_ts, TICKS_PER_S, track->clock_hz);
}

static int64_t smallest_delay(const DelayFilter *f)
{
    return smaller(f->smallest_us, f->smallest_before_us);
}

static void filter_delay(DelayFilter *f, int64_t window_us, int64_t arrival_us, int64_t delay_us)
{
    if (!f->started) {
        *f = (DelayFilter){true, arrival_us, delay_us, delay_us};
    } else if (arrival_us - f->window_began_us >= window_us) {
        f->smallest_before_us = f->smallest_us;
        f->smallest_us = delay_us;
        f->window_began_us = arrival_us;
    } else {
        f->smallest_us = smaller(f->smallest_us, delay_us);
    }
}

Timeline *timeline_create(const uint32_t *clock_hz, size_t tracks)
{
    Timeline *t = calloc(1, sizeof(*t));

    assert(tracks >= 1 && tracks <= STREAM_TRACKS_MAX);
    if (!t)
        return NULL;
    t->tracks = tracks;
    for (size_t i = 0; i < tracks; i++)
        t->track[i].clock_hz = clock_hz[i];
    return t;
}

void timeline_destroy(Timeline **timeline)
{
    free(*timeline);
    *timeline = NULL;
}

void timeline_forget_track(Timeline *t, size_t track)
{
    t->track[track] = (Track){.clock_hz = t->track[track].clock_hz};
    t->slip = (ClockSlip){0};
}

void timeline_forget(Timeline *t)
{
    for (size_t i = 0; i < t->tracks; i++)
        timeline_forget_track(t, i);
}

static void move_filter(DelayFilter *f, int64_t us)
{
    f->window_began_us += us;
    f->smallest_us += us;
    f->smallest_before_us += us;
}

void timeline_stand_still(Timeline *t, int64_t us)
{
    for (size_t i = 0; i < t->tracks; i++) {
        move_filter(&t->track[i].delay, us);
        move_filter(&t->track[i].recent, us);
    }
    t->now_us += us;
    t->slip = (ClockSlip){0};
}

/* Whether a packet of a track has come in the last second or two. */
static bool is_recent(const Timeline *t, const Track *track)
{
    return track->recent.started &&
           t->now_us - track->recent.window_began_us < 2 * RECENT_WINDOW_US;
}

void timeline_arrival(Timeline *t, size_t track, int64_t rtp_ts, int64_t arrival_us)
{
    Track *k = &t->track[track];
    int64_t delay_us = arrival_us - media_us(k, rtp_ts);

    if (track > 0 && k->delay.started &&
        llabs(delay_us - smallest_delay(&k->delay)) > CLOCK_JUMP_US)
        timeline_forget_track(t, track);
    filter_delay(&k->delay, DELAY_WINDOW_US, arrival_us, delay_us);
    t->now_us = arrival_us;
    k->recent.started = is_recent(t, k);
    filter_delay(&k->recent, RECENT_WINDOW_US, arrival_us, delay_us);
    clock_slip_arrival(&t->slip, track == 0 ? SLIP_SOUND : SLIP_PICTURES, rtp_ts,
                       delay_us - smallest_delay(&k->delay), arrival_us);
}

/* The clock that jumped was probably the sender's wall clock, which all its tracks share. So the
 * reports of the others count for nothing until they have reported again. */
static void accept_jump(Timeline *t, Track *track, int64_t report_us)
{
    for (size_t i = 0; i < t->tracks; i++)
        t->track[i].reported = false;
    track->reported = true;
    track->report_us = report_us;
    track->doubted = false;
}

void timeline_report(Timeline *t, size_t track, uint64_t ntp, int64_t rtp_ts)
{
    Track *k = &t->track[track];

    if (ntp == 0 || ntp >> 32 == UINT32_MAX) {
        t->stats.implausible++;
        return;
    }
    int64_t report_us = rtcp_ntp_to_unix_us(ntp) - media_us(k, rtp_ts);
    if (!k->reported || llabs(report_us - k->report_us) <= REPORT_JUMP_US) {
        k->reported = true;
        k->report_us = report_us;
        k->doubted = false;
    } else if (k->doubted && llabs(report_us - k->doubted_us) <= REPORT_JUMP_US) {
        accept_jump(t, k, report_us);
    } else {
        k->doubted = true;
        k->doubted_us = report_us;
        t->stats.implausible++;
        return;
    }
    t->stats.reports++;
}

void timeline_set_offset(Timeline *t, int64_t rtp_ts, int64_t at_90k)
{
    t->lead_offset_90k = at_90k - media_90k(&t->track[0], rtp_ts);
}

/* Of a track's packets of the last second or two, how late the least late one was. */
static int64_t recent_lateness(const Track *track)
{
    int64_t late_us = smallest_delay(&track->recent) - smallest_delay(&track->delay);

    return late_us > 0 ? late_us : 0;
}

TimelineLateness timeline_lateness(const Timeline *t)
{
    TimelineLateness late = {0};
    int64_t least_us = INT64_MAX;

    if (is_recent(t, &t->track[0]))
        late.lead_us = recent_lateness(&t->track[0]);

    for (size_t i = 1; i < t->tracks; i++)
        if (is_recent(t, &t->track[i]))
            least_us = smaller(least_us, recent_lateness(&t->track[i]));
    late.placed_us = least_us == INT64_MAX ? 0 : least_us;
    if (t->tracks == 1 || llabs(late.lead_us - late.placed_us) < SAME_LATENESS_US)
        late.placed_us = late.lead_us;
    return late;
}

/* Returns by how much the lead's clock has jumped. */
static int64_t jump_lead(Timeline *t, int64_t before, int64_t after)
{
    Track *lead = &t->track[0];
    int64_t jump_us = media_us(lead, after) - media_us(lead, before);

    t->lead_offset_90k += media_90k(lead, before) - media_90k(lead, after);
    lead->delay.smallest_us -= jump_us;
    lead->delay.smallest_before_us -= jump_us;
    for (size_t i = 1; i < t->tracks; i++)
        t->track[i].offset_us += jump_us;
    t->slip = (ClockSlip){0};
    return jump_us;
}

void timeline_lead_jumped(Timeline *t, int64_t before, int64_t after)
{
    jump_lead(t, before, after);
    t->track[0].recent.started = false;
    t->track[0].reported = t->track[0].doubted = false;
}

void timeline_lead_moved(Timeline *t, int64_t before, int64_t after)
{
    /* its clock has stood still, or it alone is held up: its next report tells which */
    if (before != after)
        t->track[0].reported = t->track[0].doubted = false;
    jump_lead(t, before, after);
    for (size_t i = 0; i < t->tracks; i++) {
        t->track[i].delay.started = false;
        if (is_recent(t, &t->track[i]))
            t->track[i].delay = t->track[i].recent;
    }
}

void timeline_lead_slipped(Timeline *t, int64_t before, int64_t after)
{
    t->track[0].report_us -= jump_lead(t, before, after);
    t->track[0].doubted = false;
}

int64_t timeline_lead_slip_us(const Timeline *t)
{
    return clock_slip_us(&t->slip);
}

/* Where a track belongs against the lead: by reports if they can be true, else by arrival. */
static int64_t wanted_offset(Timeline *t, const Track *track)
{
    const Track *lead = &t->track[0];
    int64_t by_arrival = track->delay.started && lead->delay.started
                             ? smallest_delay(&track->delay) - smallest_delay(&lead->delay)
                             : track->offset_us; /* not known again yet */
    int64_t by_reports = track->report_us - lead->report_us;

    t->stats.by_reports = track->reported && lead->reported &&
                          llabs(by_reports - by_arrival) <= REPORT_DISAGREEMENT_US;
    return t->stats.by_reports ? by_reports : by_arrival;
}

/* Notes since when the correction that is due is larger than a step. Returns whether it is. */
static bool is_far(Track *track, int64_t due_us, int64_t at_us)
{
    bool far = llabs(due_us) > TIMELINE_STEP_US;

    if (!far || !track->far || (due_us < 0) != (track->due_us < 0))
        track->far_since_us = at_us;
    track->far = far;
    track->due_us = due_us;
    track->far_for_us = at_us - track->far_since_us;
    return far;
}

static void correct(Timeline *t, Track *track, int64_t at_us)
{
    int64_t wanted = wanted_offset(t, track);

    if (!track->placed) {
        track->placed = true;
        track->offset_us = wanted;
        track->last_us = at_us;
        return;
    }
    int64_t elapsed = at_us - track->last_us;
    int64_t due = wanted - track->offset_us;
    t->stats.correction_us = due;
    bool far = is_far(track, due, at_us);
    if (elapsed <= 0)
        return;
    track->last_us = at_us; /* the time that a step waits counts for no later correction */
    if (far)
        return;
    if (llabs(due) <= DEAD_BAND_US) {
        track->settled = track->settled || t->stats.by_reports;
        return;
    }
    int64_t rate = track->settled ? SLEW_PER_MILLE : FIRST_SLEW_PER_MILLE;
    int64_t step = smaller(llabs(due), elapsed * rate / 1000);
    track->offset_us += due > 0 ? step : -step;
    t->stats.corrected_us += step;
}

int64_t timeline_place(Timeline *t, size_t track, int64_t rtp_ts)
{
    Track *k = &t->track[track];

    if (track == 0)
        return media_90k(k, rtp_ts) + t->lead_offset_90k;
    int64_t at_us = media_us(k, rtp_ts);
    correct(t, k, at_us);
    return us_to_90k(at_us + k->offset_us) + t->lead_offset_90k;
}

int64_t timeline_step_us(const Timeline *t, size_t track)
{
    const Track *k = &t->track[track];

    return k->far && k->far_for_us >= STEP_AFTER_US ? k->due_us : 0;
}

void timeline_step(Timeline *t, size_t track)
{
    Track *k = &t->track[track];

    k->offset_us += k->due_us;
    k->due_us = 0;
    k->far = false;
    t->stats.correction_us = 0;
    t->stats.steps++;
}

bool timeline_lead_now(const Timeline *t, int64_t now_us, int64_t *rtp_ts)
{
    const Track *lead = &t->track[0];

    if (!lead->delay.started)
        return false;
    *rtp_ts = rescale(now_us - smallest_delay(&lead->delay), lead->clock_hz, US_PER_S);
    return true;
}

bool timeline_now(const Timeline *t, int64_t now_us, int64_t *at_90k)
{
    int64_t rtp_ts;

    if (!timeline_lead_now(t, now_us, &rtp_ts))
        return false;
    *at_90k = media_90k(&t->track[0], rtp_ts) + t->lead_offset_90k;
    return true;
}

int64_t timeline_arrival_of(const Timeline *t, int64_t at_90k)
{
    return ticks_to_us(at_90k - t->lead_offset_90k) + smallest_delay(&t->track[0].delay);
}

TimelineStats timeline_stats(const Timeline *t)
{
    return t->stats;
}
