/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CONTROL_ANSWER_H
#define CONTROL_ANSWER_H

/* Answers of the control API, as values.
 *
 * Thread-safety: any thread. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_LOCATION_SIZE 96

/* Of RFC 9110, those that are used. */
enum {
    OK = 200,
    CREATED = 201,
    NO_CONTENT = 204,
    BAD_REQUEST = 400,
    UNAUTHORIZED = 401,
    FORBIDDEN = 403,
    NOT_FOUND = 404,
    METHOD_NOT_ALLOWED = 405,
    CONFLICT = 409,
    TOO_MANY = 429,
    UNAVAILABLE = 503,
};

typedef struct ControlAnswer {
    unsigned status;
    const char *type; /* of its content */
    char *text;       /* the caller frees it; NULL: it is empty */
    size_t len;
    char location[CONTROL_LOCATION_SIZE]; /* "": none */
} ControlAnswer;

/* Each returns false if there is no memory. */

/* Takes over `text`, which was malloc()ed. */
bool control_answer(ControlAnswer *out, unsigned status, const char *type, char *text);

/* Takes over `object`. */
bool control_answer_json(ControlAnswer *out, unsigned status, const char *type, json_t *object);

/* problem+json, RFC 9457. */
bool control_refuse(ControlAnswer *out, unsigned status, const char *detail);

#endif
