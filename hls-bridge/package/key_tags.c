/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/key_tags.h"

#include "hex_text.h"
#include "package/segment_cipher.h"

#define FAIRPLAY "skd://"

/* What METHOD=SAMPLE-AES says more than the address: to FairPlay that it is one of its own, and to
 * all others the vector that the initialisation segment has, too. */
static void add_sample_key(const MediaKey *key, TextBuffer *out)
{
    char iv[2 * MEDIA_KEY_ID_SIZE + 1];

    if (strncmp(key->uri, FAIRPLAY, strlen(FAIRPLAY)) == 0) {
        text_add_string(out,
                        "\",KEYFORMAT=\"com.apple.streamingkeydelivery\","
                        "KEYFORMATVERSIONS=\"1\"\n");
        return;
    }
    text_add_string(out, "\",IV=0x");
    hex_write(iv, key->id, sizeof(key->id));
    text_add_string(out, iv);
    text_add_string(out, "\n");
}

/* What METHOD=AES-128 says more than the address. */
static void add_segment_iv(int64_t msn, TextBuffer *out)
{
    uint8_t iv[SEGMENT_IV_SIZE];
    char text[2 * SEGMENT_IV_SIZE + 1];

    text_add_string(out, "\"");
    if (msn != KEY_TAGS_NO_IV) {
        segment_cipher_iv(msn, iv);
        hex_write(text, iv, sizeof(iv));
        text_add_string(out, ",IV=0x");
        text_add_string(out, text);
    }
    text_add_string(out, "\n");
}

void key_tags_segment(KeyTags *tags, const MediaKey *key, int64_t msn, TextBuffer *out)
{
    bool each = key && key->cipher == MEDIA_AES_128 && msn != KEY_TAGS_NO_IV;

    if (tags->key == key && !each)
        return;
    tags->key = key;
    if (!key) {
        text_add_string(out, "#EXT-X-KEY:METHOD=NONE\n");
        return;
    }
    if (key->cpix) {
        text_add_string(out, key->cpix->tags);
        return;
    }
    text_add_string(out, key->cipher == MEDIA_CBCS ? "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\""
                                                   : "#EXT-X-KEY:METHOD=AES-128,URI=\"");
    text_add_string(out, key->uri);
    if (key->cipher == MEDIA_CBCS)
        add_sample_key(key, out);
    else
        add_segment_iv(msn, out);
}

void key_tags_map(KeyTags *tags, const MediaKey *key, TextBuffer *out)
{
    key_tags_segment(tags, key && key->cipher == MEDIA_CBCS ? key : NULL, KEY_TAGS_NO_IV, out);
}
