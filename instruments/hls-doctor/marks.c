/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "marks.h"

#include <libavutil/pixdesc.h>
#include <libavutil/samplefmt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sort_values.h"

#define TICKS_PER_S 90000.0
#define SAMPLE_RATE 48000
#define BEEP_HZ     1000
#define WINDOW      48   /* samples: one period of the beep */
#define HOP         12   /* samples between two looks: a quarter of a millisecond */
#define BEEP_MIN    0.05 /* amplitude that can be a beep at all; the card sends 0.5 */
#define PAIR_S      0.5  /* a flash and a beep further apart than this are not of one second */
#define REARM_S     0.5  /* there is one of each in a second */
#define CELLS       40   /* of the time code */
#define DRIFT_MIN_S 120  /* of run, to speak of drift */
#define MARK_MS     100  /* length of flash and beep */
#define CUT_MS      5    /* a beep whose length is off by more has lost an end */

/* The middle of the box that flashes, in parts of the picture. */
#define BOX_LEFT   0.83
#define BOX_RIGHT  0.93
#define BOX_TOP    0.42
#define BOX_BOTTOM 0.68

/* Where a flash or a beep begins. */
typedef struct Mark {
    double at;     /* seconds */
    double length; /* of a beep, in seconds; 0: it is not over */
    bool has_code; /* of a flash: its first picture shows `code` */
    uint32_t code;
} Mark;

typedef struct MarkList {
    Mark *mark;
    size_t count, capacity;
} MarkList;

struct Marks {
    MarkList flashes, beeps;
    bool flash_on;
    double cosine[WINDOW], sine[WINDOW]; /* of the beep, from where the window begins */
    float window[WINDOW];                /* the last samples, as a ring */
    size_t window_at, until_hop;
    uint64_t heard; /* samples since the sound began or broke off */
    double amplitude_before, peak, last_beep;
    int64_t next_sound_90k;
    size_t pictures, codes;
    bool has_code;
    uint32_t code;
    int64_t code_pts;
};

Marks *marks_create(void)
{
    Marks *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->last_beep = -INFINITY;
    for (int i = 0; i < WINDOW; i++) {
        double phase = 2 * M_PI * BEEP_HZ * i / SAMPLE_RATE;
        m->cosine[i] = cos(phase);
        m->sine[i] = sin(phase);
    }
    return m;
}

void marks_destroy(Marks **marks)
{
    if (!*marks)
        return;
    free((*marks)->flashes.mark);
    free((*marks)->beeps.mark);
    free(*marks);
    *marks = NULL;
}

static void note(MarkList *l, Mark mark)
{
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 64;
        Mark *grown = realloc(l->mark, capacity * sizeof(Mark));
        if (!grown)
            return;
        l->mark = grown;
        l->capacity = capacity;
    }
    l->mark[l->count++] = mark;
}

/* ---- picture ---- */

/* Whether the first plane has a byte for each pixel. */
static bool has_bytes(const AVFrame *frame)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(frame->format);

    return format && !(format->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM)) &&
           format->comp[0].plane == 0 && format->comp[0].step == 1 && format->comp[0].depth == 8;
}

static int luma(const AVFrame *frame, int x, int y)
{
    return frame->data[0][(ptrdiff_t)y * frame->linesize[0] + x];
}

static double box_luma(const AVFrame *frame)
{
    double sum = 0;
    int n = 0;

    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 8; k++, n++)
            sum += luma(frame, (int)(frame->width * (BOX_LEFT + (BOX_RIGHT - BOX_LEFT) * i / 7)),
                        (int)(frame->height * (BOX_TOP + (BOX_BOTTOM - BOX_TOP) * k / 7)));
    return sum / n;
}

/* See web-publisher/js/time-code.js: 32 bits of milliseconds, 8 of check sum. */
static bool read_code(const AVFrame *frame, uint32_t *code)
{
    int y = frame->height - frame->height / 36 - 1;
    uint32_t value = 0, sum = 0;

    for (int i = 0; i < CELLS; i++) {
        uint32_t bit = luma(frame, (int)((i + 0.5) * frame->width / CELLS), y) >= 128;
        if (i < 32)
            value = value << 1 | bit;
        else
            sum = sum << 1 | bit;
    }
    *code = value;
    return sum == ((value ^ value >> 8 ^ value >> 16 ^ value >> 24 ^ 0xA5) & 0xFF);
}

