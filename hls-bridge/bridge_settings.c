/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "playlist.h"
#include "settings_reader.h"

#define S US_PER_S

/* A key's place in the struct, its type, and what it may be. */
#define KEY(key_path, key_type, field, least, most)                                                \
    .path = key_path, .type = key_type, .offset = offsetof(BridgeSettings, field),                 \
    .size = sizeof(((BridgeSettings *)0)->field), .min = (least), .max = (most)

static const SettingRule rules[] = {
    {KEY("hls.directory", SETTING_STRING, directory, 1, BRIDGE_PATH_SIZE - 1), .required = true},
    {KEY("hls.segment", SETTING_SECONDS, segment_us, 1 * S, 60 * S)},
    {KEY("hls.playlist", SETTING_INTEGER, window, PLAYLIST_LIVE_MIN, PLAYLIST_WINDOW_MAX)},
    {KEY("hls.hold", SETTING_SECONDS, hold_us, 0, 86400 * S)},
    {KEY("hls.keep", SETTING_SECONDS, keep_us, 0, 86400 * S)},
    {KEY("audio.bitrate", SETTING_INTEGER, audio_bitrate, 32000, 320000)},
    {KEY("sources.timeout", SETTING_SECONDS, source_timeout_us, 1 * S, 3600 * S)},
    {KEY("sources.max", SETTING_INTEGER, max_streams, 1, 10000)},
    {KEY("control.address", SETTING_STRING, control_address, 7, BRIDGE_ADDRESS_SIZE - 1)},
    {KEY("control.port", SETTING_INTEGER, control_port, 1, UINT16_MAX)},
};

BridgeSettings bridge_settings_defaults(void)
{
    return (BridgeSettings){
        .segment_us = 2 * S,
        .window = 6,
        .hold_us = 30 * S,
        .keep_us = 600 * S,
        .source_timeout_us = 10 * S,
        .audio_bitrate = 128000,
        .control_address = "127.0.0.1",
        .control_port = 8190,
        .max_streams = 200,
    };
}

int bridge_settings_read(const char *file, BridgeSettings *settings, char *error)
{
    return settings_read(file, rules, sizeof(rules) / sizeof(rules[0]), settings, error);
}

int bridge_settings_check(const BridgeSettings *settings, char *error)
{
    const char *directory = settings->directory;
    struct in_addr address;

    if (inet_pton(AF_INET, settings->control_address, &address) != 1 ||
        ntohl(address.s_addr) >> 24 != IN_LOOPBACKNET) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "control.address %s is not a loopback address: whoever reaches the control API "
                 "rules the bridge, so it listens on 127.0.0.0/8 alone",
                 settings->control_address);
        return -1;
    }

    if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
        snprintf(error, SETTINGS_ERROR_SIZE, "hls.directory %s cannot be made: %s", directory,
                 strerror(errno));
        return -1;
    }
    if (access(directory, W_OK | X_OK) < 0) {
        snprintf(error, SETTINGS_ERROR_SIZE, "hls.directory %s cannot be written: %s", directory,
                 strerror(errno));
        return -1;
    }
    return 0;
}
