/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISH_CLAIMS_H
#define PUBLISH_CLAIMS_H

/* What the claims of a publish token (docs/protocol.md) let somebody publish. The signature has
 * been checked.
 *
 * Pure: time is an argument. Thread-safety: none needed, there is no state. */

#include "access/jwt.h"
#include "access/permit.h"

/* What is asked of a token beside its signature. */
typedef struct ClaimRules {
    const char *issuer, *audience; /* "": any */
    int64_t leeway_s;              /* how far its signer's clock and ours may be apart */
    bool ends_at_expiry;           /* the publisher ends when its token expires */
    Access access;                 /* of the stream, if the token does not say */
} ClaimRules;

/* Makes the permit for `stream`, of a token that gives `right`, at `now_s` (seconds since 1970).
 * TOKEN_GOOD: `permit` is filled, but for its proof. */
TokenFault publish_claims_read(const json_t *claims, const ClaimRules *rules, const char *stream,
                               PermitRight right, int64_t now_s, Permit *permit);

#endif
