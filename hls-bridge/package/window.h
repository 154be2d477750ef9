/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WINDOW_H
#define WINDOW_H

/* The window of segments that a live list shows, whatever the list is written as: the numbers that
 * only ever grow (RFC 8216 section 6.2.2), what leaves when, and how long its file must stay.
 *
 * A list keeps an array of its own segments, each of which begins with a WindowSegment; so it says
 * of each what its writer needs, and the rules stand here once. Behind the whole segments one may
 * be open, which has begun and has no length yet.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "base/media.h"
#include "package/listing.h"

#define WINDOW_LIVE_MIN 3 /* target durations in a live list, RFC 8216 section 6.2.2 */

/* What every list says of a segment: the first member of its own type. */
typedef struct WindowSegment {
    int64_t duration_90k;   /* of a whole one */
    int64_t starts_unix_us; /* EXT-X-PROGRAM-DATE-TIME */
    bool discontinuity;     /* stands between it and the one before */
} WindowSegment;

typedef struct Window {
    int64_t target_duration_s; /* never changes */
    size_t keep;               /* whole segments that are asked for; section 6.2.2 may keep more */
    int64_t media_sequence;    /* of the first segment */
    int64_t discontinuity_sequence;
    int64_t longest_90k; /* that a list of it has ever been; see window_note_length() */
    bool open;           /* there is a segment behind the whole ones */
    bool ended;
    size_t count; /* of whole segments */
} Window;

/* A window with the array that its list keeps. */
typedef struct WindowView {
    Window *window;
    void *segments; /* room for one more than `room` if any is ever open */
    size_t size;    /* of one, in bytes */
    size_t room;    /* whole segments that there are at the most, however short they are */
} WindowView;

/* The one at `i` from the oldest. */
static inline WindowSegment *window_at(const WindowView *view, size_t i)
{
    return (WindowSegment *)((char *)view->segments + i * view->size);
}

/* The media sequence number of the segment that is open, or comes next. */
static inline int64_t window_next_msn(const Window *window)
{
    return window->media_sequence + (int64_t)window->count;
}

/* An empty one. */
Window window_empty(int64_t target_duration_s, size_t keep);

Listing window_listing(const Window *window);

/* The sum of the durations of the whole segments. */
int64_t window_duration_90k(const WindowView *view);

/* The newest discontinuity number in the list. */
int64_t window_newest_discontinuity(const WindowView *view);

/* The discontinuity number of the segment that comes next, if it begins something new. */
int64_t window_next_discontinuity(const WindowView *view);

/* Whether a segment in it has one before: then its number is said, 0 too, before it may go. */
bool window_has_discontinuity(const WindowView *view);

/* How many segments, from the oldest, end so many target durations before the end of the list or
 * more; `open_90k` is what there is of one that is open. */
size_t window_count_older(const WindowView *view, int64_t targets, int64_t open_90k);

/* Takes the oldest segment off if there are more than `keep` and three target durations remain,
 * and copies it to `dropped`. A list of very short segments grows, but not beyond its room.
 * Returns false if none is due. */
bool window_drop(const WindowView *view, void *dropped, int64_t *msn);

/* Takes everything off, for a new beginning, which is no continuation; the numbers go on. */
void window_restart(const WindowView *view);

/* The numbers go on at these at the least. */
void window_raise_numbers(Window *window, int64_t msn, int64_t discontinuity);

/* Notes how long the list is that is published now. */
void window_note_length(const WindowView *view);

/* For how long the file of a segment must stay when a list leaves it out: its duration, and that of
 * the longest list that named it (section 6.2.2). */
int64_t window_stay_us(const Window *window, int64_t duration_90k);

#endif
