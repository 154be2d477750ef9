/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "given_keys.h"

#include <stdio.h>
#include <string.h>

/* Returns whether it is one, and there is room. */
static bool add(GivenKeys *k, const char *text)
{
    const char *colon = strchr(text, ':');

    if (!colon) {
        k->has_any = aes_reader_hex(text, '\0', k->any);
        return k->has_any;
    }
    if (k->count == GIVEN_KEYS_MAX || !aes_reader_hex(text, ':', k->item[k->count].kid) ||
        !aes_reader_hex(colon + 1, '\0', k->item[k->count].key))
        return false;
    k->count++;
    return true;
}

const char *given_keys_add(GivenKeys *k, const char *text)
{
    const char *error = NULL;
    char line[256];

    if (add(k, text))
        return NULL;
    FILE *file = fopen(text, "r");
    if (!file)
        return "a key is KID:KEY or KEY, each 32 hexadecimal digits, or a file of such lines";
    while (!error && fgets(line, sizeof(line), file)) {
        line[strcspn(line, " \t\r\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#' && !add(k, line))
            error =
                "a line of the file of keys is neither KID:KEY nor KEY, each 32 hexadecimal "
                "digits; or it has too many";
    }
    fclose(file);
    return error;
}

const uint8_t *given_keys_find(const GivenKeys *k, const uint8_t *kid)
{
    for (size_t i = 0; kid && i < k->count; i++)
        if (memcmp(k->item[i].kid, kid, AES_BYTES) == 0)
            return k->item[i].key;
    return k->has_any ? k->any : NULL;
}
