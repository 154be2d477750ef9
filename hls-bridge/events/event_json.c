/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_json.h"

#include <string.h>

#include "base/media.h"

static void set_text(json_t *data, const char *key, const char *text)
{
    json_t *string = json_string(text); /* NULL if it is no UTF-8 */

    if (string)
        json_object_set_new(data, key, string);
}

static void set_number(json_t *data, const char *key, int64_t number)
{
    json_object_set_new(data, key, json_integer((json_int_t)number));
}

static void set_error(json_t *data, int error)
{
    if (error)
        set_text(data, "error", strerror(error));
}

static void set_live(json_t *data, const Event *e)
{
    json_object_set_new(data, "video", json_boolean(e->live.video));
    json_object_set_new(data, "audio", json_boolean(e->live.audio));
    set_number(data, "publishers", (int64_t)e->live.publishers);
    if (e->live.title[0])
        set_text(data, "title", e->live.title);
}

static void set_held(json_t *data, const Event *e)
{
    set_text(data, "reason", event_held_reason(e->held.reason));
    set_number(data, "hold", e->held.hold_us / US_PER_S);
}

/* What each kind has of its own. */
static void set_details(json_t *data, const Event *e)
{
    switch (e->kind) {
    case EVENT_LIVE:
    case EVENT_RESUMED:
        set_live(data, e);
        break;
    case EVENT_HELD:
        set_held(data, e);
        break;
    case EVENT_REFUSED:
        set_text(data, "reason", e->refused.reason);
        set_error(data, e->refused.error);
        set_number(data, "untold", (int64_t)e->refused.untold);
        break;
    case EVENT_TOO_MUCH:
        set_number(data, "bitrate", e->too_much.bitrate);
        set_number(data, "allowed", e->too_much.most);
        break;
    case EVENT_PROBLEM:
        set_text(data, "problem", e->problem.name);
        set_text(data, "reason", e->problem.text);
        break;
    case EVENT_DISK_TROUBLE:
    case EVENT_DISK_WORKS:
        set_text(data, "part", event_disk_part(e->disk.part));
        set_error(data, e->disk.error);
        break;
    case EVENT_SLOW:
    case EVENT_CAUGHT_UP:
        set_number(data, "milliseconds", e->delay.us / US_PER_MS);
        break;
    case EVENT_RUNGS_SLOW:
        set_number(data, "still", (int64_t)e->rungs.still);
        break;
    default:
        break;
    }
}

json_t *event_json(const Event *e)
{
    json_t *data = json_pack("{s:s, s:s, s:I}", "event", event_name(e->kind), "stream", e->stream,
                             "sequence", (json_int_t)e->sequence);

    if (data)
        set_details(data, e);
    return data;
}

char *event_json_line(json_t *all)
{
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;

    json_decref(all);
    return text;
}
