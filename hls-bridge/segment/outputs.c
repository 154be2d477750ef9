/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/outputs.h"

#include <errno.h>

/* Calls a function of each output that has it, and counts what fails. */
#define EACH(outputs, function, ...)                                                               \
    for (Output *o = (outputs)->item; o < (outputs)->item + (outputs)->count; o++)                 \
    o->failures += o->calls->function && o->calls->function(o->self, __VA_ARGS__) < 0

void outputs_begin(Outputs *outputs, const OutputPublisher *publisher)
{
    EACH(outputs, begin, publisher);
}

void outputs_follow(Outputs *outputs, size_t track, Outputs *own)
{
    for (Output *o = outputs->item; o < outputs->item + outputs->count; o++) {
        int status =
            o->calls->follow ? o->calls->follow(o->self, track, &own->item[own->count]) : 1;
        o->failures += status < 0;
        own->count += status == 0;
    }
}

void outputs_start(Outputs *outputs, const OutputSegment *first, int64_t now_us)
{
    EACH(outputs, start, first, now_us);
}

void outputs_picture(Outputs *outputs, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                     int64_t now_us)
{
    EACH(outputs, picture, unit, pts_90k, dts_90k, now_us);
}

void outputs_sound(Outputs *outputs, const AacFrame *frame, int64_t now_us)
{
    EACH(outputs, sound, frame, now_us);
}

void outputs_cut(Outputs *outputs, const OutputSegment *next, int64_t now_us)
{
    EACH(outputs, cut, next, now_us);
}

void outputs_complete(Outputs *outputs, int64_t until_90k, int64_t end_90k, int64_t now_us)
{
    EACH(outputs, complete, until_90k, end_90k, now_us);
}

void outputs_tick(Outputs *outputs, int64_t known_90k, int64_t now_us)
{
    EACH(outputs, tick, known_90k, now_us);
}

void outputs_finish(Outputs *outputs, int64_t now_us)
{
    EACH(outputs, finish, now_us);
}

bool outputs_take(const Outputs *outputs, Codec codec)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->takes && o->calls->takes(o->self, codec))
            return true;
    }
    return false;
}

Renditions outputs_wanted(const Outputs *outputs, const Renditions *sent)
{
    size_t video = renditions_first(sent, TRACK_VIDEO);

    if (video == RENDITION_NONE || sent->item[sent->count - 1].follows)
        return *sent; /* what follows is made of pictures of any codec */
    if (outputs_take(outputs, sent->item[video].codec))
        return *sent;
    return renditions_of(renditions_have(sent, TRACK_AUDIO), false);
}

bool outputs_need_cut(const Outputs *outputs, const AccessUnit *unit)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->needs_cut && o->calls->needs_cut(o->self, unit))
            return true;
    }
    return false;
}

void outputs_settle(const Outputs *outputs, const AccessUnit *unit, int64_t *pts_90k,
                    int64_t *dts_90k)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->settle)
            o->calls->settle(o->self, unit, pts_90k, dts_90k);
    }
}

int64_t outputs_date_step_us(const Outputs *outputs)
{
    int64_t step_us = INT64_MAX;

    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->date_step_us)
            step_us = smaller(step_us, o->calls->date_step_us(o->self));
    }
    return step_us;
}

int outputs_end(Outputs *outputs)
{
    int error = 0;

    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->end && o->calls->end(o->self) < 0)
            error = errno;
    }
    errno = error;
    return error ? -1 : 0;
}

int outputs_clear(Outputs *outputs)
{
    int error = 0;

    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->clear && o->calls->clear(o->self) < 0)
            error = errno;
    }
    errno = error;
    return error ? -1 : 0;
}

int64_t outputs_expire(Outputs *outputs, int64_t now_us)
{
    int64_t next_us = NEVER_US;

    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->expire)
            next_us = smaller(next_us, o->calls->expire(o->self, now_us));
    }
    return next_us;
}

Renditions outputs_renditions(const Outputs *outputs)
{
    Renditions all = {0};

    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->renditions)
            o->calls->renditions(o->self, &all);
    }
    return all;
}

Listing outputs_listing(const Outputs *outputs)
{
    Listing most = LISTING_NONE;

    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        Listing listing = o->calls->listing ? o->calls->listing(o->self) : LISTING_NONE;
        most = listing > most ? listing : most;
    }
    return most;
}

bool outputs_are_empty(const Outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->is_empty && !o->calls->is_empty(o->self))
            return false;
    }
    return true;
}

OutputStats outputs_stats(const Outputs *outputs)
{
    OutputStats stats = {.writes.bounds = &histogram_of_writes};

    for (size_t i = 0; i < outputs->count; i++) {
        const Output *o = &outputs->item[i];
        if (o->calls->stats)
            o->calls->stats(o->self, &stats);
        stats.failures += o->failures;
    }
    return stats;
}

void outputs_close(Outputs *outputs)
{
    while (outputs->count > 0) {
        const Output *o = &outputs->item[--outputs->count];
        o->calls->close(o->self);
    }
}
