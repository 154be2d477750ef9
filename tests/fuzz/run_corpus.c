/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs fuzz targets over files and over all files of folders, without libFuzzer. Prints TAP.
 *
 * Usage: PROGRAM [--list | TARGET [FILE|FOLDER...]]
 * Without FILE a target runs over its corpus in the source tree; without TARGET all of them do.
 * --list prints the names of the targets. */

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX 1048576 /* bytes; a corpus has small files */

static const FuzzTarget *target; /* that runs */
static int inputs;               /* that it was given */

/* Hands the target memory of exactly the file's size, so that a sanitizer sees where it ends. */
static int run_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");

    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    uint8_t *input = malloc(len ? len : 1);
    if (!input)
        return -1;
    memcpy(input, bytes, len);
    target->try_input(input, len);
    free(input);
    inputs++;
    return 0;
}

static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    int status = 0;

    if (!folder) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    for (struct dirent *entry; status == 0 && (entry = readdir(folder));) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        status = run_file(file);
    }
    closedir(folder);
    return status;
}

static int run_path(const char *path)
{
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return run_folder(path);
    return run_file(path);
}

static int run_target(char **paths, int count)
{
    int status = 0;

    inputs = 0;
    for (int i = 0; i < count && status == 0; i++)
        status = run_path(paths[i]);
    if (count == 0) {
        char folder[4096];
        snprintf(folder, sizeof(folder), "%s/%s", FUZZ_CORPUS_DIR, target->name);
        status = run_path(folder);
    }
    if (status == 0 && inputs == 0) {
        fprintf(stderr, "%s: there was nothing to run\n", target->name);
        status = -1;
    }
    return status;
}

int main(int argc, char **argv)
{
    const FuzzTarget *one = argc > 1 ? fuzz_target_find(argv[1]) : NULL;
    int failed = 0, number = 0;

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        fuzz_targets_print();
        return 0;
    }
    if (argc > 1 && !one) {
        fprintf(stderr, "%s: there is no target %s\n", argv[0], argv[1]);
        return 2;
    }
    printf("1..%d\n", one ? 1 : (int)(__stop_fuzz_targets - __start_fuzz_targets));
    for (const FuzzTarget *const *entry = __start_fuzz_targets; entry < __stop_fuzz_targets;
         entry++) {
        if (one && *entry != one)
            continue;
        target = *entry;
        int status = run_target(argv + 2, one ? argc - 2 : 0);
        failed += status != 0;
        printf("%s %d - %s over %d inputs\n", status == 0 ? "ok" : "not ok", ++number, target->name,
               inputs);
    }
    return failed == 0 ? 0 : 1;
}
