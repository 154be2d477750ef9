/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "hls-bridge/base/uuid_text.h"
#include "hls-bridge/keys/cpix_document.h"

/* Every line can stand in a list, as a tag of a key. */
static void check_tags(const char *tags)
{
    static const char begins[] = "#EXT-X-KEY:";
    const char *end;

    REQUIRE(*tags);
    for (; *tags; tags = end + 1) {
        end = strchr(tags, '\n');
        REQUIRE(end && strncmp(tags, begins, strlen(begins)) == 0);
        for (const char *c = tags; c < end; c++)
            REQUIRE(*c >= ' ' && *c <= '~');
        REQUIRE(memmem(tags, (size_t)(end - tags), "METHOD=SAMPLE-AES", 17));
        REQUIRE(memmem(tags, (size_t)(end - tags), "KEYFORMAT=\"", 11));
    }
}

/* Boxes are whole, and nothing is between them. */
static void check_boxes(const CpixKey *key)
{
    size_t all = 0;

    for (size_t i = 0; i < CPIX_SYSTEMS_MAX; i++) {
        const CpixPssh *box = &key->system[i];
        const uint8_t *at = key->pssh + box->at;
        REQUIRE(box->len <= key->pssh_len && box->at <= key->pssh_len - box->len);
        all += box->len;
        if (box->len == 0)
            continue;
        REQUIRE(box->len >= 32 && memcmp(at + 4, "pssh", 4) == 0);
        REQUIRE(((size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3]) ==
                box->len);
    }
    REQUIRE(all == key->pssh_len && all <= CPIX_PSSH_SIZE);
}

static int try_input(const uint8_t *data, size_t size)
{
    static CpixKey key;
    uint8_t id[UUID_BYTES];

    REQUIRE(uuid_text_read("0f8fad5b-d9cb-469f-a165-70867728950e", id));
    if (cpix_document_read((const char *)data, size, id, &key))
        return 0;
    REQUIRE(memcmp(key.id, id, sizeof(id)) == 0);
    REQUIRE(strlen(key.tags) < CPIX_TAGS_SIZE);
    check_tags(key.tags);
    check_boxes(&key);
    return 0;
}

FUZZ_TARGET(cpix_document, try_input);
