/* SPDX-License-Identifier: GPL-3.0-or-later */

/* hls-doctor: watches an HLS playlist as a viewer would, and says what is wrong with it. */

#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "classic.h"
#include "clock.h"
#include "fetch.h"
#include "follow.h"
#include "given_keys.h"
#include "m3u8.h"
#include "poll.h"

#define US_PER_S 1000000ll
#define MB       (1 << 20)

static const char usage[] =
    "Usage: hls-doctor [OPTIONS] PLAYLIST\n"
    "Watches HLS as a player does, and reports what is wrong with it. It checks the rules of HLS\n"
    "over time, and each segment alone and in sequence. If the stream shows the test card, it "
    "also\n"
    "measures how well sound and picture fit. It follows a multivariant playlist, or a media\n"
    "playlist with parts, as players at low latency do: all renditions at once.\n"
    "\n"
    "PLAYLIST is a URL or a file (index.m3u8, master.m3u8).\n"
    "\n"
    "  -t, --time SECONDS   how long to watch a live playlist (20)\n"
    "  -w, --wait SECONDS   how long to wait for the playlist to appear (0)\n"
    "  -m, --memory MB      end the watching when so much memory is taken: a server may list new\n"
    "                       things without end (1024; not of a playlist without parts)\n"
    "  -a, --aligned        renditions must be cut at the same places, to the tick: a fault if\n"
    "                       they are not (without: a remark)\n"
    "  -A, --apple          check a multivariant playlist by Apple's authoring rules too\n"
    "  -k, --key KID:KEY    decrypt with this key, each in hexadecimal; KEY alone: whatever its "
    "ID\n"
    "                       is; or a file of such lines. Without, keys are fetched from where the\n"
    "                       playlist has them. May be repeated\n"
    "  -j, --json           print JSON\n"
    "  -q, --quiet          print the result only\n"
    "  -h, --help           print this\n"
    "\n"
    "SIGINT (Ctrl-C) ends the watching, and the result is printed as ever; a second one ends all.\n"
    "\n"
    "Exit status: 0 nothing is wrong, 1 faults were found, 2 the playlist could not be watched.\n";

static volatile sig_atomic_t over; /* it has been watched for long enough */

static void on_interrupt(int signal)
{
    (void)signal;
    over = 1;
}

typedef struct Options {
    const char *where;
    double time_s, wait_s, memory_mb;
    bool aligned, apple, json, quiet;
    GivenKeys keys;
} Options;

static bool read_number(const char *text, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= 0 && *out <= 1e6;
}

