/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/left_over.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "package/cmaf_playlists.h"
#include "package/output_files.h"
#include "package/segment_store.h"

#define END      "#EXT-X-ENDLIST"
#define END_ROOM 64 /* bytes at the end of a playlist that hold it */

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    return n > m && strcmp(name + n - m, suffix) == 0;
}

static bool is_media(const char *name)
{
    return has_suffix(name, ".ts") || has_suffix(name, ".m4s") || has_suffix(name, ".mp4");
}

static bool is_media_playlist(const char *name)
{
    return has_suffix(name, ".m3u8") && strcmp(name, MASTER_FILE) != 0 &&
           strcmp(name, PLAYLISTS_FILE) != 0;
}

/* Whether a media playlist has no end; so has one that was lost or cannot be read. */
static bool is_open(int folder, const char *name)
{
    char tail[END_ROOM];
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return true;
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
    ssize_t len = pread(fd, tail, sizeof(tail), from);
    close(fd);
    return len <= 0 || !memmem(tail, (size_t)len, END, strlen(END));
}

/* Opens a stream's folder to read its entries; NULL: it cannot be. */
static DIR *open_folder(const char *directory, const char *stream)
{
    int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = root >= 0 ? openat(root, stream, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (!dir && fd >= 0)
        close(fd);
    if (root >= 0)
        close(root);
    return dir;
}

bool left_over_wants_care(const char *directory, const char *stream)
{
    DIR *dir = open_folder(directory, stream);
    bool wants = false;

    if (!dir)
        return false;
    for (struct dirent *entry; !wants && (entry = readdir(dir));)
        wants = is_media(entry->d_name) ||
                (is_media_playlist(entry->d_name) && is_open(dirfd(dir), entry->d_name));
    closedir(dir);
    return wants;
}

/* Removes the files of a folder, and what protects them when all others are gone. It leaves folders
 * alone. */
static void remove_files(DIR *dir)
{
    bool all = true;

    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, PROTECTED_FILE) != 0)
            all = unlinkat(dirfd(dir), name, 0) == 0 && all;
    }
    if (all)
        unlinkat(dirfd(dir), PROTECTED_FILE, 0);
}

void left_over_remove(const char *directory, const char *stream)
{
    char path[PATH_MAX];

    if (left_over_wants_care(directory, stream))
        return;
    DIR *dir = open_folder(directory, stream);
    if (dir) {
        remove_files(dir);
        closedir(dir);
    }
    if (snprintf(path, sizeof(path), "%s/%s", directory, stream) < (int)sizeof(path))
        rmdir(path);
}
