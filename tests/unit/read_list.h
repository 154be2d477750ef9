/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_READ_LIST_H
#define UNIT_READ_LIST_H

/* The lists of the stream "shop" in `root`, read as a viewer reads them. After harness.h. */

#include <fcntl.h>
#include <unistd.h>

#include "hls-bridge/package/ll_playlist.h"

/* Reads a file of the stream. Returns "" where there is none; the text is kept until the next call.
 */
static inline const char *text_of(const char *root, const char *name)
{
    static char text[LL_TEXT_SIZE];
    char path[128];

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static inline bool is_there(const char *root, const char *name, size_t len)
{
    char path[192];

    snprintf(path, sizeof(path), "%s/shop/%.*s", root, (int)len, name);
    return access(path, F_OK) == 0;
}

/* The same of a folder that is open: some tests ask a million times. */
static inline bool is_in(int folder, const char *name, size_t len)
{
    char file[96];

    assert_true(len < sizeof(file));
    memcpy(file, name, len);
    file[len] = '\0';
    return faccessat(folder, file, F_OK, 0) == 0;
}

/* Opens the stream's folder for is_in(); -1: there is none. The caller closes it. */
static inline int open_shop(const char *root)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/shop", root);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
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
    int folder = open_shop(root);

    for (const char *line = text_of(root, name), *end; (end = strchr(line, '\n')); line = end + 1) {
        bool part = strncmp(line, "#EXT-X-PART:", 12) == 0;
        bool map = strncmp(line, "#EXT-X-MAP:", 11) == 0;
        int len = (int)(end - line);
        const char *uri = part || map ? memmem(line, (size_t)len, "URI=\"", 5) : NULL;
        if (part && memmem(line, (size_t)len, "GAP=YES", 7)) {
            listed.gaps++;
        } else if (part || map) {
            assert_row(uri, name, "%.*s", len, line);
            uri += 5;
            assert_row(is_in(folder, uri, strcspn(uri, "\"")), name, "%.*s", len, line);
            assert_true(map || listed.maps > 0); /* it can be decoded */
            listed.maps += map;
            listed.parts += part;
        } else if (*line != '#' && !gap) {
            assert_row(is_in(folder, line, (size_t)len), name, "%.*s", len, line);
            listed.segments++;
        }
        if (*line != '#')
            gap = false;
        else if (strncmp(line, "#EXT-X-GAP", 10) == 0)
            gap = true;
    }
    if (folder >= 0)
        close(folder);
    return listed;
}

#endif