/* Returns 0, or the exit status + 1 if there is nothing left to do. */
static int read_options(int argc, char **argv, Options *o)
{
    static const struct option names[] = {
        {"time", required_argument, NULL, 't'},   {"wait", required_argument, NULL, 'w'},
        {"memory", required_argument, NULL, 'm'}, {"aligned", no_argument, NULL, 'a'},
        {"apple", no_argument, NULL, 'A'},        {"key", required_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},         {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    int c;

    *o = (Options){.time_s = 20, .memory_mb = 1024};
    while ((c = getopt_long(argc, argv, "t:w:m:aAk:jqh", names, NULL)) != -1) {
        const char *wrong = NULL;
        bool good = true;
        if (c == 't')
            good = read_number(optarg, &o->time_s);
        else if (c == 'w')
            good = read_number(optarg, &o->wait_s);
        else if (c == 'm')
            good = read_number(optarg, &o->memory_mb);
        else if (c == 'a')
            o->aligned = true;
        else if (c == 'A')
            o->apple = true;
        else if (c == 'k')
            wrong = given_keys_add(&o->keys, optarg);
        else if (c == 'j')
            o->json = true;
        else if (c == 'q')
            o->quiet = true;
        else if (c == 'h')
            return fputs(usage, stdout), 1;
        else
            return fputs("Try hls-doctor --help\n", stderr), 3;
        if (!good)
            return fprintf(stderr, "hls-doctor: -%c takes a number, of seconds or MB\n", c), 3;
        if (wrong)
            return fprintf(stderr, "hls-doctor: --key: %s\n", wrong), 3;
    }
    if (optind + 1 != argc)
        return fputs("hls-doctor: name one playlist; try hls-doctor --help\n", stderr), 3;
    o->where = argv[optind];
    return 0;
}

static void print_json(json_t *report)
{
    json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(report);
}

typedef enum Kind { MISSING, CLASSIC, LOW_LATENCY, MULTIVARIANT } Kind;

/* Waits for the playlist to appear. Returns what it is; MISSING: it is not there, or no playlist.
 */
static Kind kind_of(const Options *o, Fetch *fetch)
{
    int64_t wait_until = clock_us(CLOCK_MONOTONIC) + (int64_t)(o->wait_s * US_PER_S);
    Kind kind = MISSING;
    const char *wrong;
    M3u8 *m;

    for (;;) {
        Fetched file = fetch_playlist(fetch);
        m = file.status == 200 ? m3u8_read((const char *)file.data, file.len, &wrong) : NULL;
        if (m || clock_us(CLOCK_MONOTONIC) >= wait_until)
            break;
        poll_pause();
    }
    if (m)
        kind = m->is_multivariant ? MULTIVARIANT : m->has_part_inf ? LOW_LATENCY : CLASSIC;
    m3u8_destroy(&m);
    return kind;
}

/* Returns the exit status. */
static int follow_all(const Options *o)
{
    FollowOptions options = {.url = o->where,
                             .keys = &o->keys,
                             .time_s = o->time_s,
                             .memory = (int64_t)(o->memory_mb * MB),
                             .quiet = o->quiet || o->json,
                             .apple = o->apple,
                             .aligned = o->aligned,
                             .over = &over};
    Follow *f = follow_create(&options);
    int status = 2;

    if (!f || follow_run(f) < 0) {
        fprintf(stderr, "hls-doctor: %s cannot be followed\n", o->where);
    } else {
        if (o->json)
            print_json(follow_json(f));
        else
            follow_print(f);
        status = follow_faults(f) ? 1 : 0;
    }
    follow_destroy(&f);
    return status;
}

/* Watches a classic playlist. Returns the exit status. */
static int watch_classic(const Options *o, Fetch *fetch)
{
    const ClassicOptions options = {o->where, o->time_s, o->wait_s, o->quiet || o->json,
                                    &o->keys, &over};
    Classic *c = classic_create(&options, fetch);
    int status = 2;

    if (!c) {
        fputs("hls-doctor: there is no memory\n", stderr);
    } else if (classic_run(c) < 0) {
        fprintf(stderr, "hls-doctor: %s is not there, or is no playlist\n", o->where);
    } else {
        if (o->json)
            print_json(classic_json(c));
        else
            classic_print(c);
        status = classic_faults(c) ? 1 : 0;
    }
    classic_destroy(&c);
    return status;
}

int main(int argc, char **argv)
{
    Options options;
    int status = read_options(argc, argv, &options);
    if (status)
        return status - 1;

    sigaction(
        SIGINT,
        &(struct sigaction){.sa_handler = on_interrupt, .sa_flags = SA_RESTART | (int)SA_RESETHAND},
        NULL);
    Fetch *fetch = fetch_create(options.where);
    if (!fetch) {
        fputs("hls-doctor: there is no memory\n", stderr);
        return 2;
    }
    Kind kind = kind_of(&options, fetch);
    if (kind == MISSING) {
        fprintf(stderr, "hls-doctor: %s is not there, or is no playlist\n", options.where);
        status = 2;
    } else if (options.apple && kind != MULTIVARIANT) {
        fprintf(stderr, "hls-doctor: --apple is for a multivariant playlist, and %s is none\n",
                options.where);
        status = 2;
    } else {
        status = kind == CLASSIC ? watch_classic(&options, fetch) : follow_all(&options);
    }
    fetch_destroy(&fetch);
    return status;
}
