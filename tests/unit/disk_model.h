/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_DISK_MODEL_H
#define UNIT_DISK_MODEL_H

/* What a power cut leaves of a folder. After harness.h.
 *
 * The linker puts what follows before the C library's calls (--wrap); they do what they should, and
 * note what would survive. Without a sync nothing has to: of what a file holds all, a part or
 * nothing may be there, and of what happened to names as much as some moment since the last sync of
 * the folder had. No order between the two is promised. That is less than any file system promises.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MODEL_FILES 8192
#define MODEL_NAMES 512
#define MODEL_FDS   256
#define MODEL_NAME  64

typedef struct ModelFile {
    uint8_t *data, *synced;
    size_t len, synced_len;
} ModelFile;

typedef struct ModelName {
    char name[MODEL_NAME];
    int file;
} ModelName;

typedef struct ModelFolder {
    bool there;
    int count;
    ModelName names[MODEL_NAMES];
} ModelFolder;

typedef enum ModelCut {
    CUT_LOSES_ALL,   /* that was not synced */
    CUT_LOSES_DATA,  /* but names are as they were */
    CUT_LOSES_NAMES, /* but files are as they were, where they can be found */
    CUT_HALVES_DATA, /* names are as they were */
    CUT_MIXES,       /* anything of that, file by file */
    MODEL_CUTS,
    CUT_NOTHING = MODEL_CUTS, /* the process ends, the machine does not */
} ModelCut;

static struct DiskModel {
    bool records;
    const char *root; /* the folder is "shop" in it */
    ModelFile files[MODEL_FILES];
    int file_count;
    ModelFolder now, synced, between; /* names now, as of the last sync, and at a moment since */
    bool parent_synced;
    int fd_file[MODEL_FDS]; /* 1 + the file; 0: none that is known */
    unsigned changes;
    void (*changed)(const char *renamed); /* after each; the new name of a file that was renamed */
} model;

int __real_openat(int at, const char *name, int flags, ...);
int __wrap_openat(int at, const char *name, int flags, ...);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __real_renameat(int from_at, const char *from, int to_at, const char *to);
int __wrap_renameat(int from_at, const char *from, int to_at, const char *to);
int __real_unlinkat(int at, const char *name, int flags);
int __wrap_unlinkat(int at, const char *name, int flags);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

/* ---- names and files ---- */

static ModelName *model_find(ModelFolder *f, const char *name)
{
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->names[i].name, name) == 0)
            return &f->names[i];
    return NULL;
}

static void model_put(ModelFolder *f, const char *name, int file)
{
    ModelName *n = model_find(f, name);

    if (!n) {
        assert_true(f->count < MODEL_NAMES && strlen(name) < MODEL_NAME);
        n = &f->names[f->count++];
        strcpy(n->name, name);
    }
    n->file = file;
}

static void model_remove(ModelFolder *f, const char *name)
{
    ModelName *n = model_find(f, name);

    if (n)
        *n = f->names[--f->count];
}

static void model_changed(const char *renamed)
{
    if (model.changes++ % 3 == 0)
        model.between = model.now;
    model.changed(renamed);
}

