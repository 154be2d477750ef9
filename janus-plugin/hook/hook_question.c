/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hook/hook_question.h"

#include <jansson.h>

#include "access/permit_json.h"
#include "hex_text.h"
#include "utc_text.h"

/* Who publishes, and by which key. */
static json_t *describe_publisher(const Permit *permit)
{
    json_t *publisher = permit_owner(permit);
    char hex[2 * PERMIT_PROOF_SIZE + 1];

    hex_write(hex, permit->proof, PERMIT_PROOF_SIZE);
    if (permit->has_proof && !permit->by_token)
        json_set_text(publisher, "key_sha256", hex);
    return publisher;
}

static json_t *describe(const HookQuestionParams *params)
{
    const Permit *permit = params->permit;
    const char *title = permit->title[0] ? permit->title : params->request->title;
    Access access = permit->access;

    if (access == ACCESS_PUBLIC && params->request->unlisted)
        access = ACCESS_UNLISTED;
    json_t *data = json_pack("{s:s, s:s, s:I}", "stream", permit->name, "access",
                             access_name(access), "bitrate", (json_int_t)params->bitrate);
    json_set_text(data, "title", title);
    if (params->request->chooses)
        json_set_text(data, "codec", codec_name(params->request->codec));
    if (permit->end)
        json_object_set_new(data, "end", json_integer(permit->end));
    json_object_set_new(data, "publisher", describe_publisher(permit));
    return data;
}

char *hook_question(const HookQuestionParams *params)
{
    char time[UTC_TEXT_SIZE];
    TextBuffer out = text_buffer(time, sizeof(time));

    utc_text_add(&out, params->now_s * 1000000, 0);
    json_t *question =
        json_pack("{s:s, s:s, s:o}", "type", params->takes_over ? "takeover" : "publish",
                  "timestamp", time, "data", describe(params));
    char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
    json_decref(question);
    return text;
}
