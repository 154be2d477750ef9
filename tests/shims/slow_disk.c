/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A slow disk, for programs that have this in LD_PRELOAD: while the file $SLOW_DISK is there, it
 * says which call is held and for how long, in ms, and which turn of this it is, as "rename 150 1"
 * ("sync": fsync and fdatasync); 0 ms are for as long as the file is there and of that turn. It is
 * read for each call. Only regular files and their names are slow. Each call that is held adds a
 * byte to $SLOW_DISK.held. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 10

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* For how long `call` is to be held, in this turn; -1: not at all. */
static int held_ms(const char *call, int *turn)
{
    const char *path = getenv("SLOW_DISK");
    FILE *file = path ? fopen(path, "re") : NULL;
    char name[16] = "";
    int ms = -1;

    if (!file)
        return -1;
    int read = fscanf(file, "%15s %d %d", name, &ms, turn);
    fclose(file);
    return read == 3 && strcmp(name, call) == 0 ? ms : -1;
}

/* stdio does not come back to our own write(). */
static void tell(void)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s.held", getenv("SLOW_DISK"));
    FILE *file = fopen(path, "ae");

    if (!file)
        return;
    fputc('.', file);
    fclose(file);
}

static void hold(const char *call)
{
    int turn = 0, ms = held_ms(call, &turn), now = turn;

    if (ms >= 0)
        tell();
    if (ms > 0)
        sleep_ms(ms);
    while (ms == 0 && now == turn) { /* another turn may begin before we see that ours has ended */
        sleep_ms(POLL_MS);
        ms = held_ms(call, &now);
    }
}

ssize_t write(int fd, const void *data, size_t len)
{
    static ssize_t (*next)(int, const void *, size_t);
    struct stat status;

    if (!next)
        next = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        hold("write");
    return next(fd, data, len);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    static int (*next)(int, const char *, int, const char *);

    if (!next)
        next = (int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat");
    hold("rename");
    return next(from_fd, from, to_fd, to);
}

static int sync_slowly(const char *call, int (**next)(int), int fd)
{
    if (!*next)
        *next = (int (*)(int))dlsym(RTLD_NEXT, call);
    hold("sync");
    return (*next)(fd);
}

int fsync(int fd)
{
    static int (*next)(int);

    return sync_slowly("fsync", &next, fd);
}

int fdatasync(int fd)
{
    static int (*next)(int);

    return sync_slowly("fdatasync", &next, fd);
}

int mkdir(const char *path, mode_t mode)
{
    static int (*next)(const char *, mode_t);

    if (!next)
        next = (int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir");
    hold("mkdir");
    return next(path, mode);
}