static bool model_is_folder(int fd, const char *under)
{
    struct stat a, b;
    char path[128];

    snprintf(path, sizeof(path), "%s%s", model.root, under);
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

static void model_write(ModelFile *f, const void *data, size_t len, size_t at)
{
    if (at + len > f->len) {
        f->data = realloc(f->data, at + len);
        assert_non_null(f->data);
        memset(f->data + f->len, 0, at + len - f->len);
        f->len = at + len;
    }
    memcpy(f->data + at, data, len);
}

static ModelFile *model_file_of(int fd)
{
    return model.records && fd >= 0 && fd < MODEL_FDS && model.fd_file[fd]
               ? &model.files[model.fd_file[fd] - 1]
               : NULL;
}

/* ---- the calls ---- */

int __wrap_openat(int at, const char *name, int flags, ...)
{
    int fd = __real_openat(at, name, flags, 0644);

    if (!model.records || fd < 0)
        return fd;
    assert_true(fd < MODEL_FDS);
    model.fd_file[fd] = 0;
    if (flags & O_DIRECTORY || !model_is_folder(at, "/shop"))
        return fd;
    model.now.there = true;
    ModelName *n = model_find(&model.now, name);
    if (!n && flags & O_CREAT) {
        assert_true(model.file_count < MODEL_FILES);
        model_put(&model.now, name, model.file_count++);
        n = model_find(&model.now, name);
    }
    if (n) {
        model.fd_file[fd] = n->file + 1;
        if (flags & O_TRUNC)
            model.files[n->file].len = 0;
    }
    if (flags & O_CREAT)
        model_changed(NULL);
    return fd;
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    ModelFile *f = model_file_of(fd);

    if (f) {
        model_write(f, data, len, f->len);
        model_changed(NULL);
    }
    return __real_write(fd, data, len);
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
    ModelFile *f = model_file_of(fd);

    if (f) {
        model_write(f, data, len, (size_t)at);
        model_changed(NULL);
    }
    return __real_pwrite(fd, data, len, at);
}

int __wrap_renameat(int from_at, const char *from, int to_at, const char *to)
{
    ModelName *n = model.records ? model_find(&model.now, from) : NULL;
    int status = __real_renameat(from_at, from, to_at, to);

    if (n && status == 0) {
        int file = n->file;
        model_remove(&model.now, from);
        model_put(&model.now, to, file);
        model_changed(to);
    }
    return status;
}

int __wrap_unlinkat(int at, const char *name, int flags)
{
    if (model.records && model_find(&model.now, name)) {
        model_remove(&model.now, name);
        model_changed(NULL);
    }
    return __real_unlinkat(at, name, flags);
}

/* Nothing is to be synced: the folder is in memory. */
int __wrap_fsync(int fd)
{
    ModelFile *f = model_file_of(fd);

    if (!model.records)
        return 0;
    if (f) {
        f->synced = realloc(f->synced, f->len + 1);
        assert_non_null(f->synced);
        memcpy(f->synced, f->data ? f->data : (uint8_t *)"", f->len);
        f->synced_len = f->len;
    } else if (model_is_folder(fd, "/shop")) {
        model.synced = model.between = model.now;
    } else if (model_is_folder(fd, "")) {
        model.parent_synced = true;
    }
    model_changed(NULL);
    return 0;
}

int __wrap_fdatasync(int fd)
{
    return __wrap_fsync(fd);
}

/* ---- a power cut ---- */

/* What is there of a file: `how` is one of loses, halves, or nothing. */
static void model_leave_file(const ModelFile *f, ModelCut how, int folder, const char *name)
{
    const uint8_t *data = how == CUT_LOSES_DATA ? f->synced : f->data;
    size_t len = how == CUT_LOSES_DATA ? f->synced_len : f->len;
    uint8_t *torn = NULL;

    /* of what was synced before, half of it again; of another, half of it and no more */
    bool same = f->len == f->synced_len && (len == 0 || memcmp(f->data, f->synced, f->len) == 0);
    if (how == CUT_HALVES_DATA && !same) {
        torn = malloc(len + 1);
        assert_non_null(torn);
        if (len > 0)
            memcpy(torn, f->data, len);
        if (f->synced_len == len && len > 0)
            memcpy(torn + len / 3, f->synced + len / 3, len - len / 3);
        else
            len /= 2;
        data = torn;
    }
    int fd = __real_openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(len ? __real_write(fd, data, len) : 0, len);
    close(fd);
    free(torn);
}

/* Makes the folder "shop" in `root`, as the machine finds it when it comes up again. */
static void model_leave(ModelCut cut, const char *root)
{
    bool names = cut != CUT_LOSES_ALL && cut != CUT_LOSES_NAMES;
    const ModelFolder *f = cut == CUT_MIXES ? &model.between : names ? &model.now : &model.synced;
    char path[160];

    if (!model.now.there || (!names && !model.parent_synced))
        return;
    snprintf(path, sizeof(path), "%s/shop", root);
    assert_row(mkdir(path, 0755) == 0, path, "%s", strerror(errno));
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    for (int i = 0; i < f->count; i++) {
        static const ModelCut mixed[] = {CUT_LOSES_DATA, CUT_HALVES_DATA, CUT_NOTHING};
        ModelCut how = cut == CUT_LOSES_ALL     ? CUT_LOSES_DATA
                       : cut == CUT_LOSES_NAMES ? CUT_NOTHING
                       : cut == CUT_MIXES       ? mixed[(unsigned)f->names[i].file * 7u % 11u % 3u]
                                                : cut;
        model_leave_file(&model.files[f->names[i].file], how, folder, f->names[i].name);
    }
    close(folder);
}

/* Removes what model_leave() has made, and what was put there since. */
static void model_clean(const char *root)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/shop", root);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(__real_unlinkat(dirfd(dir), entry->d_name, 0), 0);
    if (dir)
        closedir(dir);
    assert_int_equal(rmdir(path), 0);
}

static void model_begin(const char *root, void (*changed)(const char *renamed))
{
    memset(&model, 0, sizeof(model));
    model.root = root;
    model.changed = changed;
    model.records = true;
}

static void model_end(void)
{
    model.records = false;
    for (int i = 0; i < model.file_count; i++) {
        free(model.files[i].data);
        free(model.files[i].synced);
    }
}

#endif
