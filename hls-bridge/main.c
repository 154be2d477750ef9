/* SPDX-License-Identifier: GPL-3.0-or-later */

/* hls-bridge: arguments, start, wait for a signal, stop. */

#include <errno.h>
#include <getopt.h>
#include <libavutil/log.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "base/clock.h"
#include "stream/bridge_settings.h"
#include "stream/caretaker.h"
#include "control/control_api.h"
#include "events/event_sinks.h"
#include "serve/ll_server.h"
#include "settings_reader.h"
#include "stream/stream_table.h"

#define DEFAULT_FILE SYSCONFDIR "/hls-bridge.jcfg"
#define PLACE_SIZE   (BRIDGE_LISTEN_SIZE + 16)

/* What is asked to stop has so long for it, within the second that is promised. */
#define STOP_US      (800 * US_PER_MS)
#define STOP_LOOK_US (5 * US_PER_MS)

/* Memory of this size or more is the system's again as soon as it is freed, as the buffers of
 * segments are. Left to itself, glibc would raise that with the first of them, and keep them. */
#define MALLOC_OWN_PAGES (128 << 10)

static const char usage[] =
    "Usage: hls-bridge [OPTIONS]\n"
    "Turns RTP (H.264 and Opus) into HLS.\n"
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

typedef struct Options {
    const char *config; /* NULL: the default, if it is there */
    const char *directory, *sdp, *stream;
    long port; /* 0: as configured */
    bool verbose;
} Options;

/* ---- arguments ---- */

enum { OPTION_SDP = 256, OPTION_STREAM };

