/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/window.h"

#include <string.h>

Window window_empty(int64_t target_duration_s, size_t keep)
{
    return (Window){.target_duration_s = target_duration_s,
                    .keep = keep,
                    .longest_90k = WINDOW_LIVE_MIN * target_duration_s * TICKS_PER_S};
}

Listing window_listing(const Window *w)
{
    return w->ended ? LISTING_ENDED : w->count > 0 ? LISTING_OPEN : LISTING_NONE;
}

int64_t window_duration_90k(const WindowView *v)
{
    int64_t sum = 0;

    for (size_t i = 0; i < v->window->count; i++)
        sum += window_at(v, i)->duration_90k;
    return sum;
}

int64_t window_newest_discontinuity(const WindowView *v)
{
    int64_t number = v->window->discontinuity_sequence;

    for (size_t i = 0; i < v->window->count + v->window->open; i++)
        number += window_at(v, i)->discontinuity;
    return number;
}

int64_t window_next_discontinuity(const WindowView *v)
{
    int64_t number = v->window->discontinuity_sequence;

    for (size_t i = 0; i < v->window->count; i++)
        number += window_at(v, i)->discontinuity;
    return v->window->count > 0 ? number + 1 : number;
}

bool window_has_discontinuity(const WindowView *v)
{
    return window_newest_discontinuity(v) > v->window->discontinuity_sequence;
}

size_t window_count_older(const WindowView *v, int64_t targets, int64_t open_90k)
{
    int64_t least = targets * v->window->target_duration_s * TICKS_PER_S;
    int64_t left = window_duration_90k(v) + open_90k;
    size_t n = 0;

    for (; n < v->window->count; n++) {
        left -= window_at(v, n)->duration_90k;
        if (left < least)
            break;
    }
    return n;
}

bool window_drop(const WindowView *v, void *dropped, int64_t *msn)
{
    Window *w = v->window;
    int64_t least = WINDOW_LIVE_MIN * w->target_duration_s * TICKS_PER_S;

    if (w->count <= w->keep)
        return false;
    if (window_duration_90k(v) - window_at(v, 0)->duration_90k < least && w->count < v->room)
        return false;
    memcpy(dropped, v->segments, v->size);
    *msn = w->media_sequence++;
    /* the tag counts once it leaves, that is with the segment it stands before */
    w->discontinuity_sequence += window_at(v, 0)->discontinuity;
    w->count--;
    memmove(v->segments, window_at(v, 1), (w->count + w->open) * v->size);
    return true;
}

void window_restart(const WindowView *v)
{
    Window *w = v->window;

    /* what comes next is no continuation, though no tag says so */
    w->discontinuity_sequence = window_newest_discontinuity(v) + 1;
    w->media_sequence += (int64_t)w->count + w->open;
    w->count = 0;
    w->open = w->ended = false;
}

void window_raise_numbers(Window *w, int64_t msn, int64_t discontinuity)
{
    if (msn > w->media_sequence)
        w->media_sequence = msn;
    if (discontinuity > w->discontinuity_sequence)
        w->discontinuity_sequence = discontinuity;
}

void window_note_length(const WindowView *v)
{
    int64_t length_90k = window_duration_90k(v);

    if (length_90k > v->window->longest_90k)
        v->window->longest_90k = length_90k;
}

int64_t window_stay_us(const Window *w, int64_t duration_90k)
{
    return ticks_to_us(duration_90k + w->longest_90k);
}
