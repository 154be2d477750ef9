/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "viewer_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S    1000000.0
#define SECONDS_MAX 86400

static const char usage[] =
    "Usage: hls-viewers [OPTIONS] URL\n"
    "Watches a stream as many players at once, and reports what they got and how soon.\n"
    "\n"
    "URL is the http:// address of a playlist. Of a multivariant one, the first variant and its\n"
    "sound are played. If the server holds requests (CAN-BLOCK-RELOAD), each viewer always has a\n"
    "request waiting for the next part of each rendition, and fetches the part. If not, each "
    "viewer\n"
    "asks once in a target duration, and fetches segments.\n"
    "\n"
    "  -n, --viewers N    how many viewers, up to 20000 (100)\n"
    "  -t, --time S       watch for S seconds after all viewers have come (10)\n"
    "      --ramp S       the viewers come within S seconds (2)\n"
    "      --files DIR    the stream's folder, if the server is this machine: delays then count\n"
    "                     from when a part's last byte was written, else from when the first\n"
    "                     viewer heard of the part\n"
    "      --tokens FILE  each viewer has a playback token of its own, a line of FILE "
    "(hls-playback-token)\n"
    "      --hints        also ask for the part that the playlist hints at, as Apple's players do\n"
    "      --lists        fetch playlists only, no media\n"
    "      --poll         never ask for a part to come, as players without low latency\n"
    "      --plain        do not accept compressed playlists; almost all players do\n"
    "      --timeout S    an answer that takes longer is an error (30)\n"
    "      --json         print the report as JSON\n"
    "  -q, --quiet        do not print a line each second\n"
    "  -h, --help         print this\n"
    "\n"
    "Exit status: 0 every viewer got everything, 1 some did not, 2 it could not start.\n";

enum {
    OPTION_RAMP = 256,
    OPTION_FILES,
    OPTION_TOKENS,
    OPTION_HINTS,
    OPTION_LISTS,
    OPTION_POLL,
    OPTION_PLAIN,
    OPTION_TIMEOUT,
    OPTION_JSON,
};

static const struct option names[] = {
    {"viewers", required_argument, NULL, 'n'},
    {"time", required_argument, NULL, 't'},
    {"ramp", required_argument, NULL, OPTION_RAMP},
    {"files", required_argument, NULL, OPTION_FILES},
    {"tokens", required_argument, NULL, OPTION_TOKENS},
    {"hints", no_argument, NULL, OPTION_HINTS},
    {"lists", no_argument, NULL, OPTION_LISTS},
    {"poll", no_argument, NULL, OPTION_POLL},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool number(const char *text, double min, double max, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= min && *out <= max;
}

static bool read_viewers(const char *text, size_t *viewers)
{
    double value;

    if (!number(text, 1, VIEWERS_MAX, &value))
        return false;
    *viewers = (size_t)value;
    return *viewers == value;
}

static bool read_seconds(const char *text, double min, int64_t *us)
{
    double value;

    if (!number(text, min, SECONDS_MAX, &value))
        return false;
    *us = (int64_t)(value * US_PER_S);
    return true;
}

/* Returns NULL, or what the option takes. */
static const char *read_option(int option, const char *text, ViewerOptions *o)
{
    switch (option) {
    case 'n':
        return read_viewers(text, &o->viewers) ? NULL : "-n takes a whole number, 1 to 20000";
    case 't':
        return read_seconds(text, 0.1, &o->time_us) ? NULL : "-t takes seconds, 0.1 to 86400";
    case OPTION_RAMP:
        return read_seconds(text, 0, &o->ramp_us) ? NULL : "--ramp takes seconds, up to 86400";
    case OPTION_TIMEOUT:
        return read_seconds(text, 0.1, &o->timeout_us) ? NULL
                                                       : "--timeout takes seconds, 0.1 to 86400";
    case OPTION_FILES:
        o->files = text;
        break;
    case OPTION_TOKENS:
        o->tokens = text;
        break;
    case OPTION_HINTS:
        o->hints = true;
        break;
    case OPTION_LISTS:
        o->lists_only = true;
        break;
    case OPTION_POLL:
        o->poll = true;
        break;
    case OPTION_PLAIN:
        o->plain = true;
        break;
    case OPTION_JSON:
        o->json = true;
        break;
    default:
        o->quiet = true;
    }
    return NULL;
}

static ViewerOptionsResult refuse(const char *what)
{
    fprintf(stderr, "hls-viewers: %s; try hls-viewers --help\n", what);
    return VIEWERS_USAGE;
}

ViewerOptionsResult viewer_options_read(int argc, char **argv, ViewerOptions *o)
{
    int option;

    *o = (ViewerOptions){.viewers = 100,
                         .time_us = (int64_t)(10 * US_PER_S),
                         .ramp_us = (int64_t)(2 * US_PER_S),
                         .timeout_us = (int64_t)(30 * US_PER_S)};
    while ((option = getopt_long(argc, argv, "n:t:qh", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return VIEWERS_DONE;
        }
        if (option == '?') {
            fputs("Try hls-viewers --help\n", stderr);
            return VIEWERS_USAGE;
        }
        const char *wrong = read_option(option, optarg, o);
        if (wrong)
            return refuse(wrong);
    }
    if (optind + 1 != argc)
        return refuse("name one URL");
    if (o->poll && o->hints)
        return refuse("--poll and --hints contradict each other");
    o->url = argv[optind];
    return VIEWERS_GO;
}
