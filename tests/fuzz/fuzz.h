/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FUZZ_H
#define FUZZ_H

/* A fuzz target is one file with this function. It is linked twice: with libFuzzer as fuzz_NAME
 * (./configure --enable-fuzzers CC=clang), and with run_corpus.c as corpus_NAME, which runs the
 * target over the files of corpus/NAME: a plain test in every build. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Tries one input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program where something is not as documented; in every build, as assert() is not. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
