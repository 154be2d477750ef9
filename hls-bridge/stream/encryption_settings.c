/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/encryption_settings.h"

#include <stdio.h>
#include <string.h>

#include "base/own_folder.h"
#include "settings_reader.h"

#define DIRECTORY "encryption.directory"

static const struct {
    const char *name;
    MediaCipher cipher;
} methods[] = {{"none", MEDIA_CLEAR}, {"aes-128", MEDIA_AES_128}, {"cbcs", MEDIA_CBCS}};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* The index of a method; METHODS: there is no such. */
static size_t method_of(const BridgeSettings *settings)
{
    size_t i = 0;

    while (i < METHODS && strcmp(methods[i].name, settings->encryption_method) != 0)
        i++;
    return i;
}

int encryption_settings_check(const BridgeSettings *settings, char *error)
{
    const char *directory = settings->encryption_directory;
    size_t method = method_of(settings);

    if (method == METHODS) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "encryption.method \"%s\" must be \"none\", \"aes-128\" or \"cbcs\"",
                 settings->encryption_method);
        return -1;
    }
    if (*settings->encryption_key_uri && !media_key_uri_valid(settings->encryption_key_uri)) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "encryption.key_uri \"%s\" must be as \"https://keys.example/{stream}/{id}\": an "
                 "address with {id} in it, or empty for keys that nginx gives out",
                 settings->encryption_key_uri);
        return -1;
    }
    if (*settings->clearkey_uri &&
        (!media_key_uri_valid(settings->clearkey_uri) || strpbrk(settings->clearkey_uri, "&<>"))) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "encryption.clearkey_uri \"%s\" must be as "
                 "\"https://keys.example/clearkey/{stream}/{id}\": an address with {id} in it and "
                 "without &, < and >, or empty",
                 settings->clearkey_uri);
        return -1;
    }
    if (methods[method].cipher == MEDIA_CLEAR)
        return 0;
    if (own_folder_check(DIRECTORY, directory, 0750, error) < 0)
        return -1;
    if (!own_folder_is_within(directory, settings->directory) &&
        !own_folder_is_within(settings->directory, directory))
        return 0;
    snprintf(error, SETTINGS_ERROR_SIZE,
             DIRECTORY
             " %s and hls.directory are one within the other: everybody may fetch from "
             "one of them, so keys want a folder of their own",
             directory);
    return -1;
}

MediaEncryption encryption_settings_of(const BridgeSettings *settings)
{
    return (MediaEncryption){
        .cipher = methods[method_of(settings)].cipher,
        .directory = settings->encryption_directory,
        .rotate = settings->encryption_rotate,
        .rotate_samples = settings->samples_rotate,
        .uri = settings->encryption_key_uri,
        .clearkey_uri = settings->clearkey_uri,
    };
}

bool encryption_settings_allow_thumbnails(const BridgeSettings *settings)
{
    return methods[method_of(settings)].cipher == MEDIA_CLEAR || settings->encryption_thumbnails;
}

bool encryption_settings_leave_dash_out(const BridgeSettings *settings)
{
    return settings->ll_enabled && settings->ll_dash &&
           methods[method_of(settings)].cipher == MEDIA_AES_128;
}
