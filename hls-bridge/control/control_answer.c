/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/control_answer.h"

#include <string.h>

static const char *title_of(unsigned status)
{
    switch (status) {
    case BAD_REQUEST:
        return "Bad Request";
    case UNAUTHORIZED:
        return "Unauthorized";
    case FORBIDDEN:
        return "Forbidden";
    case NOT_FOUND:
        return "Not Found";
    case METHOD_NOT_ALLOWED:
        return "Method Not Allowed";
    case CONFLICT:
        return "Conflict";
    case TOO_MANY:
        return "Too Many Requests";
    default:
        return "Service Unavailable";
    }
}

bool control_answer(ControlAnswer *out, unsigned status, const char *type, char *text)
{
    *out = (ControlAnswer){.status = status, .type = type, .text = text};
    out->len = text ? strlen(text) : 0;
    return text;
}

bool control_answer_json(ControlAnswer *out, unsigned status, const char *type, json_t *object)
{
    char *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(13));

    json_decref(object);
    return control_answer(out, status, type, text);
}

bool control_refuse(ControlAnswer *out, unsigned status, const char *detail)
{
    return control_answer_json(out, status, "application/problem+json",
                               json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title",
                                         title_of(status), "status", (int)status, "detail",
                                         detail));
}
