/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sdp/layer_names.h"

#include <stdbool.h>
#include <string.h>

/* What the bridge takes in a=label, and more than RFC 8851 allows. */
static bool is_rid(const char *rid)
{
    size_t len = rid ? strlen(rid) : 0;

    return len > 0 && len < RID_SIZE &&
           strspn(rid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static bool add_name(LayerNames *names, const char *rid)
{
    if (!is_rid(rid) || names->count == LAYERS_MAX)
        return false;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->rid[i], rid) == 0)
            return false;
    strcpy(names->rid[names->count++], rid);
    return true;
}

int layer_names_read(const json_t *simulcast, int mindex, LayerNames *out)
{
    size_t at, i;
    json_t *section, *rid;

    out->count = 0;
    json_array_foreach(simulcast, at, section)
    {
        const json_t *index = json_object_get(section, "mindex");
        if (!json_is_integer(index) || json_integer_value(index) != mindex)
            continue;
        json_array_foreach(json_object_get(section, "rids"), i, rid)
        {
            if (!add_name(out, json_string_value(rid)))
                return -1;
        }
        break;
    }
    return 0;
}
