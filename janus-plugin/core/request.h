/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_REQUEST_H
#define PLUGIN_REQUEST_H

/* The plugin's JSON API (docs/protocol.md): requests as typed values, replies and events.
 *
 * Thread-safety: none needed, there is no state. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "video_codec.h"

#define REQUEST_ERROR_SIZE  256
#define REQUEST_TITLE_MAX   200   /* bytes of UTF-8 */
#define REQUEST_KEY_MIN     8     /* bytes; shorter ones can be guessed */
#define REQUEST_KEY_MAX     128   /* bytes */
#define REQUEST_ID_MAX      128   /* bytes of a token's ID, and of its subject */
#define REQUEST_BITRATE_MIN 50000 /* bit/s; less is not a picture */
#define REQUEST_BITRATE_MAX 50000000

/* Seconds since 1970: what is later is a mistake, as milliseconds are. */
#define REQUEST_TIME_MAX INT64_C(100000000000)

/* Error codes of the API. They never change their meaning; new ones are added at the end. */
enum {
    HLS_ERROR_INVALID_JSON = 460,    /* not an object, or a field of the wrong type or range */
    HLS_ERROR_UNKNOWN_REQUEST = 461, /* no such request */
    HLS_ERROR_INVALID_NAME = 462,    /* not a stream name */
    HLS_ERROR_INVALID_SDP = 463,     /* no offer, or one that cannot be read */
    HLS_ERROR_NO_H264 = 464,         /* video is offered, but in no codec that is taken */
    HLS_ERROR_NO_OPUS = 465,         /* audio is offered, but no Opus */
    HLS_ERROR_NO_MEDIA = 466,        /* neither audio nor video is offered */
    HLS_ERROR_WRONG_KEY = 467,       /* the name is unknown, or its key missing or wrong */
    HLS_ERROR_NAME_TAKEN = 468,      /* somebody else is live under this name */
    HLS_ERROR_NOT_PUBLISHING = 469,  /* only a publisher can ask this */
    HLS_ERROR_NO_SUCH_STREAM = 470,  /* nobody is live under this name */
    HLS_ERROR_INTERNAL = 471,        /* our fault; the log says more */
    HLS_ERROR_FULL = 472,            /* no more publishers are taken */
    HLS_ERROR_SHORT_KEY = 473,       /* a key of fewer than REQUEST_KEY_MIN bytes */
    HLS_ERROR_TOO_MANY_TRIES = 474,  /* too many wrong keys: try again later */
    HLS_ERROR_BUSY = 475,            /* too many requests wait: try again */
    HLS_ERROR_NO_CODEC = 476,        /* this server does not take the codec that was asked for */
    HLS_ERROR_TOKEN = 477,           /* the token does not allow this, for whatever reason */
    HLS_ERROR_SETTINGS = 478,        /* the settings cannot be used: the old ones stay */
    HLS_ERROR_DENIED = 479,          /* the admission webhook does not let this publisher in */
};

typedef enum RequestKind {
    REQUEST_PUBLISH,
    REQUEST_CONFIGURE,
    REQUEST_UNPUBLISH,
    REQUEST_REPORT,
    REQUEST_LIST,
    REQUEST_INFO,
    REQUEST_KICK,
    REQUEST_RELOAD,
    REQUEST_REVOKE,
} RequestKind;

/* A field that may be absent. */
typedef enum RequestSwitch { SWITCH_ABSENT = -1, SWITCH_OFF = 0, SWITCH_ON = 1 } RequestSwitch;

/* The strings belong to the JSON that was parsed; NULL: the field is absent. */
typedef struct Request {
    RequestKind kind;
    const char *stream; /* a valid stream name; publish, info and kick have one. revoke: or "*" */
    const char *key;    /* NULL: none, or an empty one */
    const char *token;  /* NULL: none, or an empty one. Of any length; never beside a key */
    const char *jti;    /* the ID of a token */
    int64_t before;     /* seconds since 1970, 0: absent */
    const char *title;
    uint32_t bitrate;     /* bit/s, 0: absent */
    double round_trip_ms; /* below 0: absent */
    RequestSwitch audio, video;
    bool keyframe;
    bool unlisted;
    bool chooses; /* a video codec: */
    Codec codec;
} Request;

typedef struct RequestError {
    int code; /* HLS_ERROR_... */
    char text[REQUEST_ERROR_SIZE];
} RequestError;

/* Whether a message is list or info, which anybody may ask and which are answered at once. */
bool request_is_question(const json_t *message);

/* Reads a message of the client or of the Admin API. Returns 0, or -1 with `error` filled. */
int request_parse(const json_t *message, Request *out, RequestError *error);

/* Fills an error. Returns -1. */
int request_fail(RequestError *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* {"hls": event}, to which the caller adds; the caller owns it. */
json_t *reply_new(const char *event);

/* {"hls": "error", "error_code": ..., "error": ...}; the caller owns it. */
json_t *reply_error(const RequestError *error);

#endif
