/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/class_calls.h"

#include <stdlib.h>
#include <string.h>

#include "control/look_json.h"

#define NUMBER_DIGITS 3

/* A whole number of 1 to `most`; 0: it is none. */
static uint32_t read_number(const char *text, uint32_t most)
{
    uint32_t value = 0;
    size_t digits = 0;

    for (; digits < NUMBER_DIGITS && text[digits] >= '0' && text[digits] <= '9'; digits++)
        value = value * 10 + (uint32_t)(text[digits] - '0');
    return text[digits] == '\0' && value <= most ? value : 0;
}

static bool refuse_class(ControlAnswer *out, ClassResult result)
{
    if (result == CLASS_OFF)
        return control_refuse(out, NOT_FOUND,
                              "there is no class: it is for teaching alone (control.class)");
    if (result == CLASS_TOO_OFTEN)
        return control_refuse(out, TOO_MANY, "all classes together look too often; wait a second");
    return control_refuse(out, NOT_FOUND, "there is no such stream, or nobody publishes it");
}

static bool look(StreamTable *table, const char *name, ControlAnswer *out)
{
    StreamStatus *status = malloc(sizeof(*status));

    if (!status)
        return false;
    ClassResult result = stream_table_look(table, name, status);
    bool good = result == CLASS_DONE
                    ? control_answer_json(out, OK, "application/json", look_json(status))
                    : refuse_class(out, result);
    free(status);
    return good;
}

static bool make_trouble(StreamTable *table, const char *name, const ControlRequest *request,
                         ControlAnswer *out)
{
    TroubleOrder order = {0};

    if (request->lose)
        order.lose_percent = read_number(request->lose, TROUBLE_PERCENT_MAX);
    order.holds_back = request->hold && strcmp(request->hold, "keys") == 0;
    order.for_us =
        request->seconds ? read_number(request->seconds, TROUBLE_SECONDS_MAX) * US_PER_S : 0;
    if (order.for_us == 0 || (request->lose && order.lose_percent == 0) ||
        (request->hold && !order.holds_back) || (!request->lose && !request->hold))
        return control_refuse(out, BAD_REQUEST,
                              "trouble takes lose=1 to 50 (percent of the packets) or hold=keys, "
                              "and seconds=1 to 60");
    ClassResult result = stream_table_trouble(table, name, &order);
    if (result != CLASS_DONE)
        return refuse_class(out, result);
    *out = (ControlAnswer){.status = NO_CONTENT, .type = "text/plain"};
    return true;
}

bool class_calls_answer(StreamTable *table, const char *rest, const ControlRequest *request,
                        ControlAnswer *out, bool *good)
{
    const char *slash = strchr(rest, '/');
    char name[STREAM_NAME_MAX + 1] = "";
    bool looks = slash && strcmp(slash, "/look") == 0;

    if (!looks && !(slash && strcmp(slash, "/trouble") == 0))
        return false;
    if ((size_t)(slash - rest) < sizeof(name))
        memcpy(name, rest, (size_t)(slash - rest));
    if (!stream_table_has_class(table))
        *good = refuse_class(out, CLASS_OFF);
    else if (!stream_name_valid(name))
        *good = control_refuse(out, BAD_REQUEST, STREAM_NAME_RULE);
    else if (looks && strcmp(request->method, "GET") == 0)
        *good = look(table, name, out);
    else if (!looks && strcmp(request->method, "POST") == 0)
        *good = make_trouble(table, name, request, out);
    else
        *good = control_refuse(out, METHOD_NOT_ALLOWED,
                               looks ? "a look takes GET alone" : "trouble takes POST alone");
    return true;
}
