/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/permit_json.h"

void json_set_text(json_t *object, const char *name, const char *text)
{
    if (text && text[0])
        json_object_set_new(object, name, json_string(text));
}

json_t *permit_owner(const Permit *permit)
{
    const char *by = permit->by_token ? "token" : permit->open ? "open" : "key";
    json_t *owner = json_pack("{s:s}", "by", by);

    json_set_text(owner, "sub", permit->subject);
    json_set_text(owner, "jti", permit->id);
    if (permit->issued)
        json_object_set_new(owner, "iat", json_integer(permit->issued));
    return owner;
}
