/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs a fuzz target over files and over all files of folders, without libFuzzer.
 *
 * Usage: corpus_NAME [FILE|FOLDER...]   without any, over the corpus in the source tree */

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX 1048576 /* bytes; a corpus has small files */

static int inputs;

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
    LLVMFuzzerTestOneInput(input, len);
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

int main(int argc, char **argv)
{
    const char *name = strstr(program_invocation_short_name, "corpus_");
    int status = 0;

    for (int i = 1; i < argc && status == 0; i++)
        status = run_path(argv[i]);
    if (argc == 1 && name) {
        char folder[4096];
        snprintf(folder, sizeof(folder), "%s/%s", FUZZ_CORPUS_DIR, name + strlen("corpus_"));
        status = run_path(folder);
    }
    if (status == 0 && inputs == 0) {
        fprintf(stderr, "%s: there was nothing to run\n", argv[0]);
        status = -1;
    }
    printf("%d inputs\n", inputs);
    return status == 0 ? 0 : 1;
}
