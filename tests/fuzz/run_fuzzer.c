/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs one of this program's fuzz targets with libFuzzer.
 *
 * Usage: PROGRAM --list | TARGET [LIBFUZZER'S OPTIONS AND CORPORA] */

#include "fuzz.h"

/* The target, for the processes that libFuzzer starts of itself: it does not pass them the first
 * argument. */
#define VARIABLE "FUZZ_TARGET"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const FuzzTarget *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (*argc == 2 && strcmp((*argv)[1], "--list") == 0) {
        fuzz_targets_print();
        exit(0);
    }
    if (*argc > 1 && (target = fuzz_target_find((*argv)[1]))) {
        setenv(VARIABLE, target->name, 1);
        (*argv)[1] = (*argv)[0];
        ++*argv;
        --*argc;
        return 0;
    }
    const char *name = getenv(VARIABLE);
    target = name ? fuzz_target_find(name) : NULL;
    if (!target) {
        fprintf(stderr, "Usage: %s --list | TARGET [OPTION...] [FOLDER...]\n", (*argv)[0]);
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return target->try_input(data, size);
}
