/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "janus_offer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JANUS_RIDS 3

/* Notes the rid of an a=rid line that has `mindex` sections above it. */
static void add_rid(json_t *simulcast, int mindex, const char *line)
{
    size_t last = json_array_size(simulcast);
    json_t *section = last > 0 ? json_array_get(simulcast, last - 1) : NULL;
    char rid[16];

    if (mindex < 0 || sscanf(line, "a=rid:%15s", rid) != 1)
        return;
    if (!section || json_integer_value(json_object_get(section, "mindex")) != mindex) {
        section = json_pack("{s:i, s:[]}", "mindex", mindex, "rids");
        json_array_append_new(simulcast, section);
    }
    json_t *rids = json_object_get(section, "rids");
    if (json_array_size(rids) < JANUS_RIDS)
        json_array_append_new(rids, json_string(rid));
}

json_t *janus_offer(const char *offer)
{
    char *kept = calloc(1, strlen(offer) + 1), *end = kept;
    json_t *simulcast = json_array();
    int mindex = -1;

    for (const char *line = offer, *next; *line; line = next) {
        next = strchr(line, '\n');
        next = next ? next + 1 : line + strlen(line);
        mindex += strncmp(line, "m=", 2) == 0;
        if (strncmp(line, "a=rid:", 6) == 0)
            add_rid(simulcast, mindex, line);
        else if (strncmp(line, "a=simulcast:", 12) != 0)
            end = mempcpy(end, line, (size_t)(next - line));
    }
    json_t *jsep = json_pack("{s:s, s:s}", "type", "offer", "sdp", kept);
    if (jsep && json_array_size(simulcast) > 0)
        json_object_set(jsep, "simulcast", simulcast);
    json_decref(simulcast);
    free(kept);
    return jsep;
}
