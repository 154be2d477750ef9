/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parts.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "base/clock.h"
#include "events/event_sinks.h"
#include "stream/encryption_settings.h"
#include "transcode/named_ladders.h"
#include "transcode/transcoder_try.h"

/* What is asked to stop has so long for it, within the second that is promised. */
#define STOP_US      (800 * US_PER_MS)
#define STOP_LOOK_US (5 * US_PER_MS)

#define TRANSCODER "hls-transcoder"

#define DISK_HOLDS_UP "a disk holds up what is still to be written"

/* Who is told what happens. Returns NULL with errno. */
static EventQueue *make_events(const BridgeSettings *settings)
{
    const EventSinksParams wanted = {
        .janus = settings->events_janus,
        .emitter = settings->events_emitter,
        .file_bytes = settings->events_file,
        .clock = clock_system(),
        .webhooks = &settings->webhooks,
        .directory = settings->events_directory,
        .limits = settings->webhook_limits,
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

/* Where hls-transcoder is if no setting says so: beside the bridge, as in a build tree, or
 * installed.
 */
static void find_transcoder(const BridgeSettings *settings, char path[BRIDGE_PATH_SIZE])
{
    ssize_t len = readlink("/proc/self/exe", path, BRIDGE_PATH_SIZE - sizeof(TRANSCODER));

    while (len > 0 && path[len - 1] != '/')
        len--;
    snprintf(path + (len > 0 ? len : 0), sizeof(TRANSCODER), TRANSCODER);
    if (*settings->transcoder)
        snprintf(path, BRIDGE_PATH_SIZE, "%s", settings->transcoder);
    else if (len <= 0 || access(path, X_OK) < 0)
        snprintf(path, BRIDGE_PATH_SIZE, LIBEXECDIR "/" TRANSCODER);
}

static int make_thumbnail(void *self, Codec codec, const uint8_t *data, size_t len,
                          ByteBuffer *jpeg)
{
    return thumbnail_process_make(self, codec, data, len, jpeg);
}

static void rest_thumbnails(void *self)
{
    thumbnail_process_rest(self);
}

static void stop_thumbnails(void *self)
{
    thumbnail_process_stop(self);
}

/* Returns NULL with errno. */
static Thumbnailer *make_thumbnailer(Parts *parts)
{
    const ThumbnailProcessParams params = {
        .program = parts->transcoder,
        .clock = clock_system(),
        .patience_us = THUMBNAIL_PATIENCE_US,
    };

    parts->thumbnail_process = thumbnail_process_create(&params);
    if (!parts->thumbnail_process)
        return NULL;
    return thumbnailer_create(&(ThumbnailMaker){make_thumbnail, rest_thumbnails, stop_thumbnails,
                                                parts->thumbnail_process});
}

/* What is transcoded of each stream. */
static RungsParams describe_rungs(const BridgeSettings *settings, Parts *parts)
{
    RungsParams params = {
        .program = parts->transcoder,
        .config = {.threads = (int)settings->encoder_threads,
                   .memory_mib = (int)settings->transcoder_mib},
        .ladders = settings->ladders,
        .encoders = (size_t)settings->encoders_each,
        .budget = &parts->encoders,
        .idle_us = bridge_settings_rung_idle_us(settings),
        .audience = {.directory = settings->directory},
    };
    char error[RUNG_LADDER_ERROR_SIZE];

    atomic_init(&parts->encoders.left, (size_t)settings->encoders);
    rung_ladder_read(settings->ladder, &params.config.ladder, error); /* which was checked */
    snprintf(params.config.encoder, sizeof(params.config.encoder), "%s", settings->encoder);
    return params;
}

/* What is wrong with the transcoder is said at the start, and not when somebody publishes. Returns
 * 0, or -1 after a sentence on stderr. */
static int try_transcoder(const RungsParams *rungs)
{
    char error[TRANSCODER_TRY_SIZE];

    bool none = rungs->config.ladder.count == 0 && !named_ladders_have_rungs(rungs->ladders);

    if (none || transcoder_try(rungs->program, &rungs->config, error) == 0)
        return 0;
    fprintf(stderr, "hls-bridge: %s\n", error);
    return -1;
}

/* Makes what tells who watches. Returns 0, or -1 after a sentence on stderr. */
static int look_for_viewers(Parts *parts)
{
    if (parts->rungs.idle_us == 0)
        return 0;
    parts->readers = folder_readers_create();
    parts->rungs.audience.readers = parts->readers;
    parts->rungs.audience.hub = parts->ll_hub;
    if (parts->readers)
        return 0;
    fprintf(stderr,
            "hls-bridge: transcode.when \"watched\" needs inotify, by which the kernel tells which "
            "files viewers read: %s. Set it to \"always\", or raise "
            "fs.inotify.max_user_instances\n",
            strerror(errno));
    return -1;
}

/* Returns 0, or -1 with errno. */
static int make_key_server(const BridgeSettings *settings, Parts *parts)
{
    const BridgeKeyServer *wanted = &settings->keys;
    const KeyServerParams params = {
        .clock = clock_system(),
        .url = wanted->url,
        .header_file = wanted->header_file,
        .secret_file = wanted->secret_file,
        .timeout_us = wanted->timeout_us,
        .systems = encryption_settings_systems(settings),
    };

    if (*wanted->url == '\0')
        return 0;
    parts->keys = key_server_create(&params);
    return parts->keys ? 0 : -1;
}

/* Returns 0, or -1 after a sentence on stderr. */
static int make_playback(const BridgeSettings *settings, Parts *parts)
{
    const BridgePlayback *wanted = &settings->playback;
    const PlaybackGateParams params = {
        .address = wanted->address,
        .port = (uint16_t)wanted->port,
        .connections = (size_t)wanted->connections,
        .sessions = (size_t)wanted->sessions,
        .keep_us = wanted->keep_us,
        .allows_on_timeout = strcmp(wanted->on_timeout, "allow") == 0,
        .allows_on_unreachable = strcmp(wanted->on_unreachable, "allow") == 0,
        .hook = {.clock = clock_system(),
                 .url = wanted->url,
                 .secret_file = wanted->secret_file,
                 .timeout_us = wanted->timeout_us,
                 .retries = wanted->retries,
                 .waiting = (size_t)wanted->waiting},
    };

    if (*wanted->url == '\0' || (parts->playback = playback_gate_create(&params)))
        return 0;
    fprintf(stderr, "hls-bridge: sessions of viewers cannot be asked about on %s:%d: %s\n",
            wanted->address, (int)wanted->port, strerror(errno));
    return -1;
}

static StreamTable *make_table(const BridgeSettings *settings, const Parts *parts)
{
    return stream_table_create(&(StreamTableParams){
        .settings = settings,
        .clock = clock_system(),
        .ll_hub = parts->ll_hub,
        .thumbnailer = parts->thumbnailer,
        .events = parts->events,
        .rungs = &parts->rungs,
        .keys = parts->keys ? key_server_source(parts->keys) : NULL,
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
    else if (settings->thumbnail_us && !(parts->thumbnailer = make_thumbnailer(parts)))
        failed = "the thread of thumbnails";
    else if (look_for_viewers(parts) < 0)
        return -1;
    else if (make_key_server(settings, parts) < 0)
        failed = "what asks the key server";
    else if (make_playback(settings, parts) < 0)
        return -1;
    else if (!(parts->table = make_table(settings, parts)))
        failed = "the table of streams";
    else if (!(parts->list = public_list_create(settings->directory, clock_system())))
        failed = "the list of streams in hls.directory";
    if (!failed)
        return 0;
    fprintf(stderr, "hls-bridge: %s cannot be made: %s\n", failed, strerror(errno));
    return -1;
}

const char *parts_control_place(const BridgeSettings *settings, char text[PARTS_PLACE_SIZE])
{
    if (*settings->control_listen)
        snprintf(text, PARTS_PLACE_SIZE, "%s", settings->control_listen);
    else
        snprintf(text, PARTS_PLACE_SIZE, "%s:%d", settings->control_address,
                 (int)settings->control_port);
    return text;
}

int parts_start(const BridgeSettings *settings, Parts *parts)
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
    char place[PARTS_PLACE_SIZE];

    find_transcoder(settings, parts->transcoder);
    parts->rungs = describe_rungs(settings, parts);
    if (try_transcoder(&parts->rungs) < 0 || make_streams(settings, parts) < 0)
        return -1;
    ControlApiParams control = {
        .address = settings->control_address,
        .port = (uint16_t)settings->control_port,
        .socket = bridge_settings_control_socket(settings),
        .access = settings->control,
        .table = parts->table,
        .playback = parts->playback,
    };
    parts->api = control_api_create(&control);
    if (!parts->api) {
        fprintf(stderr, "hls-bridge: the control API cannot listen on %s: %s\n",
                parts_control_place(settings, place), strerror(errno));
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

/* ---- stop ---- */

typedef struct Stop {
    Parts *parts;
    _Atomic(const char *) held_up; /* what may hold up the part that is ended now */
} Stop;

static void *stop(void *data)
{
    Stop *s = data;
    Parts *parts = s->parts;

    s->held_up = "a request holds up the control API";
    control_api_destroy(&parts->api);
    s->held_up = "a request holds up the server of low-latency HLS";
    ll_server_destroy(&parts->ll_server);
    s->held_up = "a server that is asked about viewers holds up its answer";
    playback_gate_destroy(&parts->playback);
    s->held_up = DISK_HOLDS_UP;
    caretaker_destroy(&parts->caretaker);
    stream_table_destroy(&parts->table);
    key_server_destroy(&parts->keys);
    folder_readers_destroy(&parts->readers);
    s->held_up = "a picture holds up the thread of thumbnails";
    thumbnailer_destroy(&parts->thumbnailer);
    thumbnail_process_destroy(&parts->thumbnail_process);
    s->held_up = DISK_HOLDS_UP;
    public_list_destroy(&parts->list);
    ll_hub_destroy(&parts->ll_hub);
    s->held_up = "a server or a disk holds up the events that are still to be told";
    event_queue_destroy(&parts->events);
    return NULL;
}

/* A thread that waits for a disk or a server cannot be ended, and nobody can tell for how long:
 * what is on disk is whole at any time, so the process may end without it. */
void parts_stop(Parts *parts, int status)
{
    const struct timespec pause = {.tv_nsec = STOP_LOOK_US * 1000};
    int64_t until_us = clock_monotonic_us(clock_system()) + STOP_US;
    Stop s = {.parts = parts, .held_up = ""};
    pthread_t thread;

    if (pthread_create(&thread, NULL, stop, &s) != 0) {
        stop(&s);
        return;
    }
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        if (clock_monotonic_us(clock_system()) > until_us) {
            log_warn("%s: the bridge ends without it", s.held_up);
            _exit(status);
        }
        nanosleep(&pause, NULL);
    }
}
