/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEMPORARY      ".new" /* nginx serves no dot files */
#define SEGMENT_SUFFIX ".ts"

/* A file that has left the playlist. */
typedef struct Outdated {
    char name[PLAYLIST_NAME_SIZE];
    int64_t remove_at_us;
} Outdated;

struct SegmentStore {
    int folder;        /* descriptor */
    int64_t began_s;   /* wall clock at open: makes names unique beyond the life of any numbering */
    bool playlist_due; /* the file does not show what the playlist is */
    int64_t longest_90k; /* longest playlist so far */
    Playlist playlist;
    Outdated *outdated; /* in order of removal */
    size_t outdated_count, outdated_capacity;
    char text[PLAYLIST_TEXT_SIZE];
};

/* ---- files ---- */

static int write_all(int fd, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Puts a file in its place, whole. */
static int write_file(int folder, const char *name, const void *data, size_t len)
{
    int fd = openat(folder, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int error;

    if (fd < 0)
        return -1;
    if (write_all(fd, data, len) < 0)
        goto fail;
    if (close(fd) < 0) {
        fd = -1;
        goto fail;
    }
    fd = -1;
    if (renameat(folder, TEMPORARY, folder, name) == 0)
        return 0;
fail:
    error = errno;
    if (fd >= 0)
        close(fd);
    unlinkat(folder, TEMPORARY, 0);
    errno = error;
    return -1;
}

static ssize_t read_file(int folder, const char *name, char *buf, size_t size)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;

    if (fd < 0)
        return -1;
    while (len < size) {
        ssize_t n = read(fd, buf + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    close(fd);
    return (ssize_t)len;
}

static int write_playlist(SegmentStore *s)
{
    size_t len = playlist_write(&s->playlist, s->text);

    return write_file(s->folder, PLAYLIST_FILE, s->text, len);
}

/* ---- what has left the playlist ---- */

static void outdate(SegmentStore *s, const char *name, int64_t remove_at_us)
{
    if (s->outdated_count == s->outdated_capacity) {
        size_t capacity = s->outdated_capacity ? s->outdated_capacity * 2 : 16;
        Outdated *grown = realloc(s->outdated, capacity * sizeof(*grown));
        if (!grown)
            return; /* the file stays; the next run removes it */
        s->outdated = grown;
        s->outdated_capacity = capacity;
    }
    Outdated *o = &s->outdated[s->outdated_count++];
    snprintf(o->name, sizeof(o->name), "%s", name);
    o->remove_at_us = remove_at_us;
}

int64_t segment_store_expire(SegmentStore *s, int64_t now_us)
{
    size_t done = 0;

    while (done < s->outdated_count && s->outdated[done].remove_at_us <= now_us)
        unlinkat(s->folder, s->outdated[done++].name, 0);
    s->outdated_count -= done;
    if (done > 0)
        memmove(s->outdated, s->outdated + done, s->outdated_count * sizeof(*s->outdated));
    return s->outdated_count ? s->outdated[0].remove_at_us : NEVER_US;
}

/* ---- recovery ---- */

static bool is_listed(const Playlist *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->segments[i].name, name) == 0)
            return true;
    return false;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    return n > m && strcmp(name + n - m, suffix) == 0;
}

/* Segments that no playlist names any more are of a former run: a viewer may be about to fetch one,
 * so they stay as long as if they had left the playlist now. */
static void outdate_leftovers(SegmentStore *s, int64_t now_us)
{
    int fd = dup(s->folder);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        if (has_suffix(entry->d_name, SEGMENT_SUFFIX) &&
            strlen(entry->d_name) < PLAYLIST_NAME_SIZE && !is_listed(&s->playlist, entry->d_name))
            outdate(s, entry->d_name, now_us + 2 * ticks_to_us(s->longest_90k));
    closedir(dir);
}

/* Whether something that is listed is not there: the disk was lost, the playlist was not. */
static bool has_missing(const SegmentStore *s)
{
    for (size_t i = 0; i < s->playlist.count; i++)
        if (faccessat(s->folder, s->playlist.segments[i].name, R_OK, 0) < 0)
            return true;
    return false;
}

static void recover(SegmentStore *s, const SegmentStoreParams *params, int64_t now_us)
{
    ssize_t len = read_file(s->folder, PLAYLIST_FILE, s->text, sizeof(s->text));

    if (len <= 0 || playlist_read(&s->playlist, s->text, (size_t)len, params->window) < 0) {
        playlist_init(&s->playlist, params->target_duration_s, params->window);
        s->longest_90k = PLAYLIST_LIVE_MIN * params->target_duration_s * TICKS_PER_S;
    } else {
        s->longest_90k = playlist_duration_90k(&s->playlist);
        if (has_missing(s))
            playlist_restart(&s->playlist);
    }
    outdate_leftovers(s, now_us);
}

SegmentStore *segment_store_open(const SegmentStoreParams *params, int64_t now_us)
{
    char path[4096];
    SegmentStore *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->folder = -1;
    if (snprintf(path, sizeof(path), "%s/%s", params->directory, params->stream) >=
        (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        goto fail;
    }
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        goto fail;
    s->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->folder < 0)
        goto fail;
    s->began_s = (int64_t)time(NULL);
    recover(s, params, now_us);
    return s;
fail:
    free(s);
    return NULL;
}

void segment_store_close(SegmentStore **store)
{
    SegmentStore *s = *store;

    if (!s)
        return;
    close(s->folder);
    free(s->outdated);
    free(s);
    *store = NULL;
}

const Playlist *segment_store_playlist(const SegmentStore *s)
{
    return &s->playlist;
}

/* ---- segments ---- */

/* Takes everything off where the last broadcast has ended. Returns how many, moved to `dropped`. */
static size_t drop_ended(Playlist *p, PlaylistSegment *dropped)
{
    size_t n = p->ended ? p->count : 0;

    memcpy(dropped, p->segments, n * sizeof(*dropped));
    if (p->ended)
        playlist_restart(p);
    return n;
}

int segment_store_add(SegmentStore *s, const uint8_t *data, size_t len, PlaylistSegment *segment,
                      int64_t now_us)
{
    const Playlist before = s->playlist;
    PlaylistSegment dropped[PLAYLIST_SEGMENTS_MAX];
    size_t n = drop_ended(&s->playlist, dropped);
    int error;

    snprintf(segment->name, sizeof(segment->name), "seg-%" PRId64 "-%06" PRIu64 SEGMENT_SUFFIX,
             s->began_s, playlist_next_sequence(&s->playlist));
    if (write_file(s->folder, segment->name, data, len) < 0)
        goto fail;
    if (s->playlist.count == 0)
        segment->discontinuity = false; /* there is nothing before it to differ from */
    playlist_append(&s->playlist, segment);
    while (playlist_drop(&s->playlist, &dropped[n]))
        n++;
    if (write_playlist(s) < 0) {
        error = errno;
        unlinkat(s->folder, segment->name, 0);
        errno = error;
        goto fail;
    }
    for (size_t i = 0; i < n; i++)
        outdate(s, dropped[i].name, now_us + ticks_to_us(dropped[i].duration_90k + s->longest_90k));
    int64_t duration = playlist_duration_90k(&s->playlist);
    s->longest_90k = duration > s->longest_90k ? duration : s->longest_90k;
    return 0;
fail:
    s->playlist = before;
    return -1;
}

int segment_store_end(SegmentStore *s)
{
    if (s->playlist.count == 0 || s->playlist.ended)
        return 0;
    s->playlist.ended = true;
    if (write_playlist(s) == 0)
        return 0;
    s->playlist.ended = false;
    return -1;
}

int segment_store_clear(SegmentStore *s)
{
    const Playlist before = s->playlist;

    if (playlist_next_sequence(&before) == 0)
        return 0; /* nothing was ever written */
    playlist_restart(&s->playlist);
    s->playlist.ended = true;
    if (write_playlist(s) < 0) {
        s->playlist = before;
        return -1;
    }
    for (size_t i = 0; i < before.count; i++)
        unlinkat(s->folder, before.segments[i].name, 0);
    segment_store_expire(s, NEVER_US);
    return 0;
}
