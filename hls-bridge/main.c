/* SPDX-License-Identifier: GPL-3.0-or-later */

/* hls-bridge: start, wait for a signal, stop. */

#include <errno.h>
#include <libavutil/log.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/bridge_log.h"
#include "options.h"
#include "parts.h"
#include "stream/encryption_settings.h"

/* Blocks of this size or more, as the buffers of segments, go back to the system when they are
 * freed. By default glibc would raise this limit with the first of them, and keep them all. */
#define MALLOC_OWN_PAGES (128 << 10)

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

static void wait_for_signal(const sigset_t *signals)
{
    int signal = 0;

    while (sigwait(signals, &signal) != 0)
        ;
    log_info("%s, stopping", signal == SIGINT ? "interrupted" : "terminated");
}

static int run(const Options *options, const BridgeSettings *settings, const sigset_t *signals)
{
    Parts parts = {0};
    int status = EXIT_FAILURE;
    char place[PARTS_PLACE_SIZE];

    if (parts_start(settings, &parts) < 0)
        goto done;
    size_t recovered = stream_table_recover(parts.table);
    if (options->sdp && listen_on_fixed_ports(options, parts.table) < 0)
        goto done;
    /* only now, so that no publisher is let into a stream that is still to be taken up */
    if (control_api_serve(parts.api) < 0) {
        fprintf(stderr, "hls-bridge: the control API cannot be served: %s\n", strerror(errno));
        goto done;
    }
    log_info("ready: segments go to %s, control API on %s", settings->directory,
             parts_control_place(settings, place));
    if (settings->ll_enabled)
        log_info("low-latency HLS is served on %s:%d", settings->ll_address,
                 (int)settings->ll_port);
    if (encryption_settings_leave_dash_out(settings))
        log_info(
            "streams that are encrypted with AES-128 have no manifest.mpd: DASH has no such thing");
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
    parts_stop(&parts, status);
    return status;
}

/* A stream has some, and a viewer at low latency may have three requests held, each on a connection
 * of its own. Shells and containers give a program 1024 to begin with, of many more. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    Options options = {0};
    BridgeSettings settings;
    sigset_t signals;

    int said = options_read(argc, argv, &options);
    if (said != 0)
        return said > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    if (options_settings(&options, &settings) < 0)
        return EXIT_FAILURE;
    bridge_log_verbose(options.verbose);
    av_log_set_level(AV_LOG_ERROR);
    mallopt(M_MMAP_THRESHOLD, MALLOC_OWN_PAGES);
    raise_descriptor_limit();

    /* before any thread is made, so that all of them leave these to main */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return run(&options, &settings, &signals);
}
