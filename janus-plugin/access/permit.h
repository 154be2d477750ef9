/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PERMIT_H
#define PERMIT_H

/* What one publisher may. A stream key or a publish token yields it (admission_permit()); the
 * admission webhook, which is asked between that and the door, may change its name, its limits and
 * who may watch, and bring its end forward. The publisher obeys it until it ends, through
 * renegotiations and `configure` too.
 *
 * A plain value. Thread-safety: none, the owner has a lock. */

#include <stdbool.h>
#include <stdint.h>

#include "core/request.h"
#include "stream_name.h"
#include "video_codec.h"

#define PERMIT_PROOF_SIZE 32 /* bytes: SHA-256 */

typedef enum PermitRight {
    PERMIT_PUBLISH = 1,
    PERMIT_TAKE_OVER = 2, /* from whoever is live under the name */
    PERMIT_KICK = 4,      /* end whoever is live under the name */
    PERMIT_RECORD = 8,
    PERMIT_CUE = 16,
} PermitRight;

/* Who may watch. */
typedef enum Access { /* from open to closed */
                      ACCESS_PUBLIC,
                      ACCESS_UNLISTED,  /* whoever knows its address: no list names it */
                      ACCESS_PROTECTED, /* whoever has a playback token; no list names it either */
} Access;

typedef struct Permit {
    char name[STREAM_NAME_MAX + 1];      /* of the stream that it publishes */
    char shown_for[STREAM_NAME_MAX + 1]; /* the stream that its token is for: the webhook may have
                                            given it another name. "": no token */
    unsigned rights;                     /* PermitRight, or'ed */
    uint32_t bitrate;                    /* bit/s, the most; 0: as the settings say */
    CodecList codecs;                    /* of those in the settings; empty: all of them */
    char title[REQUEST_TITLE_MAX + 1];   /* "": as the request says */
    Access access;
    int64_t end; /* seconds since 1970, when the publisher ends; 0: never */

    bool by_token; /* else by a key, or the name is open */
    bool open;     /* the name has no key of its own: it belongs to whoever is live */
    char subject[REQUEST_ID_MAX + 1]; /* of a token, "": none. The same one may always come back */
    char id[REQUEST_ID_MAX + 1];      /* of a token, to revoke it by; "": none */
    int64_t issued;                   /* of a token, seconds since 1970; 0: not said */
    unsigned char proof[PERMIT_PROOF_SIZE]; /* of the key or token that was shown: a digest */
    bool has_proof;
} Permit;

/* "public": as in settings, tokens and answers. */
const char *access_name(Access access);

/* Returns false if there is no such access; `out` is then unspecified. */
bool access_read(const char *name, Access *out);

/* "publish", "takeover", "kick", "record", "cue"; 0 if it is none of these. */
unsigned permit_right_of(const char *name);

/* Takes for the proof that `secret` was shown, a key or a token. */
void permit_set_proof(Permit *permit, const char *secret);

/* Whether both were given to the same person: by the same key, the same token, or tokens of the
 * same subject. The time that it takes does not tell how much of a proof is the same. */
bool permit_same_person(const Permit *a, const Permit *b);

#endif
