/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FUZZ_H
#define FUZZ_H

/* A fuzz target is one file with a function that tries an input, and a line in the list of a
 * program in local.mk. It is linked twice: with libFuzzer (fuzz-*, ./configure --enable-fuzzers
 * CC=clang), and with run_corpus.c (corpus-*), which runs it over the files of corpus/NAME: a plain
 * test in every build. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct FuzzTarget {
    const char *name;
    int (*try_input)(const uint8_t *data, size_t size); /* returns 0 */
} FuzzTarget;

/* Enters `function` as the target `title`. The linker collects what stands in the section
 * fuzz_targets. */
#define FUZZ_TARGET(title, function)                                                               \
    static const FuzzTarget title##_target = {.name = #title, .try_input = (function)};            \
    static const FuzzTarget *const title##_entry __attribute__((used, section("fuzz_targets"))) =  \
        &title##_target

/* Where the linker puts what FUZZ_TARGET enters: the targets of this program, up to the second. */
extern const FuzzTarget *const __start_fuzz_targets[];
extern const FuzzTarget *const __stop_fuzz_targets[];

/* The target of this name, or NULL. */
static inline const FuzzTarget *fuzz_target_find(const char *name)
{
    for (const FuzzTarget *const *target = __start_fuzz_targets; target < __stop_fuzz_targets;
         target++) {
        if (strcmp((*target)->name, name) == 0)
            return *target;
    }
    return NULL;
}

/* Prints the name of each target of this program. */
static inline void fuzz_targets_print(void)
{
    for (const FuzzTarget *const *target = __start_fuzz_targets; target < __stop_fuzz_targets;
         target++)
        printf("%s\n", (*target)->name);
}

/* Ends the program where something is not as documented; in every build, as assert() is not. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
