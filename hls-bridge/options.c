/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings_reader.h"
#include "stream_name.h"

#define DEFAULT_FILE SYSCONFDIR "/hls-bridge.jcfg"

static const char usage[] =
    "Usage: hls-bridge [OPTIONS]\n"
    "Turns RTP (H.264, VP8, VP9, AV1 or H.265, and Opus) into HLS.\n"
    "\n"
    "  -c, --config FILE     configuration (" DEFAULT_FILE
    ")\n"
    "  -d, --directory DIR   where segments and playlists go, over hls.directory\n"
    "  -p, --port PORT       of the control API, over control.port and control.listen\n"
    "      --sdp FILE        listen for one publisher, as this session description says\n"
    "      --stream NAME     and publish it under this name\n"
    "  -v, --verbose         log every segment\n"
    "  -V, --version         print the version\n"
    "  -h, --help            print this\n"
    "\n"
    "With -d there need be no configuration file. Publishers are announced over HTTP on\n"
    "this machine; see docs/protocol.md. SIGTERM and SIGINT stop it.\n";

enum { OPTION_SDP = 256, OPTION_STREAM };

static const struct option names[] = {{"config", required_argument, NULL, 'c'},
                                      {"directory", required_argument, NULL, 'd'},
                                      {"port", required_argument, NULL, 'p'},
                                      {"sdp", required_argument, NULL, OPTION_SDP},
                                      {"stream", required_argument, NULL, OPTION_STREAM},
                                      {"verbose", no_argument, NULL, 'v'},
                                      {"version", no_argument, NULL, 'V'},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

/* Returns 0, 1 if all is said and done, or -1. */
static int read_each(int argc, char **argv, Options *options)
{
    char *end;
    int c;

    while ((c = getopt_long(argc, argv, "c:d:p:vVh", names, NULL)) != -1) {
        switch (c) {
        case 'c':
            options->config = optarg;
            break;
        case 'd':
            options->directory = optarg;
            break;
        case 'p':
            options->port = strtol(optarg, &end, 10);
            if (*end || options->port < 1 || options->port > UINT16_MAX) {
                fprintf(stderr, "hls-bridge: --port takes a port from 1 to 65535\n");
                return -1;
            }
            break;
        case OPTION_SDP:
            options->sdp = optarg;
            break;
        case OPTION_STREAM:
            options->stream = optarg;
            break;
        case 'v':
            options->verbose = true;
            break;
        case 'V':
            printf("hls-bridge %s\n", PACKAGE_VERSION);
            return 1;
        case 'h':
            fputs(usage, stdout);
            return 1;
        default:
            fprintf(stderr, "Try hls-bridge --help\n");
            return -1;
        }
    }
    return 0;
}

/* Checks what goes with what. Returns 0, or -1 after a sentence on stderr. */
static int check_options(int argc, char **argv, const Options *options)
{
    if (optind < argc) {
        fprintf(stderr, "hls-bridge: %s: it takes options alone; try hls-bridge --help\n",
                argv[optind]);
        return -1;
    }
    if (!options->sdp != !options->stream) {
        fprintf(stderr, "hls-bridge: --sdp and --stream go together\n");
        return -1;
    }
    if (options->stream && !stream_name_valid(options->stream)) {
        fprintf(stderr, "hls-bridge: --stream %s: %s\n", options->stream, STREAM_NAME_RULE);
        return -1;
    }
    return 0;
}

int options_read(int argc, char **argv, Options *options)
{
    int said = read_each(argc, argv, options);

    return said != 0 ? said : check_options(argc, argv, options);
}

/* The file of settings; NULL: with a folder on the command line everything else has a default. */
static const char *config_file(const Options *options)
{
    return options->config ? options->config : options->directory ? NULL : DEFAULT_FILE;
}

int options_settings(const Options *options, BridgeSettings *settings)
{
    const char *file = config_file(options);
    char error[SETTINGS_ERROR_SIZE];

    *settings = bridge_settings_defaults();
    if (file && bridge_settings_read(file, settings, error) < 0)
        goto fail;
    if (options->directory && snprintf(settings->directory, sizeof(settings->directory), "%s",
                                       options->directory) >= (int)sizeof(settings->directory)) {
        snprintf(error, sizeof(error), "--directory is longer than %zu bytes",
                 sizeof(settings->directory) - 1);
        goto fail;
    }
    if (options->port) {
        settings->control_port = options->port;
        settings->control_listen[0] = '\0';
    }
    if (bridge_settings_check(settings, error) == 0)
        return 0;
    fprintf(stderr, "hls-bridge: %s%s%s\n", file ? file : "", file ? ": " : "", error);
    return -1;
fail:
    fprintf(stderr, "hls-bridge: %s\n", error);
    return -1;
}
