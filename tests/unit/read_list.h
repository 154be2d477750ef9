/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_READ_LIST_H
#define UNIT_READ_LIST_H

/* The lists of the stream "shop" in `root`, read as a viewer reads them. After harness.h. */

#include "hls-bridge/package/ll_playlist.h"

/* Reads a file of the stream. Returns "" where there is none; the text is kept until the next call.
 */
static inline const char *text_of(const char *root, const char *name)
{
    static char text[LL_TEXT_SIZE];
    char path[128];

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[len] = '\0';
    return text;
}

static inline bool is_there(const char *root, const char *name, size_t len)
{
    char path[192];

    snprintf(path, sizeof(path), "%s/shop/%.*s", root, (int)len, name);
    return access(path, F_OK) == 0;
}

/* How many files of each sort a playlist names. */
typedef struct ListedFiles {
    int maps, parts, segments, gaps;
} ListedFiles;

/* Reads a playlist. No file that it names is missing, unless it says so. */
static inline ListedFiles read_list(const char *root, const char *name)
{
    ListedFiles listed = {0};
    bool gap = false;

    for (const char *line = text_of(root, name), *end; (end = strchr(line, '\n')); line = end + 1) {
        const char *uri = strstr(line, "URI=\"");
        bool part = strncmp(line, "#EXT-X-PART:", 12) == 0;
        bool map = strncmp(line, "#EXT-X-MAP:", 11) == 0;
        int len = (int)(end - line);
        if (part && memmem(line, (size_t)len, "GAP=YES", 7)) {
            listed.gaps++;
        } else if (part || map) {
            uri += 5;
            assert_row(is_there(root, uri, strcspn(uri, "\"")), name, "%.*s", len, line);
            assert_true(map || listed.maps > 0); /* it can be decoded */
            listed.maps += map;
            listed.parts += part;
        } else if (*line != '#' && !gap) {
            assert_row(is_there(root, line, (size_t)len), name, "%.*s", len, line);
            listed.segments++;
        }
        if (*line != '#')
            gap = false;
        else if (strncmp(line, "#EXT-X-GAP", 10) == 0)
            gap = true;
    }
    return listed;
}

#endif
