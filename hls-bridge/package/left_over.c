/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/left_over.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "package/cmaf_playlists.h"
#include "package/output_files.h"
#include "package/segment_store.h"
#include "store/number_log.h"

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

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Whether only the folder of a stream has a file of this name. */
static bool is_of_stream(const char *name)
{
    return strcmp(name, NUMBER_LOG_FILE) == 0 || strcmp(name, PROTECTED_FILE) == 0 ||
           has_suffix(name, ".m3u8") || is_media(name);
}

/* What the entries of a folder say; `*error`: they cannot be read. */
static LeftOver look_into(DIR *dir, int *error)
{
    bool any = false, own = false, open = false;

    errno = 0;
    for (struct dirent *entry; !open && (entry = readdir(dir)); errno = 0) {
        const char *name = entry->d_name;
        any = any || !is_dots(name);
        own = own || is_of_stream(name);
        open = is_media(name) || (is_media_playlist(name) && is_open(dirfd(dir), name));
    }
    *error = open ? 0 : errno;
    return open ? LEFT_OVER_OPEN : any && !own ? LEFT_OVER_FOREIGN : LEFT_OVER_OLD;
}

LeftOver left_over_look(const char *directory, const char *stream)
{
    DIR *dir = open_folder(directory, stream);
    int error = dir ? 0 : errno;
    LeftOver left_over = dir ? look_into(dir, &error) : LEFT_OVER_FOREIGN;

    if (dir)
        closedir(dir);
    if (error && error != ENOTDIR && error != ENOENT)
        log_warn("%s: its folder cannot be read, and stays as it is: %s", stream, strerror(error));
    return error ? LEFT_OVER_FOREIGN : left_over;
}

/* Removes the files of a folder: last what tells that it is of a stream, and then what protects it.
 * It leaves folders alone. */
static void remove_files(DIR *dir)
{
    bool all = true;

    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (!is_dots(name) && strcmp(name, PROTECTED_FILE) != 0 &&
            strcmp(name, NUMBER_LOG_FILE) != 0)
            all = unlinkat(dirfd(dir), name, 0) == 0 && all;
    }
    if (all) {
        unlinkat(dirfd(dir), NUMBER_LOG_FILE, 0);
        unlinkat(dirfd(dir), PROTECTED_FILE, 0);
    }
}

void left_over_remove(const char *directory, const char *stream)
{
    char path[PATH_MAX];

    if (left_over_look(directory, stream) != LEFT_OVER_OLD)
        return;
    DIR *dir = open_folder(directory, stream);
    if (dir) {
        remove_files(dir);
        closedir(dir);
    }
    if (snprintf(path, sizeof(path), "%s/%s", directory, stream) < (int)sizeof(path))
        rmdir(path);
}
