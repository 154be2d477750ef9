/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MARKS_H
#define MARKS_H

/* Finds the marks of the test card (web-publisher/js/test-card.js) in decoded media: the flash in
 * the picture, the 1 kHz beep in the sound, and the time code in the bottom strip. Skew is between
 * the beep and the whole second in the picture: the flash, less the delay that its time code shows.
 *
 * Thread-safety: one thread. */

#include <jansson.h>
#include <libavutil/frame.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Marks Marks;

typedef struct MarksReport {
    size_t flashes, beeps, pairs;
    size_t beeps_cut;      /* too short or too long: an end was lost, and they tell no time */
    double skew_median_ms; /* sound minus picture: above 0, the sound is late */
    double skew_p95_ms;    /* of the distance from 0 */
    double skew_min_ms, skew_max_ms;
    double drift_ms_per_hour; /* of the skew over the run; 0 if the run is too short */
    size_t pictures, codes;   /* pictures seen, and time codes read in them */
} MarksReport;

Marks *marks_create(void);         /* NULL: no memory */
void marks_destroy(Marks **marks); /* accepts NULL, leaves NULL */

/* Decoded media in order of time, pts in 1/90000 s. The sound is planar float at 48 kHz. */
void marks_picture(Marks *marks, const AVFrame *frame, int64_t pts_90k);
void marks_sound(Marks *marks, const AVFrame *frame, int64_t pts_90k);

/* The time that the last picture shows, in milliseconds since 1970, and its pts. `near_ms` is about
 * that time: the code has only its lower bits. Returns false if the picture shows none. */
bool marks_last_code(const Marks *marks, int64_t near_ms, int64_t *code_ms, int64_t *pts_90k);

MarksReport marks_report(const Marks *marks);

/* The report: for programs, and on stdout for people, if there are marks. */
json_t *marks_json(MarksReport report);
void marks_print(MarksReport report);

#endif
