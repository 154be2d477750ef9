/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/permit.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

static const char *const access_names[] = {
    [ACCESS_PUBLIC] = "public", [ACCESS_UNLISTED] = "unlisted", [ACCESS_PROTECTED] = "protected"};

static const struct {
    const char *name;
    PermitRight right;
} rights[] = {{"publish", PERMIT_PUBLISH},
              {"takeover", PERMIT_TAKE_OVER},
              {"kick", PERMIT_KICK},
              {"record", PERMIT_RECORD},
              {"cue", PERMIT_CUE}};

const char *access_name(Access access)
{
    return access_names[access];
}

bool access_read(const char *name, Access *out)
{
    for (size_t i = 0; i < sizeof(access_names) / sizeof(access_names[0]); i++)
        if (strcmp(access_names[i], name) == 0) {
            *out = (Access)i;
            return true;
        }
    return false;
}

unsigned permit_right_of(const char *name)
{
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
        if (strcmp(rights[i].name, name) == 0)
            return rights[i].right;
    return 0;
}

void permit_set_proof(Permit *permit, const char *secret)
{
    permit->has_proof =
        secret && EVP_Digest(secret, strlen(secret), permit->proof, NULL, EVP_sha256(), NULL) == 1;
}

bool permit_same_person(const Permit *a, const Permit *b)
{
    bool same = CRYPTO_memcmp(a->proof, b->proof, sizeof(a->proof)) == 0;

    if (a->by_token && b->by_token && a->subject[0] && strcmp(a->subject, b->subject) == 0)
        return true;
    return a->by_token == b->by_token && a->has_proof && b->has_proof && same;
}