void marks_picture(Marks *m, const AVFrame *frame, int64_t pts_90k)
{
    bool readable = has_bytes(frame), on = readable && box_luma(frame) >= 128;

    m->pictures++;
    m->has_code = readable && read_code(frame, &m->code);
    m->codes += m->has_code;
    if (on && !m->flash_on)
        note(&m->flashes,
             (Mark){.at = (double)pts_90k / TICKS_PER_S, .has_code = m->has_code, .code = m->code});
    m->flash_on = on;
    m->code_pts = pts_90k;
}

bool marks_last_code(const Marks *m, int64_t near_ms, int64_t *code_ms, int64_t *pts_90k)
{
    if (!m->has_code)
        return false;
    *code_ms = near_ms + (int32_t)(m->code - (uint32_t)near_ms);
    *pts_90k = m->code_pts;
    return true;
}

/* ---- sound ---- */

/* Amplitude at the beep's frequency over the window; one period, so it is two sums. */
static double beep_amplitude(const Marks *m)
{
    double re = 0, im = 0;

    for (int i = 0; i < WINDOW; i++) {
        double sample = m->window[(m->window_at + (size_t)i) % WINDOW];
        re += sample * m->cosine[i];
        im += sample * m->sine[i];
    }
    return 2 * sqrt(re * re + im * im) / WINDOW;
}

/* The window is half full of beep when its middle is where the beep begins. */
static void look_for_beep(Marks *m, double now_s)
{
    double amplitude = beep_amplitude(m), half;
    double at = now_s - (double)WINDOW / 2 / SAMPLE_RATE;

    m->peak *= 0.99999; /* forgets a louder passage within minutes */
    if (amplitude > m->peak)
        m->peak = amplitude;
    half = m->peak / 2 > BEEP_MIN ? m->peak / 2 : BEEP_MIN;
    if (amplitude >= half && m->amplitude_before < half && now_s - m->last_beep > REARM_S) {
        m->last_beep = now_s;
        note(&m->beeps, (Mark){.at = at});
    } else if (amplitude < half && m->beeps.count > 0) {
        Mark *last = &m->beeps.mark[m->beeps.count - 1];
        if (last->length == 0)
            last->length = at - last->at;
    }
    m->amplitude_before = amplitude;
}

void marks_sound(Marks *m, const AVFrame *frame, int64_t pts_90k)
{
    const float *left = (const float *)(const void *)frame->data[0];

    if (frame->format != AV_SAMPLE_FMT_FLTP) /* as ALAC, whose samples may be shorter */
        return;
    if (pts_90k != m->next_sound_90k)
        m->heard = 0;
    m->next_sound_90k = pts_90k + frame->nb_samples * 15 / 8;
    for (int i = 0; i < frame->nb_samples; i++) {
        m->window[m->window_at] = left[i];
        m->window_at = (m->window_at + 1) % WINDOW;
        m->heard++;
        if (++m->until_hop < HOP || m->heard < WINDOW)
            continue;
        m->until_hop = 0;
        look_for_beep(m, (double)pts_90k / TICKS_PER_S + (double)(i + 1) / SAMPLE_RATE);
    }
}

/* ---- report ---- */

/* How much later in its second a flash's first picture was drawn than that of the `first` flash. */
static int ms_after(const Mark *flash, const Mark *first)
{
    int ms = (int32_t)(flash->code - first->code) % 1000;

    return ms >= 500 ? ms - 1000 : ms < -500 ? ms + 1000 : ms;
}

static const Mark *first_with_code(const MarkList *flashes)
{
    for (size_t i = 0; i < flashes->count; i++)
        if (flashes->mark[i].has_code)
            return &flashes->mark[i];
    return NULL;
}

static int earliest_ms(const MarkList *flashes, const Mark *first)
{
    int earliest = 0;

    for (size_t i = 0; i < flashes->count; i++)
        if (flashes->mark[i].has_code && ms_after(&flashes->mark[i], first) < earliest)
            earliest = ms_after(&flashes->mark[i], first);
    return earliest;
}

