/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_SAMPLE_FILE_H
#define UNIT_SAMPLE_FILE_H

/* The samples of the configurations, as they are and with all that they show in force. */

#include <ctype.h>

#include "temp_file.h"

#define SAMPLE_SIZE 16384

/* Whether a line is a key that is commented out, as "  #segment = 2.0" and "  #shop: { ... }": a
 * word of people stands behind a space. */
static inline bool is_key_in_comment(const char *line)
{
    line += strspn(line, " ");
    return line[0] == '#' && islower((unsigned char)line[1]);
}

/* Writes a sample to a new file and its path to `path`, with every key in force; the caller unlinks
 * it. Returns how many were commented out. */
static inline size_t sample_in_force(const char *sample, char path[TEMP_FILE_SIZE])
{
    char line[256], text[SAMPLE_SIZE] = "";
    size_t keys = 0;
    FILE *in = fopen(sample, "r");

    assert_non_null(in);
    while (fgets(line, sizeof(line), in)) {
        if (is_key_in_comment(line)) {
            *strchr(line, '#') = ' ';
            keys++;
        }
        assert_true(strlen(text) + strlen(line) < sizeof(text));
        strcat(text, line);
    }
    fclose(in);
    temp_file(path, text);
    return keys;
}

#endif
