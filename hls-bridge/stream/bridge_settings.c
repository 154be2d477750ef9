/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/bridge_settings.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/own_folder.h"
#include "events/event_sinks.h"
#include "package/playlist.h"
#include "serve/ll_server.h"
#include "settings_reader.h"
#include "stream/encryption_settings.h"
#include "transcode/named_ladders.h"
#include "transcode/transcode_wire.h"

#define S   US_PER_S
#define DAY (86400 * S)

#define UNIX "unix:"

/* When rungs are made. */
#define ALWAYS  "always"
#define WATCHED "watched"

#define IDLE_SEGMENTS 3 /* at least */

#define PARTS_MIN 2  /* of a segment; with fewer there is nothing to gain */
#define PARTS_MAX 80 /* what a playlist can list, and some in hand for longer segments */

#define PART_LEAST_US (S / 10) /* shorter ones would be more requests than media */

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
    {KEY("control.address", SETTING_STRING, control_address, 7, BRIDGE_ADDRESS_SIZE - 1)},
    {KEY("control.port", SETTING_INTEGER, control_port, 1, UINT16_MAX)},
    {KEY("control.listen", SETTING_STRING, control_listen, 0, BRIDGE_LISTEN_SIZE - 1)},
    {KEY("control.token_file", SETTING_STRING, control_token_file, 0, BRIDGE_PATH_SIZE - 1)},
    {KEY("control.hosts", SETTING_STRING, control.hosts, 0, CONTROL_NAMES_SIZE - 1)},
    {KEY("control.class", SETTING_BOOLEAN, shows_class, 0, 0)},
    {KEY("control.origins", SETTING_STRING, control.origins, 0, CONTROL_NAMES_SIZE - 1)},
};

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
        .transcode_when = ALWAYS,
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

/* What low-latency HLS is tuned for. */
static const struct {
    const char *name;
    int64_t part_us;
} profiles[] = {{"near", PART_LEAST_US}, {"default", S / 5}, {"far", 1 * S}};

/* The length of parts in a profile; 0: there is no such profile. */
static int64_t profile_part_us(const char *name)
{
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
        if (strcmp(profiles[i].name, name) == 0)
            return profiles[i].part_us;
    return 0;
}

int64_t bridge_settings_part_us(const BridgeSettings *settings)
{
    int64_t least = settings->segment_us / PARTS_MAX, most = settings->segment_us / PARTS_MIN;
    int64_t part =
        settings->ll_part_us ? settings->ll_part_us : profile_part_us(settings->ll_profile);

    return part < least ? least : part > most ? most : part;
}

int64_t bridge_settings_low_bitrate(const BridgeSettings *settings, const char *stream)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    RungLadder ladder;

    if (!named_ladders_find(settings->ladders, stream, &ladder))
        rung_ladder_read(settings->ladder, &ladder, why); /* which was checked */
    return ladder.audio_bitrate > 0 ? ladder.audio_bitrate : settings->low_bitrate;
}

/* What low-latency HLS asks of the other settings. Returns 0, or -1 with a sentence. */
static int check_low_latency(const BridgeSettings *settings, char *error)
{
    struct in_addr address;

    if (!settings->ll_enabled && !settings->writes_ts) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "hls.ts and ll.enabled are both off: there would be nothing to watch");
        return -1;
    }
    if (!settings->ll_enabled)
        return 0;
    if (profile_part_us(settings->ll_profile) == 0) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "ll.profile \"%s\" must be \"near\", \"default\" or \"far\"",
                 settings->ll_profile);
        return -1;
    }
    if (settings->ll_part_us > 0 && settings->ll_part_us < PART_LEAST_US) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "ll.part must be 0.1 to 1 s, or 0 for what ll.profile says");
        return -1;
    }
    if (inet_pton(AF_INET, settings->ll_address, &address) != 1) {
        snprintf(error, SETTINGS_ERROR_SIZE, "ll.address %s is not an IPv4 address",
                 settings->ll_address);
        return -1;
    }
    if (settings->ll_port == settings->control_port && !*settings->control_listen) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "ll.port is control.port: one is for viewers, the other for nobody else's eyes");
        return -1;
    }
    return 0;
}

const char *bridge_settings_control_socket(const BridgeSettings *settings)
{
    size_t len = strlen(UNIX);

    return strncmp(settings->control_listen, UNIX, len) == 0 ? settings->control_listen + len : "";
}