/* When the whole second is, by the pictures. A busy page draws late, and if a picture was lost the
 * flash begins with a later one; the clock in the picture tells by how much. The earliest of all
 * flashes stands for the whole second. */
static double second_of(const Mark *flash, const Mark *first, int earliest)
{
    int late = flash->has_code ? ms_after(flash, first) - earliest : 0;

    return late < MARK_MS ? flash->at - late / 1000.0 : flash->at; /* or its clock is another one */
}

static bool is_whole(const Mark *beep)
{
    return fabs(beep->length * 1000 - MARK_MS) <= CUT_MS;
}

/* The beep nearest to `at` that is whole. */
static double nearest(const MarkList *beeps, double at)
{
    double best = INFINITY;

    for (size_t i = 0; i < beeps->count; i++)
        if (is_whole(&beeps->mark[i]) && fabs(beeps->mark[i].at - at) < fabs(best - at))
            best = beeps->mark[i].at;
    return best;
}

/* The slope of a line through the points, in y per x. */
static double slope(const double *x, const double *y, size_t n)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0;

    for (size_t i = 0; i < n; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        sxy += x[i] * y[i];
    }
    double d = (double)n * sxx - sx * sx;
    return d > 0 ? ((double)n * sxy - sx * sy) / d : 0;
}

static void summarise(MarksReport *r, double *at, double *skew_ms, size_t n)
{
    if (n == 0)
        return;
    if (at[n - 1] - at[0] >= DRIFT_MIN_S)
        r->drift_ms_per_hour = slope(at, skew_ms, n) * 3600;
    sort_values(skew_ms, n);
    r->skew_median_ms = skew_ms[n / 2];
    r->skew_min_ms = skew_ms[0];
    r->skew_max_ms = skew_ms[n - 1];
    for (size_t i = 0; i < n; i++)
        skew_ms[i] = fabs(skew_ms[i]);
    sort_values(skew_ms, n);
    r->skew_p95_ms = skew_ms[(n - 1) * 95 / 100];
}

MarksReport marks_report(const Marks *m)
{
    MarksReport r = {.flashes = m->flashes.count,
                     .beeps = m->beeps.count,
                     .pictures = m->pictures,
                     .codes = m->codes};
    double *at = calloc(m->flashes.count + 1, sizeof(double));
    double *skew_ms = calloc(m->flashes.count + 1, sizeof(double));
    const Mark *first = first_with_code(&m->flashes);
    int earliest = earliest_ms(&m->flashes, first);

    for (size_t i = 0; at && skew_ms && i < m->flashes.count; i++) {
        double second = second_of(&m->flashes.mark[i], first, earliest);
        double beep = nearest(&m->beeps, second);
        if (fabs(beep - second) > PAIR_S)
            continue;
        at[r.pairs] = second;
        skew_ms[r.pairs++] = (beep - second) * 1000;
    }
    for (size_t i = 0; i < m->beeps.count; i++)
        r.beeps_cut += m->beeps.mark[i].length > 0 && !is_whole(&m->beeps.mark[i]);
    if (at && skew_ms)
        summarise(&r, at, skew_ms, r.pairs);
    free(at);
    free(skew_ms);
    return r;
}

json_t *marks_json(MarksReport m)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "flashes",
                     (json_int_t)m.flashes, "beeps", (json_int_t)m.beeps, "beeps_cut",
                     (json_int_t)m.beeps_cut, "pairs", (json_int_t)m.pairs, "skew_median_ms",
                     m.skew_median_ms, "skew_p95_ms", m.skew_p95_ms, "skew_min_ms", m.skew_min_ms,
                     "skew_max_ms", m.skew_max_ms, "drift_ms_per_hour", m.drift_ms_per_hour);
}

void marks_print(MarksReport m)
{
    if (m.pairs > 0)
        printf(
            "  flash and beep, %zu times: sound %+.1f ms (median), 95 %% within %.1f ms, "
            "%+.1f to %+.1f ms, drift %+.1f ms per hour\n",
            m.pairs, m.skew_median_ms, m.skew_p95_ms, m.skew_min_ms, m.skew_max_ms,
            m.drift_ms_per_hour);
    if (m.beeps_cut > 0)
        printf("  %zu of %zu beeps are not whole, and are left out of that\n", m.beeps_cut,
               m.beeps);
}
