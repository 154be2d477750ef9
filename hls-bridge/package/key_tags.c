/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/key_tags.h"

void key_tags_segment(KeyTags *tags, const MediaKey *key, TextBuffer *out)
{
    if (tags->key == key)
        return;
    tags->key = key;
    if (!key) {
        text_add_string(out, "#EXT-X-KEY:METHOD=NONE\n");
        return;
    }
    text_add_string(out, key->cipher == MEDIA_CBCS ? "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\""
                                                   : "#EXT-X-KEY:METHOD=AES-128,URI=\"");
    text_add_string(out, key->uri);
    text_add_string(out, "\"\n");
}

void key_tags_map(KeyTags *tags, const MediaKey *key, TextBuffer *out)
{
    key_tags_segment(tags, key && key->cipher == MEDIA_CBCS ? key : NULL, out);
}
