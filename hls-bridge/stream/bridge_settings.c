/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/bridge_settings.h"

#include <stddef.h>

#include "package/playlist.h"
#include "serve/ll_server.h"
#include "settings_reader.h"
#include "transcode/transcode_wire.h"

#define S   US_PER_S
#define DAY (86400 * S)

/* A key's place in the struct, its type, and what it may be. */
#define KEY(key_path, key_type, field, least, most)                                                \
    .path = key_path, .type = key_type, .offset = offsetof(BridgeSettings, field),                 \
    .size = sizeof(((BridgeSettings *)0)->field), .min = (least), .max = (most)

static const char *read_webhook(void *out, const char *name, const char *key, SettingValue value)
{
    BridgeSettings *settings = out;

    return webhook_targets_read(&settings->webhooks, name, key, value);
}

static const SettingRule rules[] = {
    {KEY("hls.directory", SETTING_STRING, directory, 1, BRIDGE_PATH_SIZE - 1), .required = true},
    {KEY("hls.segment", SETTING_SECONDS, segment_us, 1 * S, 60 * S)},
    {KEY("hls.playlist", SETTING_INTEGER, window, WINDOW_LIVE_MIN, PLAYLIST_WINDOW_MAX)},
    {KEY("hls.hold", SETTING_SECONDS, hold_us, 0, 86400 * S)},
    {KEY("hls.keep", SETTING_SECONDS, keep_us, 0, 86400 * S)},
    {KEY("hls.thumbnail", SETTING_SECONDS, thumbnail_us, 0, 3600 * S)},
    {KEY("hls.also", SETTING_STRING, also, 0, BRIDGE_ALSO_SIZE - 1)},
    {KEY("hls.restart", SETTING_SECONDS, restart_us, 0, 60 * S)},
    {KEY("hls.files", SETTING_INTEGER, files_per_s, 50, 10000)},
    {KEY("hls.ts", SETTING_BOOLEAN, writes_ts, 0, 0)},
    {KEY("hls.durable", SETTING_BOOLEAN, durable, 0, 0)},
    {KEY("ll.enabled", SETTING_BOOLEAN, ll_enabled, 0, 0)},
    {KEY("ll.profile", SETTING_STRING, ll_profile, 1, BRIDGE_PROFILE_SIZE - 1)},
    {KEY("ll.part", SETTING_SECONDS, ll_part_us, 0, 1 * S)},
    {KEY("ll.wait", SETTING_SECONDS, ll_wait_us, 1 * S, 120 * S)},
    {KEY("ll.memory", SETTING_INTEGER, ll_memory, 1 << 16, 1 << 30)},
    {KEY("ll.connections", SETTING_INTEGER, ll_connections, 10, 1000000)},
    {KEY("ll.timeout", SETTING_SECONDS, ll_timeout_us, 1 * S, 600 * S)},
    {KEY("ll.dash", SETTING_BOOLEAN, ll_dash, 0, 0)},
    {KEY("ll.address", SETTING_STRING, ll_address, 7, BRIDGE_ADDRESS_SIZE - 1)},
    {KEY("ll.port", SETTING_INTEGER, ll_port, 1, UINT16_MAX)},
    {KEY("ll.socket", SETTING_STRING, ll_socket, 0, BRIDGE_SOCKET_SIZE - 1)},
    {KEY("audio.bitrate", SETTING_INTEGER, audio_bitrate, 32000, 320000)},
    {KEY("audio.low_bitrate", SETTING_INTEGER, low_bitrate, 0, 128000)},
    {KEY("audio.opus", SETTING_BOOLEAN, opus, 0, 0)},
    {KEY("audio.language", SETTING_STRING, language, 2, BRIDGE_LANGUAGE_SIZE - 1)},
    {KEY("transcode.ladder", SETTING_STRING, ladder, 0, BRIDGE_LADDER_SIZE - 1)},
    {KEY("transcode.ladders", SETTING_STRING, ladders, 0, BRIDGE_LADDERS_SIZE - 1)},
    {KEY("transcode.when", SETTING_STRING, transcode_when, 1, BRIDGE_WHEN_SIZE - 1)},
    {KEY("transcode.idle", SETTING_SECONDS, transcode_idle_us, 5 * S, 3600 * S)},
    {KEY("transcode.encoder", SETTING_STRING, encoder, 1, BRIDGE_ENCODER_SIZE - 1)},
    {KEY("transcode.encoders", SETTING_INTEGER, encoders, 1, 10000)},
    {KEY("transcode.each", SETTING_INTEGER, encoders_each, 1, RUNGS_MAX)},
    {KEY("transcode.threads", SETTING_INTEGER, encoder_threads, 1, WIRE_THREADS_MAX)},
    {KEY("transcode.memory", SETTING_INTEGER, transcoder_mib, 64, WIRE_MEMORY_MAX)},
    {KEY("transcode.program", SETTING_STRING, transcoder, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("encryption.method", SETTING_STRING, encryption_method, 1, BRIDGE_METHOD_SIZE - 1)},
    {KEY("encryption.streams", SETTING_STRING, encryption_streams, 0, BRIDGE_METHODS_SIZE - 1)},
    {KEY("encryption.rotate", SETTING_INTEGER, encryption_rotate, 0, MEDIA_KEY_ROTATE_MAX)},
    {KEY("encryption.rotate_samples", SETTING_INTEGER, samples_rotate, 0, MEDIA_KEY_ROTATE_MAX)},
    {KEY("encryption.directory", SETTING_STRING, encryption_directory, 1, BRIDGE_PATH_SIZE - 1)},
    {KEY("encryption.key_uri", SETTING_STRING, encryption_key_uri, 0, MEDIA_KEY_URI_SIZE - 1)},
    {KEY("encryption.clearkey_uri", SETTING_STRING, clearkey_uri, 0, MEDIA_KEY_URI_SIZE - 1)},
    {KEY("encryption.key_server", SETTING_STRING, keys.url, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("encryption.systems", SETTING_STRING, keys.systems, 1, BRIDGE_WHEN_SIZE * 4 - 1)},
    {KEY("encryption.header_file", SETTING_STRING, keys.header_file, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("encryption.secret_file", SETTING_STRING, keys.secret_file, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("encryption.timeout", SETTING_SECONDS, keys.timeout_us, S / 10, 60 * S)},
    {KEY("encryption.away", SETTING_STRING, keys.away, 1, BRIDGE_WHEN_SIZE - 1)},
    {KEY("encryption.thumbnails", SETTING_BOOLEAN, encryption_thumbnails, 0, 0)},
    {KEY("sources.timeout", SETTING_SECONDS, source_timeout_us, 1 * S, 3600 * S)},
    {KEY("sources.backlog", SETTING_INTEGER, backlog, 1 << 16, 1 << 30)},
    {KEY("sources.max", SETTING_INTEGER, max_streams, 1, 10000)},
    {KEY("sources.held", SETTING_INTEGER, max_held, 0, 10000)},
    {KEY("sources.ended", SETTING_INTEGER, max_ended, 0, 10000)},
    {KEY("sources.names", SETTING_INTEGER, max_names, 0, 1000000)},
    {KEY("sources.bitrate", SETTING_INTEGER, source_bitrate, 100000, 1000000000)},
    /* in Mbit/s: libconfig wraps what is beyond 32 bits, and says nothing */
    {KEY("sources.bandwidth", SETTING_INTEGER, bandwidth_mbit, 0, 100000)},
    {KEY("events.janus", SETTING_STRING, events_janus, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("events.emitter", SETTING_STRING, events_emitter, 1, BRIDGE_EMITTER_SIZE - 1)},
    {KEY("events.queue", SETTING_INTEGER, events_queue, 16, 65536)},
    {KEY("events.file", SETTING_INTEGER, events_file, 1 << 16, 1 << 30)},
    {.path = "events.webhooks", .type = SETTING_GROUPS, .group = read_webhook},
    {KEY("events.directory", SETTING_STRING, events_directory, 1, BRIDGE_PATH_SIZE - 1)},
    {KEY("events.webhook_queue", SETTING_INTEGER, webhook_limits.bytes, 1 << 17, 1 << 30)},
    {KEY("events.webhook_age", SETTING_SECONDS, webhook_limits.age_us, 60 * S, 30 * DAY)},
    {KEY("events.webhook_tries", SETTING_INTEGER, webhook_limits.tries, 1, 1000)},
    {KEY("events.webhook_pause", SETTING_SECONDS, webhook_limits.pause_us, 1 * S, 3600 * S)},
    {KEY("events.webhook_timeout", SETTING_SECONDS, webhook_limits.timeout_us, 1 * S, 10 * S)},
    {KEY("playback.url", SETTING_STRING, playback.url, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("playback.secret_file", SETTING_STRING, playback.secret_file, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("playback.timeout", SETTING_SECONDS, playback.timeout_us, S / 10, 30 * S)},
    {KEY("playback.retries", SETTING_INTEGER, playback.retries, 0, 2)},
    {KEY("playback.on_timeout", SETTING_STRING, playback.on_timeout, 1, BRIDGE_POLICY_SIZE - 1)},
    {KEY("playback.on_unreachable", SETTING_STRING, playback.on_unreachable, 1,
         BRIDGE_POLICY_SIZE - 1)},
    {KEY("playback.keep", SETTING_SECONDS, playback.keep_us, 10 * S, DAY)},
    {KEY("playback.sessions", SETTING_INTEGER, playback.sessions, 100, 10000000)},
    {KEY("playback.waiting", SETTING_INTEGER, playback.waiting, 1, 10000)},
    {KEY("playback.connections", SETTING_INTEGER, playback.connections, 10, 100000)},
    {KEY("playback.address", SETTING_STRING, playback.address, 7, BRIDGE_ADDRESS_SIZE - 1)},
    {KEY("playback.port", SETTING_INTEGER, playback.port, 1, UINT16_MAX)},
    {KEY("control.address", SETTING_STRING, control_address, 7, BRIDGE_ADDRESS_SIZE - 1)},
    {KEY("control.port", SETTING_INTEGER, control_port, 1, UINT16_MAX)},
    {KEY("control.listen", SETTING_STRING, control_listen, 0, BRIDGE_LISTEN_SIZE - 1)},
    {KEY("control.token_file", SETTING_STRING, control_token_file, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("control.hosts", SETTING_STRING, control.hosts, 0, CONTROL_NAMES_SIZE - 1)},
    {KEY("control.class", SETTING_BOOLEAN, shows_class, 0, 0)},
    {KEY("control.origins", SETTING_STRING, control.origins, 0, CONTROL_NAMES_SIZE - 1)},
};

/* Those of BridgePlayback. */
#define PLAYBACK_DEFAULTS                                                                          \
    {                                                                                              \
        .timeout_us = 5 * S, .retries = 1, .on_timeout = "deny", .on_unreachable = "deny",         \
        .keep_us = 3600 * S, .sessions = 100000, .waiting = 200, .connections = 4000,              \
        .address = "127.0.0.1", .port = 8192                                                       \
    }

BridgeSettings bridge_settings_defaults(void)
{
    return (BridgeSettings){
        .segment_us = 2 * S,
        .window = 6,
        .hold_us = 30 * S,
        .keep_us = 600 * S,
        .thumbnail_us = 5 * S,
        .restart_us = S / 2,
        .files_per_s = 100,
        .writes_ts = true,
        .ll_enabled = true,
        .ll_profile = "default",
        .ll_wait_us = LL_HUB_DEFAULTS.wait_us,
        .ll_memory = (int64_t)LL_HUB_DEFAULTS.part_bytes,
        .ll_connections = LL_CONNECTIONS,
        .ll_timeout_us = LL_TIMEOUT_US,
        .ll_dash = true,
        .ll_address = "127.0.0.1",
        .ll_port = 8191,
        .transcode_when = "always",
        .transcode_idle_us = 30 * S,
        .encoder = "libx264",
        .encoders = 12,
        .encoders_each = 3,
        .encoder_threads = 1,
        .transcoder_mib = 512,
        .encryption_method = "none",
        .encryption_rotate = 60,
        .encryption_directory = "/var/lib/hls-bridge-keys",
        .keys = {.systems = "widevine, playready, fairplay", .timeout_us = 5 * S, .away = "keep"},
        .source_timeout_us = 10 * S,
        .backlog = 8 << 20,
        .audio_bitrate = 128000,
        .language = "und",
        .events_emitter = "hls-bridge",
        .events_queue = 1024,
        .events_file = 64 << 20,
        .events_directory = "/var/lib/hls-bridge-events",
        .webhook_limits = {.bytes = 16 << 20,
                           .age_us = 3 * DAY,
                           .tries = 20,
                           .pause_us = 300 * S,
                           .timeout_us = 5 * S},
        .playback = PLAYBACK_DEFAULTS,
        .control_address = "127.0.0.1",
        .control_port = 8190,
        .max_streams = 200,
        .max_names = 10000,
        .source_bitrate = 10000000,
        .bandwidth_mbit = 2000,
    };
}

int bridge_settings_read(const char *file, BridgeSettings *settings, char *error)
{
    return settings_read(file, rules, sizeof(rules) / sizeof(rules[0]), settings, error);
}

int64_t bridge_settings_max_held(const BridgeSettings *settings)
{
    return settings->max_held ? settings->max_held : settings->max_streams;
}

int64_t bridge_settings_max_ended(const BridgeSettings *settings)
{
    return settings->max_ended ? settings->max_ended : settings->max_streams;
}
