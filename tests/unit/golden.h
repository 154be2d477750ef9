/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_GOLDEN_H
#define UNIT_GOLDEN_H

/* Fixtures, and golden files among them: what a module is to write, kept as a file. They lie in the
 * folder that the environment's FIXTURES names, else in the source tree. With GOLDEN_UPDATE set a
 * golden file is written again, for somebody to look at the difference and commit it. */

#include <stdlib.h>

#include "harness.h"

static inline void fixture_path(char *path, size_t size, const char *name)
{
    const char *folder = getenv("FIXTURES");

    snprintf(path, size, "%s/%s", folder ? folder : FIXTURES_DIR, name);
}

/* The bytes of a fixture, with a NUL behind them; the caller frees them. `len` may be NULL. */
static inline char *fixture_read(const char *name, size_t *len)
{
    char path[4096], *bytes = NULL;
    size_t n = 0, got;

    fixture_path(path, sizeof(path), name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no fixture at %s", path);
    do {
        bytes = realloc(bytes, n + 65536 + 1);
        assert_non_null(bytes);
        got = fread(bytes + n, 1, 65536, file);
        n += got;
    } while (got > 0);
    fclose(file);
    bytes[n] = '\0';
    if (len)
        *len = n;
    return bytes;
}

/* The length of the line at `text`, its end included. */
static inline size_t line_length(const char *text)
{
    const char *end = strchr(text, '\n');

    return end ? (size_t)(end + 1 - text) : strlen(text);
}

/* Prints the lines of `text`, each behind `mark`; a carriage return is made visible. */
static inline void print_lines(char mark, const char *text, size_t len)
{
    for (size_t n; len > 0; text += n, len -= n) {
        n = line_length(text);
        n = n < len ? n : len;
        size_t shown = n > 0 && text[n - 1] == '\n' ? n - 1 : n;
        bool cr = shown > 0 && text[shown - 1] == '\r';
        print_error("%c %.*s%s\n", mark, (int)(cr ? shown - 1 : shown), text, cr ? "\\r" : "");
    }
}

/* Prints how two texts differ: what stands between the lines that they begin with and the lines
 * that they end with alike. */
static inline void print_difference(const char *expected, const char *got)
{
    size_t e = strlen(expected), g = strlen(got), tail = 0;

    for (size_t n; *expected && (n = line_length(expected)) == line_length(got) &&
                   memcmp(expected, got, n) == 0;) {
        expected += n, got += n;
        e -= n, g -= n;
    }
    for (size_t n = 1; n <= e && n <= g && expected[e - n] == got[g - n]; n++)
        if ((n == e || expected[e - n - 1] == '\n') && (n == g || got[g - n - 1] == '\n'))
            tail = n;
    print_lines('-', expected, e - tail);
    print_lines('+', got, g - tail);
}

/* Fails, with the lines that differ, where `text` is not what the golden file `name` holds. */
static inline void assert_golden(const char *name, const char *text)
{
    char path[4096];

    fixture_path(path, sizeof(path), name);
    if (getenv("GOLDEN_UPDATE")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
    }
    char *expected = fixture_read(name, NULL);
    bool same = strcmp(expected, text) == 0;
    if (!same) {
        print_error("%s is not what was written:\n", name);
        print_difference(expected, text);
    }
    free(expected);
    if (!same)
        fail();
}

#endif