/* Who may reach the control API. Returns 0, or -1 with a sentence. */
static int check_control(BridgeSettings *settings, char *error)
{
    struct in_addr address;
    char what[SETTINGS_ERROR_SIZE];

    if (*settings->control_listen && bridge_settings_control_socket(settings)[0] != '/') {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "control.listen \"%s\" must be a Unix socket, as "
                 "\"unix:/run/hls-bridge/control.sock\"; "
                 "for TCP there are control.address and control.port",
                 settings->control_listen);
        return -1;
    }
    if (inet_pton(AF_INET, settings->control_address, &address) != 1) {
        snprintf(error, SETTINGS_ERROR_SIZE, "control.address %s is not an IPv4 address",
                 settings->control_address);
        return -1;
    }
    if (ntohl(address.s_addr) >> 24 != IN_LOOPBACKNET && !*settings->control_token_file) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "control.address %s is not a loopback address: anybody who reaches the control "
                 "API has power over the bridge, so set control.token_file, or use 127.0.0.1",
                 settings->control_address);
        return -1;
    }
    if (*settings->control_token_file &&
        bearer_token_read(settings->control_token_file, settings->control.token, what) < 0) {
        snprintf(error, SETTINGS_ERROR_SIZE, "control.token_file %.*s", SETTINGS_ERROR_SIZE - 32,
                 what);
        return -1;
    }
    return 0;
}

int64_t bridge_settings_rung_idle_us(const BridgeSettings *settings)
{
    return strcmp(settings->transcode_when, WATCHED) == 0
               ? larger(settings->transcode_idle_us, IDLE_SEGMENTS * settings->segment_us)
               : 0;
}

/* Returns 0, or -1 with a sentence. */
static int check_transcoder(const BridgeSettings *settings, char *error)
{
    RungLadder ladder;
    char what[NAMED_LADDERS_ERROR_SIZE];

    if (strcmp(settings->transcode_when, ALWAYS) != 0 &&
        strcmp(settings->transcode_when, WATCHED) != 0) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "transcode.when \"%s\" must be \"" ALWAYS "\" or \"" WATCHED "\"",
                 settings->transcode_when);
        return -1;
    }
    if (rung_ladder_read(settings->ladder, &ladder, what) < 0) {
        snprintf(error, SETTINGS_ERROR_SIZE, "transcode.ladder: %s", what);
        return -1;
    }
    if (named_ladders_check(settings->ladders, what) < 0) {
        snprintf(error, SETTINGS_ERROR_SIZE, "transcode.ladders: %s", what);
        return -1;
    }
    return 0;
}

/* Who is told of events; hls.directory exists. Returns 0, or -1 with a sentence. */
static int check_events(const BridgeSettings *settings, char *error)
{
    if (!event_sinks_known(settings->events_janus)) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "events.janus must be \"file:/PATH\", \"http://...\" or \"https://...\", or empty "
                 "for nowhere");
        return -1;
    }
    if (settings->webhooks.count == 0)
        return 0;
    if (webhook_targets_check(&settings->webhooks, error) < 0)
        return -1;
    if (own_folder_check("events.directory", settings->events_directory, 0700, error) < 0)
        return -1;
    if (!own_folder_is_within(settings->events_directory, settings->directory))
        return 0;
    snprintf(error, SETTINGS_ERROR_SIZE,
             "events.directory lies in hls.directory, where each folder is a stream's: name "
             "another one");
    return -1;
}

/* Whether it can be a language tag (RFC 5646): subtags of letters and digits with hyphens between.
 */
static bool is_language(const char *tag)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strlen(tag);

    return len > 0 && strspn(tag, letters) == len && tag[0] != '-' && tag[len - 1] != '-' &&
           !strstr(tag, "--");
}

int bridge_settings_check(BridgeSettings *settings, char *error)
{
    if (!is_language(settings->language)) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "audio.language \"%s\" is no language tag, as \"en\", \"es\" or \"pt-BR\"; "
                 "\"und\" if it is not known",
                 settings->language);
        return -1;
    }
    if (settings->low_bitrate > 0 && settings->low_bitrate < RUNG_AUDIO_MIN) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "audio.low_bitrate must be %d to 128000, or 0 for no second sound",
                 RUNG_AUDIO_MIN);
        return -1;
    }
    if (check_control(settings, error) < 0 || check_low_latency(settings, error) < 0 ||
        check_transcoder(settings, error) < 0)
        return -1;
    if (settings->bandwidth_mbit && settings->bandwidth_mbit * MBIT < settings->source_bitrate) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "sources.bandwidth is less than sources.bitrate, for which there must be room to "
                 "let a stream in: there would never be one");
        return -1;
    }
    if (own_folder_check("hls.directory", settings->directory, 0755, error) < 0 ||
        check_events(settings, error) < 0)
        return -1;
    return encryption_settings_check(settings, error);
}
