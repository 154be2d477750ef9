/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SOURCE_PROBLEM_H
#define SOURCE_PROBLEM_H

/* Finds out why a publisher's video cannot be played, or not by everybody. Somebody must be told:
 * packets come all the same, and everything looks well.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "ingest/ingest_stats.h"

typedef enum SourceProblem {
    PROBLEM_NONE,
    PROBLEM_NOT_H264,   /* packets of video are none of H.264's, mostly: another codec's */
    PROBLEM_NO_SETS,    /* no sequence or picture parameter set has come, nor was one described */
    PROBLEM_NO_IDR,     /* no IDR picture has come, though one is asked for all the time */
    PROBLEM_NO_PLAYER,  /* VP8, which no player of HLS or DASH takes as it is */
    PROBLEM_CODEC,      /* it comes and is whole, but it is not H.264 */
    PROBLEM_FORMAT,     /* it goes out, but phones and some browsers cannot play its format */
    PROBLEM_INTERLACED, /* it goes out, and players show combs where it moves */
    SOURCE_PROBLEMS
} SourceProblem;

/* What is wrong with the video by all that has come of it, of the first track if there are several.
 * `transcoded`: H.264 is made of it, so that its codec is no problem. */
SourceProblem source_problem(const IntakeStats *media, bool transcoded);

/* A short name for status ("no-parameter-sets"), and a sentence that says what to do. "" for none.
 */
const char *source_problem_name(SourceProblem problem);
const char *source_problem_text(SourceProblem problem);

#endif
