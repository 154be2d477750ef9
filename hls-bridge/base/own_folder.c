/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/own_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings_reader.h"

int own_folder_check(const char *setting, const char *path, mode_t mode, char *error)
{
    char bare[PATH_MAX]; /* without a slash at its end, behind which a link is followed */
    struct stat is;
    const char *wrong = NULL;

    snprintf(bare, sizeof(bare), "%s", path);
    for (size_t len = strlen(bare); len > 1 && bare[len - 1] == '/';)
        bare[--len] = '\0';
    errno = 0;
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        wrong = "cannot be made: ";
    else if (lstat(bare, &is) < 0)
        wrong = "cannot be read: ";
    if (wrong) {
        snprintf(error, SETTINGS_ERROR_SIZE, "%s %s %s%s", setting, path, wrong, strerror(errno));
        return -1;
    }
    if (S_ISLNK(is.st_mode))
        wrong = "is a link: name the folder that it leads to";
    else if (!S_ISDIR(is.st_mode))
        wrong = "is not a folder";
    else if (is.st_mode & S_IWOTH)
        wrong = "can be written by everybody: name a folder of the bridge's own, or chmod o-w it";
    if (!wrong && access(path, W_OK | X_OK) < 0)
        snprintf(error, SETTINGS_ERROR_SIZE, "%s %s cannot be written: %s", setting, path,
                 strerror(errno));
    else if (wrong)
        snprintf(error, SETTINGS_ERROR_SIZE, "%s %s %s", setting, path, wrong);
    else
        return 0;
    return -1;
}

bool own_folder_is_within(const char *path, const char *of)
{
    char inner[PATH_MAX], outer[PATH_MAX];

    if (!realpath(path, inner) || !realpath(of, outer))
        return false;
    size_t len = strlen(outer);
    return strncmp(inner, outer, len) == 0 && (len == 1 || inner[len] == '/' || inner[len] == '\0');
}
