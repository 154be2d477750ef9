/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "settings_includes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "settings_reader.h"

#define INCLUDE_DEPTH 10  /* as of libconfig */
#define SHOWN_MAX     400 /* bytes of a path that an error has room for */

/* Where we are in the text, as libconfig's scanner sees it. */
typedef enum Place {
    IN_PLAIN,
    IN_LINE_COMMENT,
    IN_COMMENT,
    IN_STRING,
    IN_INCLUDE, /* in the path */
} Place;

typedef struct Scan {
    Place place; /* it goes on from an included file into the one that includes it */
    char held;   /* the character before, if it may mean something with the next; else 0 */
    char path[PATH_MAX];
    size_t len; /* of the path; it may be longer than there is room for */
    char *error;
} Scan;

static bool scan_file(Scan *scan, FILE *stream, int depth);

static void go_to(Scan *scan, Place place)
{
    scan->place = place;
    scan->held = 0;
}

static bool refuse(Scan *scan, const char *what)
{
    snprintf(scan->error, SETTINGS_ERROR_SIZE, "%.*s: %s", SHOWN_MAX, scan->path, what);
    return false;
}

/* The path is whole. */
static bool enter(Scan *scan, int depth)
{
    struct stat status;

    go_to(scan, IN_PLAIN);
    if (scan->len >= sizeof(scan->path)) /* no path is so long */
        return true;
    scan->path[scan->len] = '\0';
    if (stat(scan->path, &status) < 0)
        return true;
    if (depth == 0)
        return refuse(scan, "included by too many files");
    if (!S_ISREG(status.st_mode))
        return refuse(scan, "not a regular file");
    FILE *included = fopen(scan->path, "re");
    if (!included)
        return true;
    bool good = scan_file(scan, included, depth - 1);
    fclose(included);
    return good;
}

static void add_to_path(Scan *scan, char c)
{
    if (scan->place == IN_INCLUDE && scan->len < sizeof(scan->path))
        scan->path[scan->len++] = c;
}

/* Takes a character between quotes. Returns whether it ends them. */
static bool ends_quotes(Scan *scan, char c)
{
    bool escaped = scan->held == '\\' && (c == '\\' || c == '"');

    scan->held = !escaped && c == '\\' ? c : 0;
    if (scan->held)
        return false;
    if (!escaped && c == '"')
        return true;
    add_to_path(scan, c);
    return false;
}

static void take_plain(Scan *scan, char c)
{
    char before = scan->held;

    scan->held = c;
    if (c == '"')
        go_to(scan, IN_STRING);
    else if (c == '#' || (before == '/' && c == '/'))
        go_to(scan, IN_LINE_COMMENT);
    else if (before == '/' && c == '*')
        go_to(scan, IN_COMMENT);
}

static void take_comment(Scan *scan, char c)
{
    char before = scan->held;

    scan->held = c;
    if (before == '*' && c == '/')
        go_to(scan, IN_PLAIN);
}

static bool take(Scan *scan, char c, int depth)
{
    switch (scan->place) {
    case IN_PLAIN:
        take_plain(scan, c);
        break;
    case IN_LINE_COMMENT:
        if (c == '\n')
            go_to(scan, IN_PLAIN);
        break;
    case IN_COMMENT:
        take_comment(scan, c);
        break;
    case IN_STRING:
        if (ends_quotes(scan, c))
            go_to(scan, IN_PLAIN);
        break;
    case IN_INCLUDE:
        if (ends_quotes(scan, c))
            return enter(scan, depth);
        break;
    }
    return true;
}

/* If a line begins with an include, the length up to its path; else 0. */
static size_t include_len(const char *line)
{
    static const char word[] = "@include";
    const char *at = line + strspn(line, " \t");

    if (strncmp(at, word, strlen(word)) != 0)
        return 0;
    at += strlen(word);
    size_t blanks = strspn(at, " \t");
    return blanks > 0 && at[blanks] == '"' ? (size_t)(at + blanks + 1 - line) : 0;
}

static bool scan_line(Scan *scan, const char *line, size_t len, int depth)
{
    size_t at = scan->place == IN_PLAIN ? include_len(line) : 0;
    bool good = true;

    if (at > 0) {
        go_to(scan, IN_INCLUDE);
        scan->len = 0;
    }
    while (good && at < len)
        good = take(scan, line[at++], depth);
    return good;
}

static bool scan_file(Scan *scan, FILE *stream, int depth)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    bool good = true;

    while (good && (len = getline(&line, &size, stream)) >= 0)
        good = scan_line(scan, line, (size_t)len, depth);
    scan->held = 0; /* two characters of two files mean nothing together */
    free(line);
    return good;
}

bool settings_includes_are_files(FILE *stream, char *error)
{
    Scan scan = {.place = IN_PLAIN, .error = error};

    return scan_file(&scan, stream, INCLUDE_DEPTH);
}
