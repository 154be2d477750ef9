/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs fuzz targets over files and over all files of folders, without libFuzzer, and over inputs
 * that are made of those at random, the same each time (mutate.h). Prints TAP.
 *
 * Usage: PROGRAM [--list | TARGET[:MORE] [FILE|FOLDER...] | TARGET:MORE...]
 * Without FILE a target runs over its corpus in the source tree; without TARGET all of them do.
 * MORE is how many inputs are made besides. What ends the program is kept in a file of /tmp. Each
 * target has a plan of its own. --list prints the names of the targets. */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "mutate.h"

#define INPUT_MAX 1048576 /* bytes; a corpus has small files */
#define MADE_MAX  4096    /* bytes of an input that is made, unless a file has more */
#define FILES_MAX 1024    /* of a corpus, that others are made of */

static const FuzzTarget *target;    /* that runs */
static int inputs;                  /* that it was given */
static FuzzInput tried;             /* now, if it has bytes */
static FuzzInput kept[FILES_MAX];   /* of its files */
static size_t kept_count, made_max; /* and the size of the largest, or MADE_MAX */

/* The sanitizers' own. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* Called as the program dies: what it was trying is kept. */
static void keep_input(void)
{
    char path[256];

    if (!tried.bytes)
        return;
    snprintf(path, sizeof(path), "/tmp/janus-hls-%s-%d", target->name, (int)getpid());
    FILE *file = fopen(path, "wbx");
    if (!file)
        return;
    fwrite(tried.bytes, 1, tried.len, file);
    fclose(file);
    fprintf(stderr, "%s fails over what is kept in %s\n", target->name, path);
    tried.bytes = NULL;
}

static void die(int signal_number)
{
    keep_input();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* Hands the target memory of exactly the input's size, so that a sanitizer sees where it ends.
 * Returns that, or NULL. */
static uint8_t *try_input(const uint8_t *bytes, size_t len)
{
    uint8_t *input = malloc(len ? len : 1);

    if (!input)
        return NULL;
    memcpy(input, bytes, len);
    tried = (FuzzInput){.bytes = input, .len = len};
    target->try_input(input, len);
    tried.bytes = NULL;
    inputs++;
    return input;
}

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
    uint8_t *input = try_input(bytes, len);
    if (!input)
        return -1;
    if (kept_count == FILES_MAX) {
        free(input);
        return 0;
    }
    kept[kept_count++] = (FuzzInput){.bytes = input, .len = len};
    if (len > made_max)
        made_max = len;
    return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of names: what is made of the files is then the same everywhere. */
static int run_folder(const char *path)
{
    struct dirent **entries;
    int status = 0, count = scandir(path, &entries, NULL, by_name);

    if (count < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && status == 0)
            status = run_file(file);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int run_path(const char *path)
{
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return run_folder(path);
    return run_file(path);
}

/* Tries `more` inputs that are made of the files. */
static int run_made(uint64_t more)
{
    uint8_t *made = malloc(made_max);
    int status = made && kept_count > 0 ? 0 : -1;

    for (uint64_t seed = 1; status == 0 && seed <= more; seed++) {
        uint8_t *input = try_input(made, mutate(kept, kept_count, seed, made, made_max));
        status = input ? 0 : -1;
        free(input);
    }
    free(made);
    return status;
}

static int run_target(char **paths, int count, uint64_t more)
{
    int status = 0;

    inputs = 0;
    kept_count = 0;
    made_max = MADE_MAX;
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
    if (status == 0 && more > 0)
        status = run_made(more);
    while (kept_count > 0)
        free(kept[--kept_count].bytes);
    return status;
}

/* Runs `one` over `paths`, and `more` inputs besides. Returns whether it failed. */
static bool fails(const FuzzTarget *one, char **paths, int count, uint64_t more)
{
    target = one;
    bool failed = run_target(paths, count, more) != 0;
    printf("1..1\n%s 1 - %s over %d inputs\n", failed ? "not ok" : "ok", target->name, inputs);
    return failed;
}

/* The target that an argument names, and how many inputs are made; NULL: there is none. */
static const FuzzTarget *find_target(const char *argument, uint64_t *more)
{
    char name[64];
    const char *colon = strchr(argument, ':');

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument, ":"), argument);
    *more = colon ? strtoull(colon + 1, NULL, 10) : 0;
    return fuzz_target_find(name);
}

/* Whether it is of the form TARGET:MORE. */
static bool is_target(const char *argument)
{
    uint64_t more;

    return strchr(argument, ':') && find_target(argument, &more);
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(keep_input);
    signal(SIGABRT, die);
    signal(SIGTERM, die);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        fuzz_targets_print();
        return 0;
    }
    for (int i = 1, next; i < argc; i = next) {
        uint64_t more;
        const FuzzTarget *one = find_target(argv[i], &more);
        if (!one) {
            fprintf(stderr, "%s: there is no target %s\n", argv[0], argv[i]);
            return 2;
        }
        for (next = i + 1; next < argc && !is_target(argv[next]);)
            next++;
        failed += fails(one, argv + i + 1, next - i - 1, more);
    }
    for (const FuzzTarget *const *entry = __start_fuzz_targets;
         argc == 1 && entry < __stop_fuzz_targets; entry++)
        failed += fails(*entry, NULL, 0, 0);
    return failed == 0 ? 0 : 1;
}
