/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_COUNT_FILES_H
#define UNIT_COUNT_FILES_H

/* After harness.h. */

#include <dirent.h>

/* Visits the files of the folder "shop" in `root` whose names end with `suffix` and have more
 * before it. Returns how many there are. */
static inline int visit_files(const char *root, const char *suffix, void (*visit)(const char *name))
{
    char path[128];
    int n = 0;

    snprintf(path, sizeof(path), "%s/shop", root);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name), tail = strlen(suffix);
        if (len <= tail || strcmp(entry->d_name + len - tail, suffix) != 0)
            continue;
        n++;
        if (visit)
            visit(entry->d_name);
    }
    closedir(dir);
    return n;
}

static inline int count_files(const char *root, const char *suffix)
{
    return visit_files(root, suffix, NULL);
}

#endif
