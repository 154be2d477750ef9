/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/bridge_settings.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/own_folder.h"
#include "events/event_sinks.h"
#include "settings_reader.h"
#include "stream/encryption_settings.h"
#include "transcode/named_ladders.h"
#include "webhook_sign.h"

#define S US_PER_S

#define UNIX "unix:"

/* When rungs are made. */
#define ALWAYS  "always"
#define WATCHED "watched"

#define IDLE_SEGMENTS 3 /* at least */

#define PARTS_MIN 2  /* of a segment; with fewer there is nothing to gain */
#define PARTS_MAX 80 /* what a playlist can list, and some in hand for longer segments */

#define PART_LEAST_US (S / 10) /* shorter ones would be more requests than media */

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

/* Whether a policy is one. */
static bool is_policy(const char *name)
{
    return strcmp(name, "allow") == 0 || strcmp(name, "deny") == 0;
}

/* Who is asked about viewers. Returns 0, or -1 with a sentence. */
static int check_playback(const BridgeSettings *settings, char *error)
{
    const BridgePlayback *p = &settings->playback;
    char what[SETTINGS_ERROR_SIZE] = "is missing: a receiver knows this server by its signature";
    WebhookSecrets secrets;
    struct in_addr address;

    if (!is_policy(p->on_timeout) || !is_policy(p->on_unreachable)) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "playback.on_timeout and playback.on_unreachable must be \"allow\" or \"deny\"");
        return -1;
    }
    if (inet_pton(AF_INET, p->address, &address) != 1) {
        snprintf(error, SETTINGS_ERROR_SIZE, "playback.address %s is not an IPv4 address",
                 p->address);
        return -1;
    }
    if (!*p->url)
        return 0;
    if (strncmp(p->url, "https://", 8) != 0 && strncmp(p->url, "http://", 7) != 0) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "playback.url must be a URL, as \"https://shop.example.com/playback\"");
        return -1;
    }
    bool good = *p->secret_file && webhook_secrets_read(p->secret_file, &secrets, what) == 0;
    explicit_bzero(&secrets, sizeof(secrets));
    if (!good)
        snprintf(error, SETTINGS_ERROR_SIZE, "playback.secret_file %.*s", SETTINGS_ERROR_SIZE - 32,
                 what);
    return good ? 0 : -1;
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
        check_transcoder(settings, error) < 0 || check_playback(settings, error) < 0)
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