/* Returns 0, 1 where all is said and done, or -1. */
static int read_options(int argc, char **argv, Options *options)
{
    static const struct option names[] = {{"config", required_argument, NULL, 'c'},
                                          {"directory", required_argument, NULL, 'd'},
                                          {"port", required_argument, NULL, 'p'},
                                          {"sdp", required_argument, NULL, OPTION_SDP},
                                          {"stream", required_argument, NULL, OPTION_STREAM},
                                          {"verbose", no_argument, NULL, 'v'},
                                          {"version", no_argument, NULL, 'V'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
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

/* Returns 0, or -1 after a sentence on stderr. */
static int read_settings(const Options *options, BridgeSettings *settings)
{
    char error[SETTINGS_ERROR_SIZE];

    *settings = bridge_settings_defaults();
    /* with a folder on the command line everything else has a default */
    if ((options->config || !options->directory) &&
        bridge_settings_read(options->config ? options->config : DEFAULT_FILE, settings, error) < 0)
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
fail:
    fprintf(stderr, "hls-bridge: %s\n", error);
    return -1;
}

/* ---- the fixed-port mode ---- */

/* Reads a whole file of up to SDP_MAX_BYTES. Returns its length, or -1 with errno. */
static long read_sdp_file(const char *file, char *text)
{
    FILE *stream = fopen(file, "re");

    if (!stream)
        return -1;
    size_t len = fread(text, 1, SDP_MAX_BYTES, stream);
    int error = ferror(stream) ? errno : 0;
    fclose(stream);
    errno = error;
    return error ? -1 : (long)len;
}

static int listen_on_fixed_ports(const Options *options, StreamTable *table)
{
    static char text[SDP_MAX_BYTES];
    static SourceSdp sdp;
    uint16_t ports[STREAM_TRACKS_MAX], failed_port;

    long len = read_sdp_file(options->sdp, text);
    if (len < 0) {
        fprintf(stderr, "hls-bridge: %s: %s\n", options->sdp, strerror(errno));
        return -1;
    }
    const char *wrong = source_sdp_read(text, (size_t)len, &sdp);
    if (wrong) {
        fprintf(stderr, "hls-bridge: %s: %s\n", options->sdp, wrong);
        return -1;
    }
    if (stream_table_publish(table, options->stream, &sdp, true, ports, &failed_port) !=
        PUBLISH_CREATED) {
        if (failed_port)
            fprintf(stderr, "hls-bridge: UDP port %u cannot be opened: %s\n", failed_port,
                    strerror(errno));
        else
            fprintf(stderr, "hls-bridge: the stream %s cannot be opened: %s\n", options->stream,
                    strerror(errno));
        return -1;
    }
    for (size_t i = 0; i < sdp.count; i++)
        log_info("%s: listening for %s on UDP port %u", options->stream,
                 sdp.track[i].kind == TRACK_VIDEO ? "video" : "audio", ports[i]);
    return 0;
}

/* ---- life ---- */

/* Everything that runs beside main. */
typedef struct Parts {
    EventQueue *events;
    LlHub *ll_hub;
    Thumbnailer *thumbnailer;
    StreamTable *table;
    PublicList *list;
    Caretaker *caretaker;
    ControlApi *api;
    LlServer *ll_server;
} Parts;

static void wait_for_signal(const sigset_t *signals)
{
    int signal = 0;

    while (sigwait(signals, &signal) != 0)
        ;
    log_info("%s, stopping", signal == SIGINT ? "interrupted" : "terminated");
}

/* Who is told what happens. Returns NULL with errno. */
static EventQueue *make_events(const BridgeSettings *settings)
{
    const EventSinksParams wanted = {
        .janus = settings->events_janus,
        .emitter = settings->events_emitter,
        .file_bytes = settings->events_file,
    };
    EventSink sinks[EVENT_SINKS_MAX];
    const EventQueueParams params = {
        .clock = clock_system(),
        .sinks = sinks,
        .count = event_sinks_open(&wanted, sinks),
        .room = (size_t)settings->events_queue,
    };

    return params.count > 0 ? event_queue_create(&params) : NULL;
}

static StreamTable *make_table(const BridgeSettings *settings, const Parts *parts)
{
    return stream_table_create(&(StreamTableParams){
        .settings = settings,
        .clock = clock_system(),
        .ll_hub = parts->ll_hub,
        .thumbnailer = parts->thumbnailer,
        .events = parts->events,
    });
}

/* What is there of streams, without any yet. Returns 0, or -1 after a sentence on stderr. */
static int make_streams(const BridgeSettings *settings, Parts *parts)
{
    const LlHubParams hub = {
        .wait_us = settings->ll_wait_us,
        .part_bytes = (size_t)settings->ll_memory,
    };
    const char *failed = NULL;

    errno = ENOMEM; /* of whatever says nothing else */
    if (!(parts->events = make_events(settings)))
        failed = "the queue of events";
    else if (settings->ll_enabled && !(parts->ll_hub = ll_hub_create(&hub)))
        failed = "low-latency HLS";
    else if (settings->thumbnail_us && !(parts->thumbnailer = thumbnailer_create()))
        failed = "the thread of thumbnails";
    else if (!(parts->table = make_table(settings, parts)))
        failed = "the table of streams";
    else if (!(parts->list = public_list_create(settings->directory, clock_system())))
        failed = "the list of streams in hls.directory";
    if (!failed)
        return 0;
    fprintf(stderr, "hls-bridge: %s cannot be made: %s\n", failed, strerror(errno));
    return -1;
}

/* Where the control API is asked. Returns `text`. */
static const char *control_place(const BridgeSettings *settings, char text[PLACE_SIZE])
{
    if (*settings->control_listen)
        snprintf(text, PLACE_SIZE, "%s", settings->control_listen);
    else
        snprintf(text, PLACE_SIZE, "%s:%d", settings->control_address, (int)settings->control_port);
    return text;
}

/* Returns 0, or -1 after a sentence on stderr. */
static int start(const BridgeSettings *settings, Parts *parts)
{
    LlServerParams ll = {
        .address = settings->ll_address,
        .port = (uint16_t)settings->ll_port,
        .socket = settings->ll_socket,
        .connections = (size_t)settings->ll_connections,
        .timeout_us = settings->ll_timeout_us,
        .target_us = settings->segment_us,
        .clock = clock_system(),
    };
    char place[PLACE_SIZE];

    if (make_streams(settings, parts) < 0)
        return -1;
    ControlApiParams control = {
        .address = settings->control_address,
        .port = (uint16_t)settings->control_port,
        .socket = bridge_settings_control_socket(settings),
        .access = settings->control,
        .table = parts->table,
    };
    parts->api = control_api_create(&control);
    if (!parts->api) {
        fprintf(stderr, "hls-bridge: the control API cannot listen on %s: %s\n",
                control_place(settings, place), strerror(errno));
        return -1;
    }
    ll.hub = parts->ll_hub;
    parts->ll_server = settings->ll_enabled ? ll_server_create(&ll) : NULL;
    if (settings->ll_enabled && !parts->ll_server) {
        fprintf(stderr, "hls-bridge: low-latency HLS cannot be served on %s:%d%s%s: %s\n",
                settings->ll_address, (int)settings->ll_port, *settings->ll_socket ? " and " : "",
                settings->ll_socket, strerror(errno));
        return -1;
    }
    return 0;
}

static void *stop(void *data)
{
    Parts *parts = data;

    control_api_destroy(&parts->api);
    ll_server_destroy(&parts->ll_server);
    caretaker_destroy(&parts->caretaker);
    stream_table_destroy(&parts->table);
    thumbnailer_destroy(&parts->thumbnailer);
    public_list_destroy(&parts->list);
    ll_hub_destroy(&parts->ll_hub);
    event_queue_destroy(&parts->events);
    return NULL;
}

/* A thread that waits for a disk cannot be ended, and nobody can tell for how long: what is on disk
 * is whole at any time, so that the process may go without it. */
static void stop_in_time(Parts *parts, int status)
{
    const struct timespec pause = {.tv_nsec = STOP_LOOK_US * 1000};
    int64_t until_us = clock_monotonic_us(clock_system()) + STOP_US;
    pthread_t thread;

    if (pthread_create(&thread, NULL, stop, parts) != 0) {
        stop(parts);
        return;
    }
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        if (clock_monotonic_us(clock_system()) > until_us) {
            log_warn("the disk holds up what is to be written out: it is left");
            _exit(status);
        }
        nanosleep(&pause, NULL);
    }
}

static int run(const Options *options, const BridgeSettings *settings, const sigset_t *signals)
{
    Parts parts = {0};
    int status = EXIT_FAILURE;
    char place[PLACE_SIZE];

    if (start(settings, &parts) < 0)
        goto done;
    size_t recovered = stream_table_recover(parts.table);
    if (options->sdp && listen_on_fixed_ports(options, parts.table) < 0)
        goto done;
    /* only now, so that nobody is let into a stream that is still to be taken up */
    if (control_api_serve(parts.api) < 0) {
        fprintf(stderr, "hls-bridge: the control API cannot be served: %s\n", strerror(errno));
        goto done;
    }
    log_info("ready: segments go to %s, control API on %s", settings->directory,
             control_place(settings, place));
    if (settings->ll_enabled)
        log_info("low-latency HLS is served on %s:%d", settings->ll_address,
                 (int)settings->ll_port);
    if (recovered)
        log_info("%zu streams of an earlier run are taken up", recovered);
    parts.caretaker = caretaker_create(parts.table, parts.list);
    if (!parts.caretaker) {
        fprintf(stderr, "hls-bridge: a thread cannot be started: %s\n", strerror(errno));
        goto done;
    }
    wait_for_signal(signals);
    status = EXIT_SUCCESS;
done:
    stop_in_time(&parts, status);
    return status;
}

int main(int argc, char **argv)
{
    Options options = {0};
    BridgeSettings settings;
    sigset_t signals;

    int said = read_options(argc, argv, &options);
    if (said != 0)
        return said > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    if (read_settings(&options, &settings) < 0)
        return EXIT_FAILURE;
    bridge_log_verbose(options.verbose);
    av_log_set_level(AV_LOG_ERROR);
    mallopt(M_MMAP_THRESHOLD, MALLOC_OWN_PAGES);

    /* before any thread is made, so that all of them leave these to main */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return run(&options, &settings, &signals);
}
