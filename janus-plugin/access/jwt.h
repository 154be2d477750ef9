/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JWT_H
#define JWT_H

/* Reads a JSON Web Token (RFC 7519) in compact form, and checks who signed it (RFC 7515). What it
 * takes is narrow (RFC 8725): the algorithms of jwt_keys.h, no `crit`, no member twice.
 *
 * Thread-safety: none needed, there is no state. */

#include <jansson.h>

#include "access/jwt_keys.h"

#define JWT_SIZE_MAX 8192 /* bytes; what is longer is not looked at */

/* Why a token does not let anybody publish. For operators: who shows it hears one sentence. */
typedef enum TokenFault {
    TOKEN_GOOD,
    TOKEN_MALFORMED, /* no token, too long, or a claim of the wrong type */
    TOKEN_NO_KEY,    /* there is no key here for its algorithm, with its key's ID */
    TOKEN_SIGNATURE, /* not signed by any key that is here */
    TOKEN_EXPIRED,
    TOKEN_EARLY,  /* not valid yet */
    TOKEN_ISSUER, /* by another issuer, or for another audience */
    TOKEN_STREAM, /* for another stream */
    TOKEN_RIGHTS, /* it lacks the right */
    TOKEN_REVOKED,
    TOKEN_FAULTS
} TokenFault;

/* "malformed": as in counters and in the log. */
const char *token_fault_name(TokenFault fault);

/* Checks the signature of `token` of `len` bytes. TOKEN_GOOD: `claims` takes its claims, an object
 * that the caller owns; else NULL. */
TokenFault jwt_read(const JwtKeys *keys, const char *token, size_t len, json_t **claims);

#endif
